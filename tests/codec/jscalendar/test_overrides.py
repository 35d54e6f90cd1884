"""Overrides as EXDATE, RDATE and components."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.values import Moment
from stalwart.codec.jscalendar.overrides import dates, key_of, keyed_dates, rule_makes
from stalwart.codec.jscalendar.patches import patched
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscalendar.values import Json
from stalwart.codec.jscalendar.zone_names import ZoneNames
from tests.codec.jscalendar.exports import event_text, octets
from tests.codec.jscalendar.reading_of import made

RULE = {"@type": "RecurrenceRule", "frequency": "daily", "count": 5}
START = ("DTSTAMP:20260101T000000Z", "DTSTART;TZID=Europe/Berlin:20260101T100000", "DURATION:PT1H")


def after(lines: tuple[str, ...], patch: Json) -> Component:
    """The calendar object after a change of its event."""
    calendar = read_calendar(octets(event_text(*START, *lines)))
    event = patched(event_of(calendar), patch)
    changed = calendar_of(event, calendar)
    again = event_of(read_calendar(changed.octets()))
    assert again == event, (again, event)
    return changed


class OverrideTests(SynchronousTestCase):
    def test_keys_are_on_the_clock_of_the_series(self) -> None:
        calendar = read_calendar(
            octets(
                event_text(*START, "EXDATE:20260102T090000Z,20260103T100000", "EXDATE;VALUE=DATE:20260104", "EXDATE:x")
            )
        )
        names = ZoneNames(calendar)
        self.assertEqual(
            [*keyed_dates(calendar.components[0], "EXDATE", names)],
            ["2026-01-02T10:00:00", "2026-01-03T10:00:00", "2026-01-04T10:00:00"],
        )
        self.assertEqual(len(list(dates(calendar.components[0], "EXDATE"))), 3)
        self.assertEqual(key_of(calendar.components[0], Moment(0, is_utc=True), names), "1970-01-01T01:00:00")

    def test_dates_are_taken_out_one_by_one(self) -> None:
        lines = ("RRULE:FREQ=DAILY;COUNT=9", "EXDATE;X-A=1;TZID=Europe/Berlin:20260102T100000,20260103T100000")
        calendar = after(lines, {"recurrenceOverrides/2026-01-03T10:00:00": None})
        self.assertEqual(
            [item.line for item in calendar.components[0].all("EXDATE")],
            ["EXDATE;X-A=1;TZID=Europe/Berlin:20260102T100000"],
        )

    def test_dates_are_added(self) -> None:
        calendar = after(("RDATE:20260105T090000Z",), {"recurrenceOverrides/2026-01-06T10:00:00": {}})
        self.assertEqual(
            [item.line for item in calendar.components[0].all("RDATE")],
            ["RDATE:20260105T090000Z", "RDATE;TZID=Europe/Berlin:20260106T100000"],
        )

    def test_many_dates_share_lines(self) -> None:
        days = {f"2026-{month:02}-{day:02}T10:00:00": {"excluded": True} for month in (2, 3) for day in range(1, 29)}
        calendar = calendar_of(made(recurrenceRule=RULE, recurrenceOverrides=days))
        self.assertEqual(len(calendar.components[0].all("EXDATE")), 2)
        self.assertEqual(event_of(calendar)["recurrenceOverrides"], days)

    def test_periods_last_otherwise(self) -> None:
        line = "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260105T100000/PT2H,20260106T100000/20260106T110000"
        calendar = read_calendar(octets(event_text(*START, line)))
        event = event_of(calendar)
        self.assertEqual(
            event["recurrenceOverrides"],
            {"2026-01-05T10:00:00": {"duration": "PT2H"}, "2026-01-06T10:00:00": {}},
        )
        changed = after((line,), {"recurrenceOverrides/2026-01-05T10:00:00": {"duration": "PT3H", "title": "x"}})
        self.assertEqual(len(changed.components), 2)
        self.assertNotIn("PT2H", changed.text())

    def test_an_instance_gets_a_component_and_gives_it_up(self) -> None:
        key = "2026-01-02T10:00:00"
        rule = ("RRULE:FREQ=DAILY;COUNT=9", "SUMMARY:T", "X-A:1", "EXDATE:20260103T090000Z")
        calendar = after(rule, {f"recurrenceOverrides/{key}": {"title": "U", "start": "2026-01-02T11:00:00"}})
        _, component = calendar.components
        self.assertEqual(
            [item.line for item in component.properties],
            [
                "UID:a", "DTSTAMP:20260101T000000Z", "DTSTART;TZID=Europe/Berlin:20260102T110000", "DURATION:PT1H",
                "SUMMARY:U", "X-A:1", "RECURRENCE-ID;TZID=Europe/Berlin:20260102T100000",
            ],
        )  # fmt: skip
        self.assertFalse(calendar.components[0].has("RDATE"))
        event = event_of(calendar)
        for value, name in (({"excluded": True}, "EXDATE"), ({}, "RDATE")):
            changed = calendar_of(patched(event, {f"recurrenceOverrides/{key}": value}), calendar)
            self.assertEqual(len(changed.components), 1 if name == "EXDATE" else 2)
        self.assertEqual(len(calendar_of(patched(event, {f"recurrenceOverrides/{key}": None}), calendar).components), 1)

    def test_a_range_is_kept_when_the_series_gets_another_zone(self) -> None:
        names = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260103T100000"
        series = (*START, "RRULE:FREQ=DAILY;COUNT=5", "END:VEVENT", "BEGIN:VEVENT", "UID:a")
        later = (START[0], names, "DTSTART;TZID=Europe/Berlin:20260103T160000", "DURATION:PT1H")
        calendar = read_calendar(octets(event_text(*series, *later)))
        changed = calendar_of({**event_of(calendar), "timeZone": "Europe/Paris"}, calendar)
        (item,) = (each.first("RECURRENCE-ID") for each in changed.components if each.has("RECURRENCE-ID"))
        assert item is not None
        self.assertEqual((item.parameter("RANGE"), item.parameter("TZID")), ("THISANDFUTURE", "Europe/Paris"))

    def test_an_instance_that_no_rule_makes_is_a_date_too(self) -> None:
        calendar = after(
            ("RRULE:FREQ=DAILY;COUNT=2",), {"recurrenceOverrides": {"2026-02-02T10:00:00": {"title": "U"}}}
        )
        self.assertEqual(calendar.components[0].value("RDATE"), "20260202T100000")

    def test_what_the_rule_makes(self) -> None:
        event = made(recurrenceRule=RULE)
        for key, is_made in (("2026-01-01", True), ("2026-01-05", True), ("2026-01-06", False)):
            self.assertEqual(rule_makes(event, f"{key}T10:00:00"), is_made)
        self.assertTrue(rule_makes(made(), "2026-01-01T10:00:00"))
        self.assertFalse(rule_makes(made(), "2026-01-02T10:00:00"))
        endless = made(recurrenceRule={"frequency": "secondly"})
        self.assertTrue(rule_makes(endless, "2030-01-01T10:00:00"))
        self.assertTrue(rule_makes(made(recurrenceRule=RULE | {"rscale": "hebrew"}), "2031-01-01T10:00:00"))
