"""Rows of events have what was asked for, and end where there are too many instances."""

from __future__ import annotations

from stalwart.codec.caldav.conditions import CalendarData, TimeRange
from stalwart.codec.dav.names import name
from stalwart.codec.dav.property_request import CALENDAR_DATA, PropertyRequest
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.events import EventRows, TooManyInstances
from tests.codec.caldav.appendix_b import event
from tests.dav.limits import limit
from tests.dav.world import ALICE, DavWorld

PATH = f"/dav/cal/{ALICE}/default/a.ics"


class EventRowsTests(DavWorld):
    def test_data_are_given_only_where_they_are_wanted(self) -> None:
        for names, expected in (((CALENDAR_DATA,), True), ((name("D:getetag"),), False)):
            rows = EventRows(None, PropertyRequest("prop", names))  # type: ignore[arg-type]
            self.assertEqual(rows.wants_octets, expected)

    def test_instances_are_counted_over_all_events(self) -> None:
        self.assertTrue(issubclass(TooManyInstances, Exception))
        within = CalendarData(expand=TimeRange(0, 1))
        self.assertEqual(EventRows(None, PropertyRequest("prop", (), within)).instances, 0)  # type: ignore[arg-type]
        limit(self, Calendar, maxRecurrenceExpansions=5)
        for uid in "ab":
            octets = event(uid, "DTSTART:20260701T100000Z", "RRULE:FREQ=DAILY;COUNT=3")
            self.expect(201, "PUT", PATH.replace("a.ics", f"{uid}.ics"), octets)
        expand = '<A:calendar-data><A:expand start="20260701T000000Z" end="20270101T000000Z"/></A:calendar-data>'
        filter = '<A:filter><A:comp-filter name="VCALENDAR"/></A:filter>'
        body = f"<A:calendar-query><D:prop>{expand}</D:prop>{filter}</A:calendar-query>"
        answer = self.expect(207, "REPORT", f"/dav/cal/{ALICE}/default/", body)
        self.assertEqual(answer.body.count(b"BEGIN:VEVENT"), 3)
        self.assertIn(b"The number of recurrence instances exceeds the limit of 5", answer.body)
