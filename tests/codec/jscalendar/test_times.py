"""When events and tasks are."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.values import Moment
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscalendar.times import TIMES, as_days, moment_property
from stalwart.codec.jscalendar.values import Json
from tests.codec.jscalendar.exports import TASK, event_text, octets
from tests.codec.jscalendar.reading_of import lines_of, made


def times(*lines: str) -> Json:
    event = event_of(read_calendar(octets(event_text(*lines))))
    return {key: event[key] for key in (*TIMES, "recurrenceRule") if key in event}


def written(**members: object) -> list[str]:
    base = {key: value for key, value in made().items() if key not in ("start", "timeZone")}
    return [line for line in lines_of(calendar_of({**base, **members})) if not line.startswith(("UID", "DTSTAMP"))]


class TimeTests(SynchronousTestCase):
    def test_ends_are_exact_and_durations_are_nominal(self) -> None:
        zoned = "DTSTART;TZID=Europe/Berlin:20260328T120000"
        self.assertEqual(times(zoned, "DTEND;TZID=Europe/Berlin:20260329T120000")["duration"], "PT23H")
        self.assertEqual(times(zoned, "DURATION:P1D")["duration"], "P1D")
        self.assertEqual(times(zoned, "DURATION:P1W")["duration"], "P7D")
        self.assertNotIn("duration", times(zoned))
        self.assertEqual(times(zoned, "DTEND;TZID=Europe/Berlin:20260101T000000")["duration"], "PT0S")
        self.assertEqual(times(zoned, "DTEND:20260328T130000")["duration"], "PT1H")

    def test_kinds_of_times(self) -> None:
        self.assertEqual(times("DTSTART:20260101T000000Z"), {"start": "2026-01-01T00:00:00", "timeZone": "Etc/UTC"})
        self.assertEqual(times("DTSTART:20260101T000000"), {"start": "2026-01-01T00:00:00"})
        self.assertEqual(times("DTSTART;TZID=Nowhere:20260101T000000"), {"start": "2026-01-01T00:00:00"})
        day = {"start": "2026-01-01T00:00:00", "duration": "P1D", "showWithoutTime": True}
        self.assertEqual(times("DTSTART;VALUE=DATE:20260101"), day)
        self.assertEqual(times("DTSTART:20260101", "DTEND:20260101"), day)

    def test_a_tzid_stays_as_long_as_its_zone_does(self) -> None:
        for tzid, zone in (("Nowhere", None), ("UTC", "Etc/UTC"), ("UTC+2", "Etc/GMT-2")):
            lines = (f"DTSTART;TZID={tzid}:20260101T100000", f"DTEND;TZID={tzid}:20260101T110000")
            calendar = read_calendar(octets(event_text(*lines)))
            event = event_of(calendar)
            self.assertEqual(event.get("timeZone"), zone)
            after = lines_of(calendar_of({**event, "duration": "PT2H"}, calendar))
            self.assertEqual(after, [lines[0], lines[1].replace("T11", "T12")])

    def test_a_tzid_that_is_a_url_without_quotes(self) -> None:
        event = times("DTSTART;TZID=tzone://Microsoft/Utc:20260101T100000")
        self.assertEqual(event, {"start": "2026-01-01T10:00:00", "timeZone": "Etc/UTC"})

    def test_of_two_ends_the_first_counts(self) -> None:
        day = "DTSTART;TZID=Europe/Berlin:20260101T100000"
        for rule, end in (
            ("COUNT=3;UNTIL=20270101T000000Z", {"count": 3}),
            ("COUNT=30;UNTIL=20260103T090000Z", {"until": "2026-01-03T10:00:00"}),
        ):
            made = times(day, f"RRULE:FREQ=DAILY;{rule}")["recurrenceRule"]
            self.assertEqual(made, {"@type": "RecurrenceRule", "frequency": "daily", **end})

    def test_a_rule_that_cannot_be_read_outlives_other_changes(self) -> None:
        calendar = read_calendar(octets(event_text("DTSTART:20260101T100000Z", "RRULE:FREQ=SOMETIMES")))
        after = calendar_of({**event_of(calendar), "duration": "PT2H"}, calendar)
        self.assertIn("RRULE:FREQ=SOMETIMES", lines_of(after))

    def test_flights(self) -> None:
        event = times("DTSTART;TZID=Europe/Berlin:20260101T090000", "DTEND;TZID=Asia/Tokyo:20260102T030000")
        self.assertEqual((event["duration"], event["endTimeZone"]), ("PT10H", "Asia/Tokyo"))
        self.assertEqual(
            written(**event),
            ["DTSTART;TZID=Europe/Berlin:20260101T090000", "DTEND;TZID=Asia/Tokyo:20260102T030000"],
        )

    def test_what_is_written(self) -> None:
        start = "2026-01-01T00:00:00"
        for members, lines in (
            ({"start": start, "duration": "PT1H"}, ["DTSTART:20260101T000000", "DTEND:20260101T010000"]),
            ({"start": start, "duration": "P1D"}, ["DTSTART:20260101T000000", "DURATION:P1D"]),
            ({"start": start, "duration": "PT0S"}, ["DTSTART:20260101T000000", "DURATION:PT0S"]),
            ({"start": start, "timeZone": "UTC"}, ["DTSTART:20260101T000000Z"]),
            (
                {"start": start, "showWithoutTime": True, "duration": "P2D"},
                ["DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260103"],
            ),
            (
                {"start": start, "showWithoutTime": True},
                ["DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260102"],
            ),
            (
                {"start": start, "showWithoutTime": True, "duration": "PT1H"},
                ["DTSTART:20260101T000000", "SHOW-WITHOUT-TIME:TRUE", "DTEND:20260101T010000"],
            ),
            (
                # The clock shows 02:30 twice; DTEND would be the first of them.
                {"start": "2026-10-25T01:30:00", "timeZone": "Europe/Berlin", "duration": "PT2H"},
                ["DTSTART;TZID=Europe/Berlin:20261025T013000", "DURATION:PT2H"],
            ),
        ):
            self.assertEqual(written(**members), lines, members)

    def test_rules_end_on_the_clock_of_the_series(self) -> None:
        rule = {"@type": "RecurrenceRule", "frequency": "daily", "until": "2026-07-01T10:00:00"}
        start = "2026-06-01T10:00:00"
        self.assertEqual(
            written(start=start, timeZone="Europe/Berlin", recurrenceRule=rule)[-1],
            "RRULE:FREQ=DAILY;UNTIL=20260701T080000Z",
        )
        self.assertEqual(written(start=start, recurrenceRule=rule)[-1], "RRULE:FREQ=DAILY;UNTIL=20260701T100000")
        day = {"start": "2026-06-01T00:00:00", "showWithoutTime": True, "duration": "P1D"}
        midnight = rule | {"until": "2026-07-01T00:00:00"}
        self.assertEqual(written(**day, recurrenceRule=midnight)[-1], "RRULE:FREQ=DAILY;UNTIL=20260701")
        read = times("DTSTART;TZID=Europe/Berlin:20260601T100000", "RRULE:FREQ=DAILY;UNTIL=20260701T080000Z")
        self.assertEqual(read["recurrenceRule"], rule)

    def test_rules_that_nobody_can_read_are_left(self) -> None:
        self.assertNotIn("recurrenceRule", times("DTSTART:20260101T000000Z", "RRULE:FREQ=NEVER"))

    def test_tasks(self) -> None:
        task = event_of(read_calendar(octets(TASK)))
        self.assertEqual(
            {key: task.get(key) for key in ("@type", "due", "timeZone", "percentComplete", "progress")},
            {
                "@type": "Task", "due": "2026-03-31T18:00:00", "timeZone": "Europe/Vienna", "percentComplete": 40,
                "progress": "in-process",
            },
        )  # fmt: skip
        calendar = read_calendar(octets(TASK))
        done = calendar_of(task | {"progress": "completed", "due": "2026-04-01T00:00:00"}, calendar)
        self.assertEqual(done.components[-1].value("STATUS"), "COMPLETED")
        self.assertEqual(done.components[-1].value("DUE"), "20260401T000000")

    def test_days(self) -> None:
        self.assertTrue(as_days({"showWithoutTime": True, "start": "2026-01-01T00:00:00", "duration": "P1D"}))
        self.assertFalse(as_days({"showWithoutTime": True, "start": "2026-01-01T01:00:00", "duration": "P1D"}))
        self.assertEqual(moment_property("DUE", Moment(0, is_date=True)).line, "DUE;VALUE=DATE:19700101")
