"""Busy times are those of the events, read where the index does not tell."""

from __future__ import annotations

from typing import Any

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.icalendar.timezones import UTC, Zone, iana_zone
from stalwart.groupware import busy_times
from stalwart.groupware.busy_times import Allowance, calendar_times
from stalwart.groupware.kinds import CALENDARS
from stalwart.store import Transaction
from tests.codec.caldav.appendix_b import event
from tests.dav.world import ALICE, DavWorld

CALENDAR = f"/dav/cal/{ALICE}/default/"
DAY = moment("20260701T000000Z"), moment("20260702T000000Z")


class BusyTimesTests(DavWorld):
    def times(self, zone: Zone = UTC, **given: Any) -> list[tuple[Busy, int, int]]:
        def work(tx: Transaction) -> list[tuple[Busy, int, int]]:
            (calendar,) = tx.collections.of_type(self.alice, CALENDARS.type)
            return sorted(calendar_times(tx, self.alice, calendar.id, DAY, zone, **given))

        return list(self.successResultOf(self.store.read(work)))

    def test_told_by_the_index_and_read(self) -> None:
        self.expect(201, "PUT", f"{CALENDAR}a.ics", event("a", "DTSTART:20260701T100000Z", "DURATION:PT1H"))
        floating = event("b", "DTSTART:20260701T120000", "DURATION:PT1H", "STATUS:TENTATIVE")
        self.expect(201, "PUT", f"{CALENDAR}b.ics", floating)
        self.expect(201, "PUT", f"{CALENDAR}c.ics", event("c", "DTSTART:20260701T100000Z", "TRANSP:TRANSPARENT"))
        self.expect(201, "PUT", f"{CALENDAR}d.ics", event("d", "DUE:20260701T100000Z", kind="VTODO"))
        ten, berlin = moment("20260701T100000Z"), iana_zone("Europe/Berlin")
        assert berlin is not None
        busy = Busy.BUSY, ten, ten + 3600
        self.assertEqual(self.times(), [busy, (Busy.TENTATIVE, ten + 7200, ten + 10_800)])
        self.assertEqual(self.times(berlin), [busy, (Busy.TENTATIVE, ten, ten + 3600)])

    def test_what_is_left_of_a_series_with_more_times_than_are_reckoned_may_be_busy(self) -> None:
        rules = ("DURATION:PT1M", "RRULE:FREQ=HOURLY")  # times that float are not known without reading
        self.expect(201, "PUT", f"{CALENDAR}a.ics", event("a", "DTSTART:20260630T000000", *rules))
        self.expect(201, "PUT", f"{CALENDAR}b.ics", event("b", "DTSTART:20260701T200000Z", "DURATION:PT1H"))
        free = event("c", "DTSTART:20260630T000000", "TRANSP:TRANSPARENT", *rules)
        self.expect(201, "PUT", f"{CALENDAR}c.ics", free)
        start, end = DAY
        other = Busy.BUSY, start + 20 * 3600, start + 21 * 3600
        every = [(Busy.BUSY, at, at + 60) for at in range(start, end, 3600)]
        self.assertEqual(self.times(), sorted([*every, other]))
        self.assertEqual(
            self.times(limit=27),  # of which those of the day before are 24
            [*every[:3], other, (Busy.TENTATIVE, start + 7200, end)],
        )

    def test_a_question_has_an_end(self) -> None:
        for hour in range(5):
            octets = event(f"{hour}", f"DTSTART:20260701T0{hour}0000Z", "DURATION:PT1H")
            self.expect(201, "PUT", f"{CALENDAR}{hour}.ics", octets)
        allowance = Allowance(3)
        self.assertEqual([busy for busy, _, _ in self.times(allowance=allowance)], [*[Busy.BUSY] * 3, Busy.TENTATIVE])
        self.assertTrue(allowance.is_spent)
        self.assertEqual(self.times(allowance=allowance), [(Busy.TENTATIVE, *DAY)])

    def test_not_many_objects_are_read_that_have_too_many_times(self) -> None:
        for number in range(5):
            rules = ("DTSTART:20260630T000000", "RRULE:FREQ=MINUTELY", "DURATION:PT1S")
            self.expect(201, "PUT", f"{CALENDAR}{number}.ics", event(f"{number}", *rules))
        made: list[int] = []
        before = busy_times.instances
        self.patch(busy_times, "instances", lambda *args, **given: made.append(1) or before(*args, **given))
        self.assertIn((Busy.TENTATIVE, *DAY), self.times(limit=9, allowance=Allowance(cut=2)))
        self.assertEqual(len(made), 2)
