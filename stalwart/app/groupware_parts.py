"""Builds what calendars, address books and files are made of."""

from __future__ import annotations

from typing import Any

from attrs import define

from stalwart.app.foundations import Foundations
from stalwart.app.mail_parts import MailParts
from stalwart.app.scheduling_parts import SchedulingParts, scheduling_parts
from stalwart.codec.sealing import Sealer
from stalwart.dav.asking import Tools
from stalwart.groupware.alarms import Alarms
from stalwart.groupware.attaching import Attaching
from stalwart.groupware.bin import Bin
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.contacts import Contacts
from stalwart.groupware.file_tree import FileTree
from stalwart.groupware.files import Files
from stalwart.groupware.homes import Homes
from stalwart.groupware.placing import Placing
from stalwart.groupware.restoring import Restoring
from stalwart.groupware.scheduling.rsvp import Rsvp


@define
class GroupwareParts:
    """What was built."""

    homes: Homes
    file_tree: FileTree
    dav_tools: Tools
    rsvp: Rsvp
    alarms: Alarms
    restoring: Restoring
    scheduling: SchedulingParts

    def services(self) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        return {
            "homes": self.homes,
            "file_tree": self.file_tree,
            "dav_tools": self.dav_tools,
            "granting": self.dav_tools.granting,
            "bin": self.dav_tools.bin,
            "calendar_objects": self.dav_tools.events,
            "contacts": self.dav_tools.contacts,
            "placing": self.dav_tools.placing,
            "rsvp": self.rsvp,
            "restoring": self.restoring,
        }

    def lead(self) -> None:
        """Do what only one of several processes may do, from now on."""
        self.alarms.lead()

    def close(self) -> None:
        """Stop what runs."""
        self.alarms.close()


def groupware_parts(below: Foundations, mail: MailParts, sealer: Sealer, clock: Any) -> GroupwareParts:
    """Everything beside mail that people keep here."""
    homes = Homes(below.store, below.settings, mail.own_addresses, clock)
    settings = below.settings
    files = Files(settings, mail.quotas)
    events = CalendarObjects(settings, mail.quotas)
    contacts = Contacts(settings, mail.quotas)
    bin = Bin(settings)
    placing = Placing(settings, mail.quotas, bin)
    rsvp = Rsvp(below.store, settings, sealer, events, below.base_url, clock)
    sending = mail.sending.queue, mail.signing, mail.own_addresses
    alarms = Alarms(below.store, settings, *sending, below.base_url, clock, below.telemetry)
    alarms.alerted.append(mail.push.alert)
    attaching = Attaching(settings, events, below.base_url)
    tools = Tools(below.store, settings, homes, files, bin, clock, events, placing, contacts, attaching)
    restoring = Restoring(below.store, events, contacts, mail.quotas)
    scheduling = scheduling_parts(below, mail, homes, events, rsvp, clock)
    file_tree = FileTree(settings, homes, files, placing, bin)
    return GroupwareParts(homes, file_tree, tools, rsvp, alarms, restoring, scheduling)
