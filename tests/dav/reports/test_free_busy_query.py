"""free-busy-query tells when, and nothing else (RFC 4791 7.10, spec/dav.md 5.4)."""

from __future__ import annotations

from stalwart.codec.dav.calendar_reports import FreeBusyQuery
from stalwart.dav.reports import free_busy_query
from tests.codec.caldav.appendix_b import OBJECTS, event
from tests.dav.world import ALICE, BOB, DavWorld

CALENDAR = f"/dav/cal/{ALICE}/default/"
WEEK = '<A:free-busy-query><A:time-range start="20060102T000000Z" end="20060109T000000Z"/></A:free-busy-query>'


class FreeBusyQueryTests(DavWorld):
    def lines(self, asked: str = WEEK, status: int = 200) -> list[str]:
        answer = self.expect(status, "REPORT", CALENDAR, asked)
        self.assertEqual(answer.headers["content-type"], "text/calendar; charset=utf-8")
        return answer.body.decode().replace("\r\n ", "").split("\r\n")

    def test_the_appendix(self) -> None:
        self.assertIs(free_busy_query.free_busy_query.asked, FreeBusyQuery)
        for name, octets in OBJECTS.items():
            self.expect(201, "PUT", f"{CALENDAR}{name}", octets)
        told = self.lines()
        self.assertIn("DTSTART:20060102T000000Z", told)
        busy, tentative, unavailable = (each for each in told if each.startswith("FREEBUSY"))
        self.assertEqual(
            busy,
            "FREEBUSY;FBTYPE=BUSY:20060102T150000Z/20060102T160000Z,20060102T170000Z/20060102T180000Z,"
            "20060103T100000Z/20060103T120000Z,20060103T170000Z/20060103T180000Z,20060104T100000Z/20060104T120000Z,"
            "20060104T190000Z/20060104T200000Z,20060105T170000Z/20060105T180000Z,20060106T100000Z/20060106T120000Z,"
            "20060106T190000Z/20060106T200000Z",
        )
        self.assertEqual(
            tentative,
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060102T100000Z/20060102T120000Z,20060104T150000Z/20060104T160000Z",
        )
        self.assertEqual(unavailable, "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20060105T100000Z/20060105T120000Z")

    def test_places_and_ranges(self) -> None:
        self.expect(201, "PUT", f"{CALENDAR}a.ics", OBJECTS["abcd1.ics"])
        self.expect(405, "REPORT", f"{CALENDAR}a.ics", WEEK)
        self.expect(405, "REPORT", f"/dav/cal/{ALICE}/", WEEK)
        self.expect(404, "REPORT", f"/dav/cal/{ALICE}/none/", WEEK)
        self.expect(403, "REPORT", f"/dav/cal/{BOB}/default/", WEEK)
        self.expect(405, "REPORT", f"/dav/card/{ALICE}/default/", WEEK)
        nothing = self.lines("<A:free-busy-query/>")
        self.assertEqual(nothing[-4:-1], ["BEGIN:VFREEBUSY", "END:VFREEBUSY", "END:VCALENDAR"])
        open_ = self.lines('<A:free-busy-query><A:time-range start="20060101T000000Z"/></A:free-busy-query>')
        self.assertIn("DTEND:99991231T235959Z", open_)
        self.assertIn("FREEBUSY;FBTYPE=BUSY:20060102T150000Z/20060102T160000Z", open_)

    def test_one_series_with_too_many_times_hides_no_others(self) -> None:
        rules = ("DURATION:PT30S", "RRULE:FREQ=MINUTELY")
        self.expect(201, "PUT", f"{CALENDAR}a.ics", event("a", "DTSTART:20060101T000000Z", *rules))
        self.expect(201, "PUT", f"{CALENDAR}b.ics", event("b", "DTSTART:20060108T100000Z", "DURATION:PT1H"))
        busy, tentative = (each for each in self.lines() if each.startswith("FREEBUSY"))
        self.assertTrue(busy.startswith("FREEBUSY;FBTYPE=BUSY:20060102T000000Z/20060102T000030Z,"))
        self.assertTrue(busy.endswith(",20060108T100000Z/20060108T110000Z"))
        rest, _, end = tentative.partition("Z/")
        self.assertTrue(rest.startswith("FREEBUSY;FBTYPE=BUSY-TENTATIVE:200601"))
        self.assertEqual(end, "20060109T000000Z")
