"""Busy times are those of the events, read where the index does not tell."""

from __future__ import annotations

from typing import Any

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.icalendar.timezones import UTC, Zone, iana_zone
from stalwart.errors import TooLarge
from stalwart.groupware.busy_times import calendar_times
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

    def test_a_series_with_more_times_than_are_reckoned(self) -> None:
        self.expect(201, "PUT", f"{CALENDAR}a.ics", event("a", "DTSTART:20260601T100000Z", "RRULE:FREQ=MINUTELY"))
        self.failureResultOf(
            self.store.read(
                lambda tx: list(
                    calendar_times(
                        tx, self.alice, tx.collections.of_type(self.alice, CALENDARS.type)[0].id, DAY, limit=9
                    )
                )
            ),
            TooLarge,
        )
