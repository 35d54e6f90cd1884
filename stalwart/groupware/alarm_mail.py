"""Reminders of events by mail (RFC 5545 3.6.6, ACTION:EMAIL; spec/dav.md 8.9)."""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from stalwart.codec.icalendar.alarms import Alarm
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.values import DAY, unescaped
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.facts import facts_of
from stalwart.codec.markup import plain
from stalwart.codec.mime.header_forms import Form
from stalwart.groupware.scheduling.described import Described, described, time_in_words
from stalwart.groupware.scheduling.invitation_mail import LONGEST_SUBJECT, Sender
from stalwart.groupware.scheduling.mail_page import (
    Field,
    Link,
    Page,
    date_field,
    message,
    message_id_field,
    rows_of,
    written,
)
from stalwart.groupware.scheduling.wording import Wording, wording

MARKER: Final = "@email"
"""In the text of an alarm of any kind: it is to be sent by mail. Some clients know no other way to say so."""
_LONGEST: Final = 4000


@frozen
class Reminded:
    """Who is reminded: ``address`` gets the mail, ``account`` is whose calendar it is, ``url`` where the event is."""

    address: str
    account: str
    language: str
    url: str


def is_mail(alarm: Component) -> bool:
    """Whether an alarm is to be sent by mail."""
    if (alarm.value("ACTION") or "").strip().upper() == "EMAIL":
        return True
    return any(MARKER in (alarm.value(name) or "").lower() for name in ("SUMMARY", "DESCRIPTION"))


def reminder(given: Alarm, zones: Zones, sender: Sender, to: Reminded, *, hostname: str, now: int) -> bytes:
    """The message, unsigned. Raises InvalidValue for an address that no header can hold."""
    words = wording(to.language)
    event, start = _event(given, zones, words)
    title = event.summary or plain(event.description, LONGEST_SUBJECT) or words.untitled
    subject = f"{words.reminder} {title}{f' @ {start}' if start else ''}"
    fields: list[Field] = [
        ("From", Form.ADDRESSES, [{"name": plain(sender.name) or None, "email": sender.address}]),
        ("To", Form.ADDRESSES, [{"name": None, "email": to.address}]),
        ("Reply-To", Form.ADDRESSES, [{"name": None, "email": to.account}]),
        ("Subject", Form.TEXT, plain(subject, LONGEST_SUBJECT)),
        date_field(now),
        message_id_field(hostname),
        ("Auto-Submitted", Form.RAW, " auto-generated"),  # RFC 3834 5
    ]
    footer = words.to_reminded.replace("{address}", plain(to.address, 320))
    links = [Link(words.view, to.url)] if to.url else []
    page = Page(title, words.reminds, rows_of(event, words), links, footer=[footer])
    return written(fields, message(page, to.language, words))


def _event(given: Alarm, zones: Zones, words: Wording) -> tuple[Described, str]:
    """The event with what the alarm says in place of it, at the time that the alarm is for; and its start."""
    event, start = described(facts_of(given.component, zones), words), ""
    if given.instance is not None:
        instance, item = given.instance, given.component.first("DTSTART") or given.component.first("DUE")
        zone = ""
        if not instance.is_date and not instance.is_floating and item is not None:
            zone = "UTC" if item.value.strip().upper().endswith("Z") else _zone(item.parameter("TZID"), zones)
        start = time_in_words(instance.start_local, words, is_date=instance.is_date, zone=zone)
        if instance.recurrence_id is not None or event.recurrence:
            event = event.of_instance(start)
        start = start if abs(instance.start_local) < 100_000 * DAY else ""
    else:
        start = event.when
    summary, description = _said(given.alarm, "SUMMARY"), _said(given.alarm, "DESCRIPTION")
    return evolve(
        event,
        summary=plain(summary, LONGEST_SUBJECT) or event.summary,
        description="\n".join(plain(line, _LONGEST) for line in description.split("\n")) or event.description,
    ), start


def _zone(tzid: str | None, zones: Zones) -> str:
    return zones.zone(tzid).name or "UTC" if tzid is not None else ""


def _said(alarm: Component, name: str) -> str:
    """A text of the alarm, without the marker."""
    text = unescaped((alarm.value(name) or "")[:_LONGEST])
    at = text.lower().find(MARKER)
    if at >= 0:
        text = text[:at] + text[at + len(MARKER) :]
    return text.replace("\r", "").strip()
