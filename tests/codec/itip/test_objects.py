"""A calendar object as scheduling sees it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.objects import (
    SchedulingObject,
    bounded,
    derived,
    earlier,
    is_cancelled,
    lean,
    octets_of,
    read_object,
    without_people,
)
from stalwart.codec.itip.outcomes import MOST_INSTANCES, SchedulingRefused
from tests.codec.itip.scripts import calendar


def series(start: str, rest: str = "", kind: str = "VEVENT") -> SchedulingObject:
    """A daily series."""
    return read_object(calendar(f"BEGIN:{kind}\nUID:u\n{start}\nRRULE:FREQ=DAILY\n{rest}\nEND:{kind}"))


def recurrence(text: str) -> Property:
    """RECURRENCE-ID of what follows the name."""
    return Property("RECURRENCE-ID", f"RECURRENCE-ID{text}")


# Start of the series, RECURRENCE-ID, which instance that is, DTSTART of it.
BERLIN = "DTSTART;TZID=Europe/Berlin:20270327T100000"
INSTANCES = (
    ("DTSTART:20270327T100000Z", ":20270328T100000Z", None, "DTSTART:20270328T100000Z"),
    (BERLIN, ";TZID=Europe/Berlin:20270328T100000", None, "DTSTART;TZID=Europe/Berlin:20270328T100000"),
    # The clock has changed: another distance, the same instant.
    (BERLIN, ":20270328T080000Z", None, "DTSTART;TZID=Europe/Berlin:20270328T100000"),
    (BERLIN, ":20270328T100000", None, "DTSTART;TZID=Europe/Berlin:20270328T100000"),
    (BERLIN, ";VALUE=DATE:20270328", None, "DTSTART;TZID=Europe/Berlin:20270328T100000"),
    ("DTSTART;VALUE=DATE:20270327", ";VALUE=DATE:20270328", ("day", 20905), "DTSTART;VALUE=DATE:20270328"),
    ("DTSTART;VALUE=DATE:20270327", ":20270328T100000Z", ("day", 20905), "DTSTART;VALUE=DATE:20270328"),
    ("DTSTART:20270327T100000", ":20270328T100000", None, "DTSTART:20270328T100000"),
    ("DTSTART:20270327T100000Z", ":20270328T100000", None, "DTSTART:20270328T100000Z"),
)


class InstanceTests(SynchronousTestCase):
    def test_instances(self) -> None:
        keys: dict[str, set[object]] = {}
        for start, text, expected, first in INSTANCES:
            given = series(start)
            key = given.key(recurrence(text))
            keys.setdefault(start, set()).add(key)
            if expected is not None and start.startswith("DTSTART;VALUE"):
                self.assertEqual(key, expected)
            self.assertTrue(given.has_instance(key), (start, text))
            made = derived(given, recurrence(text), given.zones)
            assert made is not None
            self.assertEqual([each.line for each in made.all("DTSTART")], [first])
            self.assertEqual(
                [each.line for each in made.all("RECURRENCE-ID")], [first.replace("DTSTART", "RECURRENCE-ID")]
            )
            self.assertFalse(made.has("RRULE"))
            self.assertEqual(read_object(calendar(made.text()), given).parts.keys(), {key})
        self.assertEqual([len(each) for each in keys.values()], [1, 1, 1, 1])

    def test_what_is_no_instance(self) -> None:
        given = series(BERLIN, "EXDATE;TZID=Europe/Berlin:20270329T100000")
        for text in (":20270328T090000Z", ":20270329T080000Z", ":20260328T080000Z", ":soon", ":20270230"):
            self.assertFalse(given.has_instance(given.key(recurrence(text))), text)
        self.assertFalse(given.has_instance(None))
        single = read_object(calendar("BEGIN:VEVENT\nUID:u\nDTSTART:20270327T100000Z\nEND:VEVENT"))
        self.assertFalse(single.has_instance(single.key(recurrence(":20270327T100000Z"))))
        self.assertFalse(single.can_have(single.key(recurrence(":20270327T100000Z"))))
        alone = read_object(calendar("BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20270327T100000Z\nEND:VEVENT"))
        self.assertTrue(alone.can_have(alone.key(recurrence(":20280327T100000Z"))))
        self.assertIsNone(derived(alone, recurrence(":20280327T100000Z"), alone.zones))

    def test_far_instances_are_looked_for_a_few_times(self) -> None:
        given = series("DTSTART:20270327T100000Z")
        far = given.key(recurrence(":20570327T100000Z"))
        self.assertTrue(given.has_instance(far))
        for _ in range(7):
            given.has_instance(far)
        self.assertFalse(given.has_instance(far))
        self.assertTrue(given.has_instance(given.key(recurrence(":20270328T100000Z"))))

    def test_the_end_moves_with_the_start(self) -> None:
        for end, text, expected in (
            (
                "DTEND;TZID=Europe/Berlin:20270327T120000",
                ":20270328T080000Z",
                "DTEND;TZID=Europe/Berlin:20270328T120000",
            ),
            ("DTEND:20270327T110000Z", ":20270328T080000Z", "DTEND:20270328T100000Z"),
            ("DURATION:PT2H", ":20270328T080000Z", None),
        ):
            given = series(BERLIN, end)
            made = derived(given, recurrence(text), given.zones)
            assert made is not None
            self.assertEqual([each.line for each in made.all("DTEND")], [expected] if expected else [])
        task = series("DTSTART;VALUE=DATE:20270327", "DUE;VALUE=DATE:20270329", "VTODO")
        made = derived(task, recurrence(";VALUE=DATE:20270401"), task.zones)
        assert made is not None
        self.assertEqual(made.value("DUE"), "20270403")

    def test_what_cannot_be_said(self) -> None:
        for start, text in (
            ("DTSTART:never", ":20270328T080000Z"),
            ("SUMMARY:x", ":20270328T080000Z"),
            ("DTSTART:20270327T100000Z\nDTEND:99991231T235959Z", ":20280328T100000Z"),
            ("DTSTART:20270327T100000Z\nDTEND:x", ":20270328T100000Z"),
            ("DTSTART:20270327T100000Z", ":x"),
        ):
            given = series(start)
            self.assertIsNone(derived(given, recurrence(text), Zones(given.calendar)), (start, text))

    def test_what_was_before(self) -> None:
        given = series(BERLIN)
        part = calendar("BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20270328T080000Z\nEND:VEVENT").components[0]
        was = earlier(given, given.key(recurrence(":20270328T080000Z")), part, given.zones)
        assert was is not None
        self.assertEqual(was.value("DTSTART"), "20270328T100000")
        self.assertIs(earlier(given, None, given.parts[None], given.zones), given.parts[None])

    def test_lean_series(self) -> None:
        given = series(BERLIN, "SUMMARY:a\nSUMMARY:b\nATTENDEE:mailto:a@b.c\nBEGIN:VALARM\nEND:VALARM")
        self.assertEqual(
            [each.line for each in lean(given, frozenset({"SUMMARY"})).parts[None].properties], ["SUMMARY:a"]
        )
        bare = without_people(given).parts[None]
        self.assertEqual((bare.has("ATTENDEE"), bare.components, len(bare.all("SUMMARY"))), (False, [], 2))


class ReadingTests(SynchronousTestCase):
    def refused(self, rule: str, *parts: str) -> None:
        problem = self.assertRaises(SchedulingRefused, read_object, calendar("\n".join(parts)))
        self.assertEqual(problem.rule, rule)
        self.assertTrue(str(problem).endswith("."))

    def test_refused(self) -> None:
        event = "BEGIN:VEVENT\nUID:u\nORGANIZER:mailto:o@example.com\nEND:VEVENT"
        self.refused("WRONG_MESSAGE", "BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE")
        self.refused("WRONG_MESSAGE", event, event)
        self.refused("WRONG_MESSAGE", event, event.replace("UID:u", "UID:v"))
        self.refused("WRONG_MESSAGE", event.replace("UID:u\n", ""))
        self.refused("WRONG_MESSAGE", event, event.replace("VEVENT", "VTODO"))
        self.refused(
            "SEVERAL_ORGANIZERS",
            event,
            event.replace("UID:u", "UID:u\nRECURRENCE-ID:20270101T000000Z").replace("o@", "p@"),
        )

    def test_the_series_is_first(self) -> None:
        override = "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20270328T100000Z\nATTENDEE:mailto:b@b.c\nEND:VEVENT"
        master = (
            "BEGIN:VEVENT\nUID:u\nDTSTART:20270327T100000Z\nORGANIZER:MAILTO:O@b.c\nATTENDEE:mailto:a@b.c\nEND:VEVENT"
        )
        given = read_object(calendar(f"{override}\n{master}"))
        self.assertEqual(next(iter(given.parts)), None)
        self.assertEqual((given.uid, given.kind, list(given.invited())), ("u", "VEVENT", ["a@b.c", "b@b.c"]))
        assert given.organizer is not None
        self.assertEqual(given.organizer.address, "o@b.c")
        self.assertEqual(given.people(("text", "?")), {})
        self.assertIs(given.master, given.parts[None])

    def test_sizes(self) -> None:
        self.assertEqual(
            octets_of(calendar("BEGIN:VEVENT\nUID:u\nBEGIN:VALARM\nA:b\nEND:VALARM\nEND:VEVENT").components[0]), 8
        )
        self.assertEqual(len(bounded([("day", each) for each in range(MOST_INSTANCES)])), MOST_INSTANCES)
        self.assertRaises(SchedulingRefused, bounded, [("day", each) for each in range(MOST_INSTANCES + 1)])

    def test_cancelled(self) -> None:
        for status, expected in (("cancelled", True), (" CANCELLED", True), ("CONFIRMED", False)):
            part = calendar(f"BEGIN:VEVENT\nUID:u\nSTATUS:{status}\nEND:VEVENT").components[0]
            self.assertIs(is_cancelled(part), expected)
