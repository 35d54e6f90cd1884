"""Rows of events have what was asked for, and end where there are too many instances."""

from __future__ import annotations

from stalwart.codec.caldav.conditions import CalendarData, TimeRange
from stalwart.codec.dav.names import name
from stalwart.codec.dav.property_request import CALENDAR_DATA, PropertyRequest
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav import events
from stalwart.dav.events import EventRows, TooManyInstances
from tests.codec.caldav.appendix_b import event
from tests.dav.limits import limit
from tests.dav.world import ALICE, DavWorld, statuses
from tests.web.client import Response

PATH = f"/dav/cal/{ALICE}/default/a.ics"


class EventRowsTests(DavWorld):
    def test_data_are_given_only_where_they_are_wanted(self) -> None:
        for names, expected in (((CALENDAR_DATA,), True), ((name("D:getetag"),), False)):
            rows = EventRows(None, PropertyRequest("prop", names))  # type: ignore[arg-type]
            self.assertEqual(rows.wants_octets, expected)

    def asked(self, *uids: str, summary: str = "") -> Response:
        """What a query finds of events that recur so many times: ``a3`` three times."""
        for uid in uids:
            octets = event(uid, "DTSTART:20260701T100000Z", f"RRULE:FREQ=DAILY;COUNT={uid[1:]}", f"SUMMARY:{summary}")
            self.expect(201, "PUT", PATH.replace("a.ics", f"{uid}.ics"), octets)
        expand = '<A:calendar-data><A:expand start="20260701T000000Z" end="20270101T000000Z"/></A:calendar-data>'
        filter = '<A:filter><A:comp-filter name="VCALENDAR"/></A:filter>'
        body = f"<A:calendar-query><D:prop>{expand}</D:prop>{filter}</A:calendar-query>"
        return self.expect(207, "REPORT", f"/dav/cal/{ALICE}/default/", body)

    def told(self, answer: Response) -> list[tuple[str, int]]:
        """The names, and their status."""
        return [(path.rpartition("/")[2], *each.values()) for path, each in statuses(answer).items()]

    def test_instances_are_counted_over_all_events(self) -> None:
        self.assertTrue(issubclass(TooManyInstances, Exception))
        within = CalendarData(expand=TimeRange(0, 1))
        self.assertEqual(EventRows(None, PropertyRequest("prop", (), within)).instances, 0)  # type: ignore[arg-type]
        limit(self, Calendar, maxRecurrenceExpansions=5)
        answer = self.asked("a3", "b3", "c2", "d1", "e1")
        self.assertEqual(self.told(answer), [("a3.ics", 200), ("b3.ics", 507), ("c2.ics", 200), ("", 507)])
        self.assertEqual(answer.body.count(b"BEGIN:VEVENT"), 5)
        self.assertIn(b"<D:number-of-matches-within-limits/>", answer.body)
        self.assertIn(b"The number of recurrence instances exceeds the limit of 5", answer.body)

    def test_one_event_with_too_many_instances_hides_no_others(self) -> None:
        limit(self, Calendar, maxRecurrenceExpansions=5)
        answer = self.asked("a1", "b6", "c4")
        self.assertEqual(self.told(answer), [("a1.ics", 200), ("b6.ics", 507), ("c4.ics", 200)])

    def test_a_report_ends_where_much_was_reckoned_for_nothing(self) -> None:
        self.patch(events, "_MOST_LEFT_OUT", 2)
        limit(self, Calendar, maxRecurrenceExpansions=5)
        answer = self.asked("a6", "b1", "c6", "d6", "e1")
        self.assertEqual(self.told(answer), [("a6.ics", 507), ("b1.ics", 200), ("c6.ics", 507), ("", 507)])

    def test_what_instances_hold_is_bounded_too(self) -> None:
        self.patch(events, "MOST_OCTETS", 5000)
        answer = self.asked("a2", "b4", "c2", summary="x" * 1000)
        self.assertEqual(self.told(answer), [("a2.ics", 200), ("b4.ics", 507), ("c2.ics", 200)])
