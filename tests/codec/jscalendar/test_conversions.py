"""The examples of draft-ietf-calext-jscalendar-icalendar, both ways."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.jscalendar.older import translated
from stalwart.codec.jscalendar.series import calendar_of, event_of
from tests.codec.jscalendar.conversions import PAIRS, SPELT, TASKS, WHOLE
from tests.codec.jscalendar.exports import octets


def object_of(kind: str, lines: tuple[str, ...], head: tuple[str, ...] = ()) -> Component:
    """A calendar object with these lines, and with what it needs beside them."""
    own = takewhile(lambda line: not line.startswith("BEGIN"), lines)
    given = {line.partition(":")[0].partition(";")[0] for line in own}
    needed = {"UID": "UID:u", "DTSTAMP": "DTSTAMP:20240101T000000Z", "DTSTART": "DTSTART:20240102T030405Z"}
    given |= {"DTSTART"} if kind == "VTODO" else set()
    rest = [line for name, line in needed.items() if name not in given]
    body = ["BEGIN:VCALENDAR", "VERSION:2.0", *head, f"BEGIN:{kind}", *rest, *lines, f"END:{kind}", "END:VCALENDAR", ""]
    return read_calendar(octets("\n".join(body)))


def said(calendar: Component) -> set[tuple[Any, ...]]:
    """What the lines of an object say, whatever the order of their parameters."""
    return {
        (part.name, item.name, item.value, frozenset(item.parameters.items()))
        for part in calendar.walk()
        for item in part.properties
    }


class ConversionTests(SynchronousTestCase):
    maxDiff = None

    def assert_pair(self, name: str, calendar: Component, members: dict[str, Any]) -> None:
        """Lines and members are each made of the other."""
        event = event_of(calendar)
        plain = event_of(object_of("VTODO" if event["@type"] == "Task" else "VEVENT", ()))
        beside = ("start", "timeZone", "uid", "updated")
        new = {key for key in event if key not in beside and plain.get(key) != event[key]}
        made = {key: value for key, value in event.items() if key in new or key in members}
        self.assertEqual(made, members, name)
        again = calendar_of({**event, **members})
        self.assertEqual(translated(event_of(again)), translated(event), name)
        if name not in SPELT:
            self.assertLessEqual(said(calendar), said(again) | said(object_of("VEVENT", ())), name)

    def test_events(self) -> None:
        for name, (lines, members) in PAIRS.items():
            self.assert_pair(name, object_of("VEVENT", lines), members)

    def test_tasks(self) -> None:
        for name, (lines, members) in TASKS.items():
            self.assert_pair(name, object_of("VTODO", lines), members)

    def test_of_the_whole_object(self) -> None:
        for name, (lines, members) in WHOLE.items():
            self.assert_pair(name, object_of("VEVENT", (), lines), members)
