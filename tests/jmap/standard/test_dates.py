"""Date and UTCDate (RFC 8620 1.4)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.standard.dates import Date, UTCDate, utc_date
from stalwart.jmap.standard.scalars import Unfit


class DateTests(SynchronousTestCase):
    def test_utc_dates_are_brought_to_utc(self) -> None:
        for text, kept in (
            ("2014-10-30T06:12:00Z", "2014-10-30T06:12:00Z"),
            ("2014-10-30t06:12:00.25z", "2014-10-30T06:12:00Z"),
            ("2014-10-30T14:12:00+08:00", "2014-10-30T06:12:00Z"),
            ("2014-10-29T23:42:00-06:30", "2014-10-30T06:12:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ):
            self.assertEqual(UTCDate().read(text), kept)

    def test_dates_keep_their_offset(self) -> None:
        for text, kept in (
            ("2014-10-30T14:12:00+08:00", "2014-10-30T14:12:00+08:00"),
            ("2014-10-30T14:12:00.5-06:30", "2014-10-30T14:12:00-06:30"),
            ("2014-10-30T14:12:00Z", "2014-10-30T14:12:00Z"),
            ("2014-10-30T14:12:00+00:00", "2014-10-30T14:12:00+00:00"),
        ):
            self.assertEqual(Date().read(text), kept)

    def test_what_is_no_date(self) -> None:
        wrong: tuple[Any, ...] = (
            "2014-10-30",
            "2014-10-30T06:12:00",
            "2014-10-30 06:12:00Z",
            "2014-13-30T06:12:00Z",
            "2014-02-30T06:12:00Z",
            "2014-10-30T06:12:00+99:00",
            "0000-01-01T00:00:00Z",
            "٢٠١٤-10-30T06:12:00Z",
            "",
            7,
            None,
        )
        for each in wrong:
            for type in (Date(), UTCDate()):
                self.assertRaises(Unfit, type.read, each)

    def test_a_moment_before_the_first_year(self) -> None:
        self.assertRaises(Unfit, UTCDate().read, "0001-01-01T00:00:00+01:00")

    def test_seconds_outside_of_the_years(self) -> None:
        self.assertEqual(utc_date(253_402_387_139), "9999-12-31T23:59:59Z")
        self.assertEqual(utc_date(-(10**12)), "0001-01-01T00:00:00Z")

    @given(st.integers(0, 32_503_680_000))
    def test_seconds_as_text(self, seconds: int) -> None:
        self.assertEqual(UTCDate().read(utc_date(seconds)), utc_date(seconds))
