"""calendar-multiget gives what is at each URL, or says why not (RFC 4791 7.9, spec/dav.md 5.4)."""

from __future__ import annotations

from stalwart.codec.dav.calendar_reports import CalendarMultiget
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav import fetching
from stalwart.dav.reports import calendar_multiget
from tests.codec.caldav.appendix_b import OBJECTS, event
from tests.dav.limits import limit
from tests.dav.world import ALICE, BOB, DavWorld, found, statuses

HOME = f"/dav/cal/{ALICE}/"
BOOK = f"{HOME}default/"


def multiget(*paths: str, data: str = "<D:getetag/><A:calendar-data/>") -> str:
    """A request."""
    hrefs = "".join(f"<D:href>{path}</D:href>" for path in paths)
    return f"<A:calendar-multiget><D:prop>{data}</D:prop>{hrefs}</A:calendar-multiget>"


class CalendarMultigetTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        for name in ("abcd1.ics", "abcd2.ics"):
            self.expect(201, "PUT", f"{BOOK}{name}", OBJECTS[name])

    def test_in_the_order_of_the_request_with_what_is_missing(self) -> None:
        self.assertIs(calendar_multiget.calendar_multiget.asked, CalendarMultiget)
        paths = (f"{BOOK}abcd2.ics", f"{BOOK}none.ics", f"{BOOK}abcd1.ics", HOME, BOOK, "/nowhere", "/dav/cal/%00")
        answer = self.expect(207, "REPORT", BOOK, multiget(*paths))
        told = statuses(answer)
        self.assertEqual(list(told)[:3], list(paths[:3]))
        self.assertEqual([each.get("") for each in told.values()], [None, 404, None, 404, 403, 404, 404])
        text = found(answer)[f"{BOOK}abcd2.ics"]["A:calendar-data"].text
        self.assertEqual(text, OBJECTS["abcd2.ics"].decode().replace("\r\n", "\n"))
        self.assertIn(b"Multiget not allowed for collections", answer.body)

    def test_other_spellings_of_one_are_answered_once(self) -> None:
        odd = f"https://other.example{HOME.replace('%40', '@')}default/%61bcd1.ics"
        answer = self.expect(207, "REPORT", HOME, multiget(odd, f"{BOOK}abcd1.ics", f"{BOOK}abcd1.ics/"))
        self.assertEqual(answer.body.count(f"<D:href>{BOOK}abcd1.ics</D:href>".encode()), 1)
        self.assertEqual(answer.body.count(b"BEGIN:VEVENT"), 1)
        self.expect(405, "REPORT", f"/dav/card/{ALICE}/default/", multiget())

    def test_what_belongs_to_others(self) -> None:
        path = f"/dav/cal/{BOB}/default/x.ics"
        self.expect(201, "PUT", path, OBJECTS["abcd3.ics"], user="bob")
        answer = self.expect(207, "REPORT", BOOK, multiget(path))
        self.assertEqual(statuses(answer), {path: {"": 403}})
        self.assertIn(b"Not enough permissions to access this shared resource", answer.body)

    def test_expanded(self) -> None:
        data = '<A:calendar-data><A:expand start="20060103T000000Z" end="20060105T000000Z"/></A:calendar-data>'
        answer = self.expect(207, "REPORT", BOOK, multiget(f"{BOOK}abcd2.ics", data=data))
        self.assertIn(b"RECURRENCE-ID:20060104T170000Z", answer.body)
        self.expect(201, "PUT", f"{BOOK}long.ics", event("l", "DTSTART:20000101T000000Z", "RRULE:FREQ=HOURLY"))
        data = '<A:calendar-data><A:expand start="20000101T000000Z" end="20070101T000000Z"/></A:calendar-data>'
        answer = self.expect(207, "REPORT", BOOK, multiget(f"{BOOK}long.ics", f"{BOOK}abcd2.ics", data=data))
        self.assertEqual(statuses(answer), {f"{BOOK}long.ics": {"": 507}, f"{BOOK}abcd2.ics": {"A:calendar-data": 200}})

    def test_pages_and_limits(self) -> None:
        self.patch(fetching, "_PAGE", 2)
        paths = [f"{BOOK}{name}" for name in ("abcd1.ics", "none.ics", "abcd2.ics", "none.ics", "abcd1.ics")]
        answer = self.expect(207, "REPORT", BOOK, multiget(*paths))
        self.assertEqual(answer.body.count(b"<D:response>"), 3)
        self.patch(fetching, "PAGE_OCTETS", 1)
        other = f"{HOME}other/"
        self.expect(201, "MKCALENDAR", other)
        self.expect(201, "PUT", f"{other}x.ics", OBJECTS["abcd3.ics"])
        answer = self.expect(207, "REPORT", BOOK, multiget(paths[0], f"{other}x.ics", paths[2]))
        self.assertEqual(list(statuses(answer)), [paths[0], f"{other}x.ics", paths[2]])
        self.assertEqual(answer.body.count(b"BEGIN:VEVENT"), 5)
        limit(self, WebDav, maxResults=2)
        limited = self.expect(207, "REPORT", BOOK, multiget(*paths))
        self.assertEqual(statuses(limited)[BOOK], {"": 507})

    def test_an_answer_is_given_again_until_something_changes(self) -> None:
        asked = multiget(f"{BOOK}abcd1.ics")
        first = self.expect(207, "REPORT", BOOK, asked)
        self.assertEqual(self.expect(207, "REPORT", BOOK, asked).body, first.body)
        self.expect(204, "PUT", f"{BOOK}abcd1.ics", OBJECTS["abcd1.ics"].replace(b"Steelers", b"home"))
        self.assertIn(b"Go home!", self.expect(207, "REPORT", BOOK, asked).body)
