"""When certificates are due, and how long a failed attempt rests."""

from __future__ import annotations

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.tls.due import DAY, HOUR, MINUTE, pause_after, renewal_moment, suggested_moment


@frozen
class Suggested:
    """A window."""

    start: float
    end: float


class MomentTests(SynchronousTestCase):
    def test_shares_of_the_lifetime(self) -> None:
        found = {share: renewal_moment(0, 90 * DAY, share, lambda: 0.0) / DAY for share in ("R12", "R23", "R34", "R45")}
        self.assertEqual(found, {"R12": 45, "R23": 60, "R34": 67.5, "R45": 72})

    def test_six_days_leave_two(self) -> None:
        self.assertEqual(renewal_moment(0, 6 * DAY, "R23", lambda: 0.0), 4 * DAY)

    def test_renewals_are_spread_and_never_late(self) -> None:
        early, late = (renewal_moment(0, 90 * DAY, "R23", lambda n=n: n) for n in (1.0, 0.0))
        self.assertAlmostEqual((late - early) / DAY, 1.8)
        self.assertEqual(late, 60 * DAY)

    def test_a_moment_in_the_window_stays(self) -> None:
        self.assertEqual(suggested_moment(15, Suggested(10, 20), lambda: 0.9), 15)

    def test_a_moment_outside_is_drawn_anew(self) -> None:
        self.assertEqual(suggested_moment(5, Suggested(10, 20), lambda: 0.5), 15)
        self.assertEqual(suggested_moment(500, Suggested(10, 10), lambda: 0.5), 10)

    @given(st.integers(0, 2**32), st.integers(0, 2**32), st.floats(0, 1), st.sampled_from(["R12", "R45"]))
    def test_it_lies_within_the_lifetime(self, one: int, other: int, chance: float, share: str) -> None:
        begin, end = sorted((one, other))
        self.assertTrue(begin <= renewal_moment(begin, end, share, lambda: chance) <= end)


class PauseTests(SynchronousTestCase):
    def test_a_minute_doubling_up_to_a_day(self) -> None:
        found = [pause_after(attempts, None, lambda: 1.0) / MINUTE for attempts in (1, 2, 3, 11, 12, 400)]
        self.assertEqual(found, [1, 2, 4, 1024, 1440, 1440])

    def test_half_of_it_is_random_from_the_second_on(self) -> None:
        self.assertEqual(pause_after(1, None, lambda: 0.0), MINUTE)
        self.assertEqual(pause_after(2, None, lambda: 0.0), MINUTE)

    def test_attempts_are_left_before_the_end_of_what_is_served(self) -> None:
        self.assertEqual(pause_after(12, DAY, lambda: 1.0), DAY / 8)
        self.assertEqual(pause_after(12, 300, lambda: 1.0), MINUTE)

    def test_what_has_ended_is_tried_every_hour(self) -> None:
        self.assertEqual([pause_after(attempts, -5, lambda: 1.0) for attempts in (1, 12, 400)], [MINUTE, HOUR, HOUR])
