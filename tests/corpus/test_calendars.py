"""The calendar files of the corpus as Events and Tasks, and back."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.checking import check as check_object
from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.jscalendar.checking import InvalidEvent, check
from stalwart.codec.jscalendar.older import translated
from stalwart.codec.jscalendar.patches import patched
from stalwart.codec.jscalendar.series import NoEvent, calendar_of, event_of, events_of
from tests.corpus import calendars
from tests.corpus.changes import differing, lines, of_event
from tests.corpus.damage import damaged
from tests.corpus.meetings import MEETINGS
from tests.corpus.programs import PROGRAMS
from tests.corpus.seeing import seen
from tests.corpus.writing import File

Json = dict[str, Any]
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def meant(event: Json) -> list[Json]:
    """The objects of an event or a group; when one is written that says no time of its own, it has one then."""
    given = event["entries"] if event["@type"] == "Group" else [event]
    made = [{"updated": each.get("created", "1970-01-01T00:00:00Z"), **translated(each)} for each in given]
    return [{**each, "prodId": _CONTROLS.sub("", each.get("prodId", ""))} for each in made]


def read(file: File) -> tuple[Component, Json]:
    """A file and what it is."""
    calendar = read_calendar(file.octets)
    return calendar, event_of(calendar)


EVENTS = [file for file in calendars.files() if "none" not in file.shown]


class CorpusTests(SynchronousTestCase):
    def test_there_are_many_and_no_two_are_alike(self) -> None:
        octets = {file.octets for file in calendars.files()}
        self.assertGreaterEqual(len(octets), 350)
        self.assertEqual(len({file.label for file in calendars.files()}), len(octets))
        self.assertEqual(len(octets), len(calendars.files()))

    def test_each_program_writes_in_its_own_way(self) -> None:
        for meeting in MEETINGS:
            self.assertEqual(len({program.octets(meeting) for program in PROGRAMS}), len(PROGRAMS))

    def test_each_shows_what_it_means(self) -> None:
        for file in EVENTS:
            _, event = read(file)
            self.assertEqual(seen(event, file.shown), file.shown, file.label)

    def test_each_is_a_good_event(self) -> None:
        for file in EVENTS:
            for event in events_of(read_calendar(file.octets)):
                self.assertEqual(check(translated(event)), [], file.label)

    def test_what_is_neither_event_nor_task(self) -> None:
        for file in calendars.files():
            if "none" in file.shown:
                self.assertRaises(NoEvent, event_of, read_calendar(file.octets))

    def test_each_comes_back_byte_for_byte(self) -> None:
        for file in EVENTS:
            for has_leftovers in (False, True):
                calendar = read_calendar(file.octets)
                event = event_of(calendar, has_leftovers=has_leftovers)
                self.assertEqual(calendar_of(event, calendar).octets(), calendar.octets(), file.label)

    def test_each_is_the_same_without_its_lines(self) -> None:
        for file in EVENTS:
            event = event_of(read_calendar(file.octets), has_leftovers=True)
            again = event_of(read_calendar(calendar_of(event).octets()), has_leftovers=True)
            self.assertEqual(meant(again), meant(event), file.label)

    def test_a_change_is_what_is_read_then_and_touches_nothing_else(self) -> None:
        count = 0
        for file in EVENTS:
            if "count" in file.shown:
                continue
            calendar, event = read(file)
            for change in of_event(event):
                new = patched(event, change.patch)
                after = calendar_of(new, calendar)
                label = f"{file.label}, {change.name}"
                self.assertEqual(meant(event_of(read_calendar(after.octets()))), meant(new), label)
                self.assertLessEqual(differing(lines(calendar), lines(after)), change.touched, label)
                count += 1
        self.assertGreater(count, 3000)


class DamageTests(SynchronousTestCase):
    """Truncated, exchanged, doubled, overwritten: declared errors, else an event that can be written."""

    def test_any_damage(self) -> None:
        random = Random(1)
        counts = {"refused": 0, "read": 0}
        for file in calendars.files():
            if len(file.octets) > 50_000:
                continue
            for octets in damaged(file.octets, random, 6):
                counts["read" if self._survives(file.label, octets) else "refused"] += 1
        self.assertGreater(min(counts.values()), 100, counts)

    def _survives(self, label: str, octets: bytes) -> bool:
        try:
            calendar = read_calendar(octets)
            check_object(calendar)
            event = event_of(calendar)
        except (MalformedCalendar, NoEvent):
            return False
        self.assertEqual(calendar_of(event, calendar).octets(), calendar.octets(), label)
        try:
            again = event_of(read_calendar(calendar_of(event).octets()))
        except InvalidEvent:
            return True
        self.assertEqual(meant(again), meant(event), (label, octets))
        return True
