"""The data of an event can be asked for as a property too."""

from __future__ import annotations

from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.properties import calendar_data
from tests.codec.caldav.appendix_b import OBJECTS, event
from tests.dav.limits import limit
from tests.dav.world import ALICE, DavWorld, found, statuses

CALENDAR = f"/dav/cal/{ALICE}/default/"


class CalendarDataTests(DavWorld):
    def test_all_of_it_and_a_part(self) -> None:
        self.assertEqual(str(calendar_data.calendar_data.name), "A:calendar-data")
        path = f"{CALENDAR}a.ics"
        self.expect(201, "PUT", path, OBJECTS["abcd1.ics"])
        self.assertEqual(self.text(path, "A:calendar-data"), OBJECTS["abcd1.ics"].decode().replace("\r\n", "\n"))
        part = (
            '<A:calendar-data><A:comp name="VCALENDAR"><A:comp name="VEVENT"><A:prop name="UID"/></A:comp></A:comp>'
            "</A:calendar-data>"
        )
        answer = self.expect(207, "PROPFIND", CALENDAR, f"<D:propfind><D:prop>{part}</D:prop></D:propfind>", depth="1")
        text = found(answer)[path]["A:calendar-data"].text
        self.assertTrue(text.endswith("VEVENT\nUID:74855313FA803DA593CD579A@example.com\nEND:VEVENT\nEND:VCALENDAR\n"))
        self.assertNotIn("A:calendar-data", found(answer)[CALENDAR])

    def test_expanded_in_the_zone_of_the_calendar(self) -> None:
        self.expect(201, "PUT", f"{CALENDAR}a.ics", event("a", "DTSTART:20260701T003000", "RRULE:FREQ=DAILY"))
        zone = "<A:calendar-timezone-id>Europe/Berlin</A:calendar-timezone-id>"
        update = f"<D:propertyupdate><D:set><D:prop>{zone}</D:prop></D:set></D:propertyupdate>"
        self.expect(207, "PROPPATCH", CALENDAR, update)
        part = '<A:calendar-data><A:expand start="20260701T220000Z" end="20260702T220000Z"/></A:calendar-data>'
        body = f"<D:propfind><D:prop>{part}</D:prop></D:propfind>"
        answer = self.expect(207, "PROPFIND", f"{CALENDAR}a.ics", body, depth="0")
        self.assertIn(b"DTSTART:20260702T003000\n", answer.body.replace(b"\r", b""))
        self.assertEqual(answer.body.count(b"BEGIN:VEVENT"), 1)

    def test_who_has_too_many_instances_has_no_expanded_data(self) -> None:
        limit(self, Calendar, maxRecurrenceExpansions=5)
        for uid, count in (("a", 5), ("b", 6), ("c", 1)):
            octets = event(uid, "DTSTART:20260701T003000Z", f"RRULE:FREQ=DAILY;COUNT={count}")
            self.expect(201, "PUT", f"{CALENDAR}{uid}.ics", octets)
        part = '<A:calendar-data><A:expand start="20260701T000000Z" end="20270701T000000Z"/></A:calendar-data>'
        answer = self.expect(207, "PROPFIND", CALENDAR, f"<D:propfind><D:prop>{part}</D:prop></D:propfind>", depth="1")
        told = {path.rpartition("/")[2]: each["A:calendar-data"] for path, each in statuses(answer).items()}
        self.assertEqual(told, {"": 404, "a.ics": 200, "b.ics": 404, "c.ics": 200})
