"""Builds what invites people and takes invitations in."""

from __future__ import annotations

from typing import Any

from attrs import define

from stalwart.app.foundations import Foundations
from stalwart.app.mail_parts import MailParts
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.homes import Homes
from stalwart.groupware.scheduling.incoming_mail import IncomingInvitations
from stalwart.groupware.scheduling.invitations import Invitations
from stalwart.groupware.scheduling.people import People
from stalwart.groupware.scheduling.receiving import Receiving
from stalwart.groupware.scheduling.rsvp import Rsvp
from stalwart.groupware.scheduling.scheduling import TASK, Scheduling
from stalwart.tasks.work import Works


@define
class SchedulingParts:
    """What was built."""

    scheduling: Scheduling
    invitations: Invitations

    def works(self) -> Works:
        """What tasks of it do, by variant."""
        return {TASK: self.invitations.work()}


def scheduling_parts(
    below: Foundations, mail: MailParts, homes: Homes, events: CalendarObjects, rsvp: Rsvp, clock: Any
) -> SchedulingParts:
    """The parts, in their places: ``events`` and the delivery of mail know them."""
    store, settings, telemetry = below.store, below.settings, below.telemetry
    people = People(settings, mail.own_addresses)
    receiving = Receiving(settings, people, homes, events, mail.quotas)
    scheduling = Scheduling(store, settings, people, receiving, events, telemetry)
    sending = mail.signing, mail.sending.queue
    invitations = Invitations(store, people, rsvp, *sending, telemetry, clock, below.hostname)
    events.scheduler = scheduling
    mail.delivering.calendars = IncomingInvitations(store, settings, receiving, scheduling, telemetry)
    return SchedulingParts(scheduling, invitations)
