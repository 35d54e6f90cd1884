"""Times, durations and Ids of JSCalendar."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.values import FIRST, LAST, Duration, MalformedValue
from stalwart.codec.jscalendar.values import (
    ID,
    derived_id,
    duration,
    duration_text,
    local_seconds,
    local_text,
    utc_seconds,
    utc_text,
)


class ValueTests(SynchronousTestCase):
    @given(st.integers(FIRST, LAST))
    def test_times_come_back(self, seconds: int) -> None:
        self.assertEqual(local_seconds(local_text(seconds)), seconds)
        self.assertEqual(utc_seconds(utc_text(seconds)), seconds)

    @given(st.integers(0, 9999), st.integers(0, 10**6), st.booleans())
    def test_durations_come_back(self, days: int, seconds: int, is_negative: bool) -> None:
        sign = -1 if is_negative else 1
        given = Duration(sign * days, sign * seconds)
        self.assertEqual(duration(duration_text(given)), given)

    def test_forms_of_durations(self) -> None:
        self.assertEqual(duration_text(duration("P2W")), "P14D")
        self.assertEqual(duration_text(duration("PT90M")), "PT1H30M")
        self.assertEqual(duration_text(duration("-PT0S")), "PT0S")

    def test_what_is_no_value(self) -> None:
        for text in ("2020-01-01", "2020-02-30T00:00:00", "2020-01-01T24:00:00", "2020-01-01T00:00:00.5", ""):
            self.assertRaises(MalformedValue, local_seconds, text)
        for text in ("2020-01-01T00:00:00", "2020-01-01T00:00:00+00:00", ""):
            self.assertRaises(MalformedValue, utc_seconds, text)
        for text in ("P", "PT", "1H", "PT1.5S", "P999999999W", "P1DT", ""):
            self.assertRaises(MalformedValue, duration, text)
        self.assertRaises(MalformedValue, local_text, LAST + 1)

    def test_derived_ids_are_ids(self) -> None:
        self.assertIsNotNone(ID.match(derived_id("mailto:a@b", "\ud800")))
        self.assertNotEqual(derived_id("a", "b"), derived_id("ab"))
