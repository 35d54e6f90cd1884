"""Attachments come and go, in the series and in single instances."""

from __future__ import annotations

import hashlib

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.managed_attachments import (
    Attached,
    UnknownAttachment,
    WrongInstance,
    add,
    digest_of,
    managed_id,
    managed_ids,
    read_instances,
    remove,
    replace,
)
from stalwart.codec.icalendar.components import Component, read_calendar

_SERIES = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20240101T000000Z\r\n"
    b"DTSTART;TZID=Europe/Berlin:20240101T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=5\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20240101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20240102T100000\r\n"
    b"DTSTART;TZID=Europe/Berlin:20240102T110000\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_FILE = Attached("a", "https://x.test/a", 7, "text/plain", 'Wörter: "x".txt')


def _where(calendar: Component, id: str = "a") -> list[str | None]:
    """The RECURRENCE-ID of all components with the attachment."""
    return [
        each.value("RECURRENCE-ID")
        for each in calendar.components
        if any(item.parameter("MANAGED-ID") == id for item in each.all("ATTACH"))
    ]


class ManagedAttachmentTests(SynchronousTestCase):
    def test_what_it_says(self) -> None:
        calendar = read_calendar(_SERIES)
        add(calendar, _FILE, None)
        (item,) = read_calendar(calendar.octets()).components[0].all("ATTACH")
        self.assertEqual(item.value, "https://x.test/a")
        self.assertEqual((item.parameter("SIZE"), item.parameter("FMTTYPE")), ("7", "text/plain"))
        self.assertEqual(item.parameter("FILENAME"), 'Wörter: "x".txt')
        self.assertEqual(managed_ids(calendar), {"a"})

    def test_names_begin_with_the_digest(self) -> None:
        digest = hashlib.sha256(b"x").digest()
        self.assertEqual(digest_of(managed_id(digest, "abcdefgh")), digest)
        for other in ("", "97S", "a" * 43, "a" * 43 + ".x", "../" + "a" * 50, "ä" * 52):
            self.assertIsNone(digest_of(other))

    def test_instances(self) -> None:
        self.assertIsNone(read_instances(None))
        self.assertEqual(read_instances("M,20240102T100000,M"), ("M", "20240102T100000"))
        for wrong in ("", "m", "2024", "M,", "20240102T1000", ",".join(f"{n:08}" for n in range(101))):
            self.assertRaises(WrongInstance, read_instances, wrong)

    def test_everything_the_series_and_instances(self) -> None:
        for rid, expected in (
            (None, [None, "20240102T100000"]),
            ("M", [None]),
            ("20240102T100000", ["20240102T100000"]),
            ("20240102T090000Z", ["20240102T100000"]),
            ("20240103T100000", ["20240103T100000"]),
            ("M,20240104T090000Z", [None, "20240104T100000"]),
        ):
            calendar = read_calendar(_SERIES)
            add(calendar, _FILE, read_instances(rid))
            self.assertEqual(_where(calendar), expected, rid)
        for wrong in ("20240120T100000", "20240103T101500"):
            calendar = read_calendar(_SERIES)
            self.assertRaises(WrongInstance, add, calendar, _FILE, read_instances(wrong))
            self.assertEqual(calendar.octets(), _SERIES)

    def test_an_instance_that_is_made_begins_with_what_the_series_has(self) -> None:
        calendar = read_calendar(_SERIES)
        add(calendar, _FILE, ("M",))
        remove(calendar, "a", ("20240103T100000",))
        self.assertEqual(len(calendar.components), 3)
        self.assertEqual(_where(calendar), [None])
        self.assertEqual(calendar.components[2].value("DTSTART"), "20240103T100000")

    def test_replacing_and_removing(self) -> None:
        calendar = read_calendar(_SERIES)
        add(calendar, _FILE, None)
        replace(calendar, "a", Attached("b", "https://x.test/b", 8, None, None))
        self.assertEqual((_where(calendar), len(_where(calendar, "b"))), ([], 2))
        self.assertRaises(UnknownAttachment, replace, calendar, "a", _FILE)
        self.assertRaises(UnknownAttachment, remove, calendar, "a", None)
        remove(calendar, "b", None)
        self.assertEqual(calendar.octets(), _SERIES)
