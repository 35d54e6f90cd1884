"""When alarms go off."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.alarms import alarm_table, alarms, next_alarms
from stalwart.codec.icalendar.instances import Expansion, instances
from stalwart.codec.icalendar.spans import next_start, overlaps
from tests.codec.icalendar.objects import calendar, seconds, written

EVENT = "DTSTART;TZID=Europe/Berlin:20260328T120000\nDTEND;TZID=Europe/Berlin:20260328T140000\n"


def _alarm(*lines: str) -> str:
    return "\n".join(("BEGIN:VALARM", "ACTION:DISPLAY", *lines, "END:VALARM\n"))


def _times(expansion: Expansion) -> list[str]:
    return [written(each.at) for each in alarms(expansion)]


class AlarmTests(SynchronousTestCase):
    def test_triggers(self) -> None:
        for lines, expected in (
            (("TRIGGER:-PT15M",), ["2026-03-28 10:45"]),
            (("TRIGGER;RELATED=END:PT5M",), ["2026-03-28 13:05"]),
            (("TRIGGER;VALUE=DATE-TIME:20260301T080000Z",), ["2026-03-01 08:00"]),
            # The next day at the same time, after the clock has changed.
            (("TRIGGER:P1D",), ["2026-03-29 10:00"]),
            (("TRIGGER:PT24H",), ["2026-03-29 11:00"]),
            (("TRIGGER;RELATED=END:P1D",), ["2026-03-29 12:00"]),
            (
                ("TRIGGER:-PT1H", "REPEAT:2", "DURATION:PT10M"),
                ["2026-03-28 10:00", "2026-03-28 10:10", "2026-03-28 10:20"],
            ),
            (("TRIGGER:-PT1H", "REPEAT:x", "DURATION:PT10M"), ["2026-03-28 10:00"]),
            (("TRIGGER:-PT1H", "REPEAT:2", "DURATION:x"), ["2026-03-28 10:00"]),
            (("TRIGGER:soon",), []),
            ((), []),
        ):
            self.assertEqual(_times(instances(calendar(EVENT + _alarm(*lines)))), expected, lines)

    def test_each_instance_has_its_alarms(self) -> None:
        expansion = instances(
            calendar(
                "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY;COUNT=3\n" + _alarm("TRIGGER:-PT1H"),
                "RECURRENCE-ID:20260102T100000Z\nDTSTART:20260102T150000Z\n"
                + _alarm("TRIGGER:-PT10M")
                + _alarm("TRIGGER:PT0S"),
            )
        )
        self.assertEqual(
            _times(expansion), ["2026-01-01 09:00", "2026-01-02 14:50", "2026-01-02 15:00", "2026-01-03 09:00"]
        )
        table = alarm_table(expansion)
        self.assertTrue(overlaps(table, seconds("2026-01-02 14:50"), seconds("2026-01-02 14:51")))
        self.assertFalse(overlaps(table, seconds("2026-01-02 09:00"), seconds("2026-01-02 14:50")))
        self.assertEqual(next_start(table, seconds("2026-01-02 15:00")), seconds("2026-01-03 09:00"))

    def test_the_next_ones_are_those_of_one_time(self) -> None:
        expansion = instances(
            calendar(EVENT + _alarm("TRIGGER:-PT1H") + _alarm("TRIGGER:-PT60M") + _alarm("TRIGGER:-PT1M"))
        )
        self.assertEqual([written(each.at) for each in next_alarms(expansion, 0)], ["2026-03-28 10:00"] * 2)
        self.assertEqual(len(next_alarms(expansion, seconds("2026-03-28 10:00"))), 1)
        self.assertEqual(next_alarms(expansion, seconds("2026-03-28 10:59")), [])

    def test_what_is_acknowledged_is_silent(self) -> None:
        expansion = instances(
            calendar(
                EVENT
                + _alarm("TRIGGER:-PT1H", "ACKNOWLEDGED:20260328T100000Z")
                + _alarm("TRIGGER:-PT1M", "ACKNOWLEDGED:x")
            )
        )
        self.assertEqual([written(each.at) for each in next_alarms(expansion, 0)], ["2026-03-28 10:59"])

    def test_a_task_is_reminded_of_by_what_is_due(self) -> None:
        due = calendar("DUE:20260101T100000Z\n" + _alarm("TRIGGER;RELATED=END:-PT1H"), kind="VTODO")
        self.assertEqual(_times(instances(due)), ["2026-01-01 09:00"])
        undated = calendar(_alarm("TRIGGER:20260101T100000Z") + _alarm("TRIGGER:-PT1H"), kind="VTODO")
        self.assertEqual(_times(instances(undated)), ["2026-01-01 10:00"])

    def test_there_are_not_too_many(self) -> None:
        many = _alarm("TRIGGER:-PT1H", "REPEAT:999999", "DURATION:PT1S") * 60
        self.assertEqual(
            len(alarms(instances(calendar("DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\n" + many)))), 10_000
        )
