"""Retry-After and the dates of HTTP."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.retry_after import http_date, seconds_to_wait

NOW = 1_795_253_400.0  # 2026-11-21T09:30:00Z


class RetryAfterTests(SynchronousTestCase):
    def test_retry_after(self) -> None:
        table = {
            "0": 0.0,
            " 120 ": 120.0,
            "9999999": 300.0,
            "Sat, 21 Nov 2026 09:31:00 GMT": 60.0,
            "Sat, 21 Nov 2026 09:29:00 GMT": 0.0,
            "-5": None,
            "soon": None,
            "": None,
        }
        self.assertEqual({field: seconds_to_wait(field, NOW, 300.0) for field in table}, table)

    @given(st.text(max_size=60))
    def test_any_retry_after(self, field: str) -> None:
        wait = seconds_to_wait(field, NOW, 300.0)
        self.assertTrue(wait is None or 0 <= wait <= 300)

    def test_no_field(self) -> None:
        self.assertIsNone(seconds_to_wait(None, NOW, 300.0))

    def test_dates_are_in_gmt_even_if_they_do_not_say_so(self) -> None:
        self.assertEqual(http_date("Sat, 21 Nov 2026 09:30:00"), NOW)
        self.assertEqual(http_date("Sat, 21 Nov 2026 09:30:00 GMT"), NOW)
        self.assertIsNone(http_date(None))
        self.assertIsNone(http_date("x" * 100))
