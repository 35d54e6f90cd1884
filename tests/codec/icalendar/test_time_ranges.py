"""RFC 4791 9.9, table by table."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.spans import BEGINNING, END, overlaps
from stalwart.codec.icalendar.time_ranges import meets, periods_of, span_table, spans_of
from stalwart.codec.icalendar.zones import Zones
from tests.codec.icalendar.objects import calendar, seconds, zone

# Kind, properties, and ranges (hours and minutes of 2026-01-02) that meet and do not.
ROWS = (
    (
        "VEVENT",
        "DTSTART:20260102T100000Z\nDTEND:20260102T110000Z",
        "10:30-10:31 09:00-10:01 10:59-12:00",
        "09:00-10:00 11:00-12:00",
    ),
    ("VEVENT", "DTSTART:20260102T100000Z\nDURATION:PT1H", "10:59-12:00", "09:00-10:00 11:00-12:00"),
    ("VEVENT", "DTSTART:20260102T100000Z\nDURATION:PT0S", "10:00-10:01 09:00-11:00", "09:00-10:00 10:01-11:00"),
    ("VEVENT", "DTSTART:20260102T100000Z", "10:00-10:01", "09:00-10:00 10:01-11:00"),
    ("VEVENT", "DTSTART;VALUE=DATE:20260102", "00:00-00:01 23:58-23:59", ""),
    ("VEVENT", "DTSTART;VALUE=DATE:20260101", "", "00:00-23:59"),
    (
        "VTODO",
        "DTSTART:20260102T100000Z\nDURATION:PT1H",
        "11:00-12:00 10:59-11:30 09:00-10:01",
        "09:00-10:00 11:01-12:00",
    ),
    ("VTODO", "DTSTART:20260102T100000Z\nDUE:20260102T110000Z", "10:59-12:00 09:00-10:01", "09:00-10:00 11:00-12:00"),
    ("VTODO", "DTSTART:20260102T100000Z\nDUE:20260102T100000Z", "10:00-11:00 09:00-10:00", "10:01-11:00 08:00-09:59"),
    ("VTODO", "DTSTART:20260102T100000Z", "10:00-11:00", "09:00-10:00 10:01-11:00"),
    ("VTODO", "DUE:20260102T100000Z", "09:00-10:00 09:00-11:00", "10:00-11:00 08:00-09:59"),
    (
        "VTODO",
        "COMPLETED:20260102T120000Z\nCREATED:20260102T100000Z",
        "09:00-10:00 11:00-11:30 12:00-13:00",
        "08:00-09:59 12:01-13:00",
    ),
    ("VTODO", "COMPLETED:20260102T120000Z", "11:00-12:00 12:00-13:00", "12:01-13:00 11:00-11:59"),
    ("VTODO", "CREATED:20260102T100000Z", "10:00-11:00 22:00-23:00", "09:00-10:00"),
    ("VTODO", "SUMMARY:whenever", "00:00-00:01 23:00-23:59", ""),
    ("VJOURNAL", "DTSTART:20260102T100000Z", "10:00-11:00", "09:00-10:00 10:01-11:00"),
    ("VJOURNAL", "DTSTART;VALUE=DATE:20260102", "00:00-00:01 23:58-23:59", ""),
    ("VJOURNAL", "SUMMARY:whenever", "", "00:00-23:59"),
    (
        "VFREEBUSY",
        "DTSTART:20260102T100000Z\nDTEND:20260102T110000Z",
        "11:00-12:00 09:00-10:01",
        "09:00-10:00 11:01-12:00",
    ),
    (
        "VFREEBUSY",
        "FREEBUSY:20260102T100000Z/PT1H,20260102T150000Z/20260102T160000Z",
        "10:30-11:00 15:59-17:00",
        "11:00-15:00",
    ),
    ("VFREEBUSY", "SUMMARY:nothing", "", "00:00-23:59"),
    ("VAVAILABILITY", "DTSTART:20260102T100000Z", "10:00-11:00 23:00-23:01", "09:00-10:00"),
    ("VAVAILABILITY", "DTSTART:20260102T100000Z\nDTEND:20260102T110000Z", "10:00-11:00", "11:00-12:00"),
    ("VAVAILABILITY", "DTEND:20260102T110000Z", "00:00-00:01", "11:00-12:00"),
    ("VAVAILABILITY", "SUMMARY:always", "00:00-00:01 23:00-23:59", ""),
)


def _ranges(text: str) -> list[tuple[int, int]]:
    return [
        (seconds(f"2026-01-02 {first}"), seconds(f"2026-01-02 {last}"))
        for first, last in (each.split("-") for each in text.split())
    ]


class TimeRangeTests(SynchronousTestCase):
    def test_tables(self) -> None:
        for kind, lines, inside, outside in ROWS:
            expansion = instances(calendar(lines, kind=kind))
            table = span_table(expansion)
            self.assertEqual(table.kind, kind)
            for is_inside, ranges in ((True, _ranges(inside)), (False, _ranges(outside))):
                for start, end in ranges:
                    self.assertEqual(overlaps(table.packed, start, end), is_inside, f"{kind} {lines} {start}")
                    # What the store asks first must never leave out what the table has.
                    self.assertTrue(not is_inside or (table.first < end and table.last >= start), f"{kind} {lines}")
                    for each in expansion:
                        self.assertEqual(meets(expansion, each, start, end), is_inside, f"{kind} {lines}")

    def test_a_recurring_event_is_one_table(self) -> None:
        expansion = instances(calendar("DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY"))
        table = span_table(expansion)
        self.assertTrue(overlaps(table.packed, seconds("2099-01-01 10:30"), seconds("2099-01-01 10:31")))
        self.assertFalse(overlaps(table.packed, seconds("2099-01-01 11:30"), seconds("2099-12-01 10:31")))
        self.assertEqual(table.first, seconds("2026-01-01 10:00"))
        self.assertEqual(table.last, seconds("2162-01-01 11:00"))
        self.assertEqual(spans_of(expansion, expansion.instances[0]), [(table.first, table.first + 3600)])

    def test_a_table_that_goes_on_says_so(self) -> None:
        table = span_table(instances(calendar("DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY")))
        self.assertEqual((table.is_truncated, table.last), (True, END))

    def test_a_table_of_nothing(self) -> None:
        table = span_table(instances(calendar("SUMMARY:x", kind="VJOURNAL")))
        self.assertEqual((table.first, table.last, table.packed), (BEGINNING, BEGINNING, b""))

    def test_floating_objects_are_asked_in_the_zone_of_the_reader(self) -> None:
        table = span_table(instances(calendar("DTSTART:20260701T100000\nDURATION:PT1H")))
        self.assertTrue(table.is_floating)
        tokyo = zone("Asia/Tokyo")
        self.assertTrue(
            overlaps(table.packed, *(tokyo.local(seconds(f"2026-07-01 {each}")) for each in ("01:00", "01:01")))
        )
        mixed = span_table(
            instances(
                calendar(
                    "DTSTART:20260701T100000\nRRULE:FREQ=DAILY;COUNT=2",
                    "RECURRENCE-ID:20260702T100000\nDTSTART:20260702T100000Z",
                )
            )
        )
        self.assertEqual((mixed.is_floating, mixed.is_mixed), (False, True))

    def test_periods_that_cannot_be_read_are_none(self) -> None:
        found = calendar("FREEBUSY:20260102T100000Z/PT1H,rubbish\nFREEBUSY:20260102T100000Z", kind="VFREEBUSY")
        zones = Zones(found)
        self.assertEqual([periods_of(item, zones) for item in found.components[0].all("FREEBUSY")], [[], []])
