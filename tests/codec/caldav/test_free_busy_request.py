"""Questions for free times are read, and answered with the same people (RFC 6638 5)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.caldav.free_busy_request import MOST_ATTENDEES, read_request
from stalwart.codec.icalendar.lines import MalformedCalendar

LINES = [
    *("BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:fb"),
    *("DTSTART;TZID=Europe/Berlin:20270101T010000", "DTEND:20270102T000000Z"),
    "ORGANIZER;SCHEDULE-AGENT=SERVER:MAILTO:A@x.test",
    *("ATTENDEE;CN=B:mailto:b@x.test", "ATTENDEE:urn:uuid:1", "END:VFREEBUSY", "END:VCALENDAR", ""),
]


def octets(*without: str, more: str = "") -> bytes:
    return (
        "\r\n".join(line for line in LINES if not line.startswith(without or ("#",)))
        .replace("END:VFREEBUSY", f"{more}END:VFREEBUSY")
        .encode()
    )


class FreeBusyRequestTests(SynchronousTestCase):
    def test_what_is_asked(self) -> None:
        asked = read_request(octets(), 10_000)
        self.assertEqual((asked.start, asked.end), (1798761600, 1798848000))
        self.assertEqual(asked.organizer, "a@x.test")
        self.assertEqual([address for address, _ in asked.attendees], ["b@x.test", None])
        self.assertEqual(read_request(octets("METHOD"), 10_000).organizer, "a@x.test")

    def test_the_answer_names_who_was_asked_by_whom(self) -> None:
        asked = read_request(octets(), 10_000)
        times = ((Busy.BUSY, asked.start, asked.start + 3600),)
        text = asked.answer(asked.attendees[0][1], times, 0).text()
        for line in (
            *("METHOD:REPLY", "DTSTART:20270101T000000Z", "UID:fb", "ORGANIZER:MAILTO:A@x.test"),
            *("ATTENDEE;CN=B:mailto:b@x.test", "FREEBUSY;FBTYPE=BUSY:20270101T000000Z/20270101T010000Z"),
        ):
            self.assertIn(f"\r\n{line}\r\n", text)

    def test_what_is_no_question(self) -> None:
        for wrong in (
            *(octets(name) for name in ("DTSTART", "DTEND", "ORGANIZER", "ATTENDEE")),
            *(octets().replace(*each) for each in ((b"0102T", b"xx02T"), (b":REQUEST", b":PUBLISH"))),
            octets().replace(b"A@x.test", b"x"),
            octets().replace(b"20270102T", b"20260102T"),
            octets().replace(b"VFREEBUSY", b"VEVENT"),
            octets() * 2,
            octets(more="END:VFREEBUSY\r\nBEGIN:VFREEBUSY\r\n"),
            octets(more="ATTENDEE:mailto:c@x.test\r\n" * MOST_ATTENDEES),
            b"words",
        ):
            with self.assertRaises(MalformedCalendar, msg=wrong[:200]):
                read_request(wrong, 100_000)
        with self.assertRaises(MalformedCalendar):
            read_request(octets(), 100)
