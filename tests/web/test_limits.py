"""Windows, rates and places."""

from __future__ import annotations

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces
from stalwart.errors import LimitExceeded, TooMany
from stalwart.web.limits import Limits, MemoryCounters, charge


@frozen
class Rate:
    count: int
    period: int


def account(number: int = 7, *permissions: str) -> Access:
    return Access(number, "a@example.test", None, frozenset(permissions))


class WindowTests(SynchronousTestCase):
    """Fixed windows aligned to the epoch."""

    def test_the_attempt_after_the_last_allowed_one_waits_for_the_window(self) -> None:
        counters = MemoryCounters()
        self.assertEqual([charge(counters, "s", "k", Rate(2, 60_000), 130.9) for _ in range(3)], [None, None, 50])

    def test_windows_begin_at_multiples_of_their_period(self) -> None:
        counters = MemoryCounters()
        charge(counters, "s", "k", Rate(1, 60_000), 119)
        self.assertIsNone(charge(counters, "s", "k", Rate(1, 60_000), 120))

    def test_refused_attempts_count(self) -> None:
        counters = MemoryCounters()
        for _ in range(5):
            charge(counters, "s", "k", Rate(1, 60_000), 0)
        self.assertEqual(charge(counters, "s", "k", Rate(5, 60_000), 0), 60)

    def test_a_period_below_a_second_is_a_second(self) -> None:
        counters = MemoryCounters()
        charge(counters, "s", "k", Rate(1, 10), 5.1)
        self.assertEqual(charge(counters, "s", "k", Rate(1, 10), 5.9), 1)

    def test_keys_and_spaces_are_counted_apart(self) -> None:
        counters = MemoryCounters()
        self.assertEqual([counters.increment(*at, 1) for at in (("a", 1), ("a", 2), ("b", 1), ("a", 1))], [1, 1, 1, 2])

    def test_a_window_holds_a_bounded_number_of_keys(self) -> None:
        counters = MemoryCounters(max_keys=3)
        for key in range(10):
            counters.increment("s", key, 1)
        self.assertEqual(counters.increment("s", 9, 1), 2)
        self.assertEqual(counters.increment("s", 0, 1), 1)

    def test_forms_are_counted_apart_and_told_without_headers(self) -> None:
        limits, rate = Limits(), Rate(1, 60_000)
        limits.anonymous("192.0.2.1", rate, 0)
        limits.form("192.0.2.1", rate, 0)
        refused = self.assertRaises(TooMany, limits.form, "192.0.2.1", rate, 0)
        self.assertEqual(refused.headers, {})
        limits.form("192.0.2.1", rate, 60)

    def test_reset_lets_everybody_begin_anew(self) -> None:
        limits, rate = Limits(), Rate(1, 60_000)
        limits.anonymous("192.0.2.1", rate, 0)
        self.assertRaises(TooMany, limits.anonymous, "192.0.2.1", rate, 0)
        limits.reset()
        limits.anonymous("192.0.2.1", rate, 0)
        self.assertRaises(TooMany, limits.anonymous, "192.0.2.1", rate, 0)

    def test_the_window_before_is_forgotten(self) -> None:
        counters = MemoryCounters()
        counters.increment("s", "k", 1)
        self.assertEqual(counters.increment("s", "k", 2), 1)


class LimitTests(SynchronousTestCase):
    """What requests run into."""

    def test_an_address_over_its_rate_gets_the_headers(self) -> None:
        limits = Limits()
        limits.anonymous("192.0.2.1", Rate(1, 60_000), 18)
        error = self.assertRaises(TooMany, limits.anonymous, "192.0.2.1", Rate(1, 60_000), 18)
        expected = {"Retry-After": "42", "RateLimit-Policy": '"requests";q=1', "RateLimit": '"requests";r=0;t=42'}
        self.assertEqual(error.headers, expected)

    def test_an_account_over_its_rate_is_refused(self) -> None:
        limits = Limits()
        limits.authenticated(account(), Rate(1, 60_000), 0)
        self.assertRaises(TooMany, limits.authenticated, account(), Rate(1, 60_000), 0)

    def test_unlimited_requests_lifts_rate_and_places(self) -> None:
        limits, free = Limits(), account(7, "unlimitedRequests")
        for _ in range(3):
            limits.authenticated(free, Rate(1, 60_000), 0)
            limits.enter(free, 1)

    def test_places_are_counted_for_each_account(self) -> None:
        limits = Limits()
        limits.enter(account(1), 1)
        limits.enter(account(2), 1)
        error = self.assertRaises(LimitExceeded, limits.enter, account(1), 1)
        self.assertEqual(error.limit, "maxConcurrentRequests")
        expected = {
            "RateLimit-Policy": '"concurrent-requests";q=1;qu="concurrent-requests"',
            "RateLimit": '"concurrent-requests";r=0',
        }
        self.assertEqual(error.headers, expected)

    def test_a_place_given_back_can_be_taken(self) -> None:
        limits = Limits()
        limits.leave(limits.enter(account(), 1))
        limits.enter(account(), 1)

    def test_those_who_share_counters_and_places_share_limits(self) -> None:
        counters, places, rate = MemoryCounters(), MemoryPlaces(), Rate(1, 60_000)
        one, other = Limits(counters, places), Limits(counters, places)
        one.anonymous("192.0.2.1", rate, 0)
        self.assertRaises(TooMany, other.anonymous, "192.0.2.1", rate, 0)
        place = one.enter(account(), 1)
        self.assertRaises(LimitExceeded, other.enter, account(), 1)
        other.reset()  # places that are taken stay taken
        one.anonymous("192.0.2.1", rate, 0)
        self.assertRaises(LimitExceeded, other.enter, account(), 1)
        one.leave(place)
        other.enter(account(), 1)

    def test_unlimited_requests_take_places_too(self) -> None:
        limits = Limits()
        place = limits.enter(account(7, "unlimitedRequests"), 1)
        self.assertRaises(LimitExceeded, limits.enter, account(7), 1)
        limits.leave(place)
        limits.enter(account(7), 1)

    def test_other_things_that_run_for_the_account_take_no_place_of_a_request(self) -> None:
        places = MemoryPlaces()
        places.take("uploads", 7, None)
        Limits(places=places).enter(account(7), 1)
        self.assertEqual((places.taken("uploads", 7), places.taken("requests", 7)), (1, 1))
