"""Busy times are merged, sorted and told by type."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.free_busy import Busy, busy_of, busy_times, free_busy, merged
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.lines import Property
from tests.codec.caldav.appendix_b import OBJECTS, event

START, END = moment("20060102T000000Z"), moment("20060105T000000Z")


class FreeBusyTests(SynchronousTestCase):
    def times(self, octets: bytes) -> list[tuple[Busy, int, int]]:
        return list(busy_times(instances(read_calendar(octets)), START, END))

    def test_what_makes_busy(self) -> None:
        for lines, expected in (
            ((), Busy.BUSY),
            (("TRANSP:OPAQUE", "STATUS:CONFIRMED"), Busy.BUSY),
            (("TRANSP:transparent",), Busy.FREE),
            (("STATUS:TENTATIVE",), Busy.TENTATIVE),
            (("STATUS:CANCELLED",), Busy.FREE),
        ):
            component = read_calendar(event("a", *lines)).components[0]
            self.assertIs(busy_of(component), expected, lines)
        self.assertIs(busy_of(read_calendar(event("a", kind="VTODO")).components[0]), Busy.FREE)

    def test_of_events_and_of_stored_times(self) -> None:
        self.assertEqual([each[0] for each in self.times(OBJECTS["abcd2.ics"])], [Busy.BUSY] * 3)
        self.assertEqual([each[0] for each in self.times(OBJECTS["abcd3.ics"])], [Busy.TENTATIVE])
        self.assertEqual([each[0] for each in self.times(OBJECTS["abcd8.ics"])], [Busy.TENTATIVE, Busy.BUSY, Busy.BUSY])
        self.assertEqual(self.times(OBJECTS["abcd4.ics"]), [])
        free = event("a", "FREEBUSY;FBTYPE=FREE:20060102T100000Z/PT1H", kind="VFREEBUSY")
        self.assertEqual(self.times(free), [])

    def test_written(self) -> None:
        times = [
            (Busy.BUSY, START + 3600, START + 7200),
            (Busy.BUSY, START, START + 3600),
            (Busy.TENTATIVE, START, END),
        ]
        asked = Property.made("ATTENDEE", "mailto:a@example.com")
        text = free_busy((START, END), times, 0, method="REPLY", properties=[asked]).text()
        self.assertIn("METHOD:REPLY\r\nBEGIN:VFREEBUSY\r\nDTSTART:20060102T000000Z\r\nDTEND:20060105T000000Z\r\n", text)
        self.assertIn("DTSTAMP:19700101T000000Z\r\n", text)
        self.assertIn("FREEBUSY;FBTYPE=BUSY:20060102T000000Z/20060102T020000Z\r\n", text)
        self.assertIn("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060102T000000Z/20060105T000000Z\r\nATTENDEE", text)
        self.assertIn("BEGIN:VFREEBUSY\r\nEND:VFREEBUSY", free_busy(None, [], 0).text())

    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
    def test_merging_keeps_every_second_and_leaves_gaps(self, periods: list[tuple[int, int]]) -> None:
        found = merged(periods)
        covered = {second for start, end in periods for second in range(start, end)}
        self.assertEqual({second for start, end in found for second in range(start, end)}, covered)
        self.assertTrue(all(one[1] < other[0] for one, other in pairwise(found)))
