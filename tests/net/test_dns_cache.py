"""The cache: how long, how much, how often it asks, and what a hit costs."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.dns import Answer, LookupFailed
from stalwart.net.dns_cache import CachingResolver
from tests.net.fake_dns import FakeResolver


class CacheCase(SynchronousTestCase):
    """A cache in front of a table."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.zone: dict[tuple[str, str], Any] = {("a.test", "A"): ["192.0.2.1"], ("a.test", "MX"): []}
        self.make()

    def make(self, ttl: int = 300, **options: int) -> None:
        self.fake = FakeResolver(self.zone, ttl=ttl)
        self.cache = CachingResolver(self.fake, self.clock, **options)

    def look(self, name: str = "a.test", rtype: str = "A") -> Deferred[Answer]:
        return Deferred.fromCoroutine(self.cache.lookup(name, rtype))

    def found(self, name: str = "a.test", rtype: str = "A") -> Answer:
        return self.successResultOf(self.look(name, rtype))

    def failed(self, name: str = "a.test", rtype: str = "MX") -> LookupFailed:
        failure: Any = self.failureResultOf(self.look(name, rtype), LookupFailed).value
        return failure


class Keeping(CacheCase):
    """Positive answers."""

    def test_second_lookup_is_not_asked(self) -> None:
        self.found()
        self.found()
        self.assertEqual(len(self.fake.asked), 1)

    def test_spelling_does_not_matter(self) -> None:
        self.found("a.test")
        self.found("A.Test.")
        self.assertEqual(len(self.fake.asked), 1)

    def test_two_dots_at_the_end_are_not_a_spelling(self) -> None:
        self.found("a.test")
        self.assertEqual(self.failed("a.test..", "A").kind, "nxdomain")

    def test_types_are_kept_apart(self) -> None:
        self.found()
        self.assertEqual(self.failed().kind, "nodata")

    def test_hit_is_the_same_object_within_a_second(self) -> None:
        self.found()
        self.clock.advance(0.5)
        first = self.found()
        self.clock.advance(0.1)
        self.assertIs(self.found(), first)

    def test_ttl_counts_down_and_records_are_shared(self) -> None:
        first = self.found()
        self.clock.advance(100)
        second = self.found()
        self.assertEqual((first.ttl, second.ttl), (300, 200))
        self.assertIs(first.records, second.records)

    def test_expired_answer_is_asked_again(self) -> None:
        self.found()
        self.clock.advance(300)
        self.found()
        self.assertEqual(len(self.fake.asked), 2)

    def test_ttl_of_zero_is_not_kept(self) -> None:
        self.make(ttl=0)
        self.found()
        self.assertEqual(len(self.cache), 0)

    def test_short_ttl_can_be_raised(self) -> None:
        self.make(ttl=0, min_ttl=10)
        self.found()
        self.clock.advance(9)
        self.found()
        self.assertEqual(len(self.fake.asked), 1)

    def test_long_ttl_is_bounded(self) -> None:
        self.make(ttl=10**9)
        self.found()
        self.clock.advance(86_400)
        self.found()
        self.assertEqual(len(self.fake.asked), 2)

    def test_clear_forgets(self) -> None:
        self.found()
        self.cache.clear()
        self.found()
        self.assertEqual(len(self.fake.asked), 2)


class Denying(CacheCase):
    """Negative answers and failures."""

    def deny(self, kind: Any, ttl: int) -> None:
        self.zone["a.test", "MX"] = LookupFailed(kind, "no", ttl=ttl)
        self.make()

    def asked_after(self, seconds: float) -> int:
        self.failed()
        self.clock.advance(seconds)
        self.failed()
        return len(self.fake.asked)

    def test_denial_is_kept(self) -> None:
        self.deny("nxdomain", 60)
        self.assertEqual(self.asked_after(59), 1)

    def test_denial_expires(self) -> None:
        self.deny("nodata", 60)
        self.assertEqual(self.asked_after(60), 2)

    def test_denial_is_kept_five_minutes_at_most(self) -> None:
        self.deny("nxdomain", 3600)
        self.assertEqual(self.asked_after(300), 2)

    def test_denial_without_a_time_is_not_kept(self) -> None:
        self.deny("nodata", 0)
        self.assertEqual(self.asked_after(0), 2)

    def test_failure_of_a_server_is_not_kept(self) -> None:
        self.deny("servfail", 60)
        self.assertEqual(self.asked_after(0), 2)

    def test_each_failure_is_a_new_exception(self) -> None:
        self.deny("nxdomain", 60)
        self.assertIsNot(self.failed(), self.failed())


class Bounds(CacheCase):
    """Size."""

    def test_oldest_goes_first(self) -> None:
        for name in "abc":
            self.zone[f"{name}.test", "A"] = ["192.0.2.1"]
        self.make(max_entries=2)
        self.found("a.test")
        self.found("b.test")
        self.found("a.test")
        self.found("c.test")
        self.found("a.test")
        self.assertEqual(len(self.fake.asked), 3)
        self.found("b.test")
        self.assertEqual(len(self.fake.asked), 4)

    def test_octets_are_bounded(self) -> None:
        for number in range(100):
            self.zone[f"n{number}.test", "TXT"] = ["x" * 1000]
        self.make(max_octets=40_000)
        for number in range(100):
            self.found(f"n{number}.test", "TXT")
        self.assertLess(len(self.cache), 30)
        self.assertGreater(len(self.cache), 10)

    def test_answer_that_would_crowd_out_all_others_is_not_kept(self) -> None:
        self.zone["big.test", "TXT"] = ["x" * 60_000]
        self.make(max_octets=100_000)
        self.found("big.test", "TXT")
        self.assertEqual(len(self.cache), 0)


class Sharing(CacheCase):
    """Several lookups of one name at a time."""

    def setUp(self) -> None:
        super().setUp()
        self.cancelled = 0
        self.pending: Deferred[list[str]] = Deferred(self.note)
        self.zone["slow.test", "A"] = self.pending
        self.make()

    def note(self, _: object) -> None:
        self.cancelled += 1

    def test_question_is_asked_once(self) -> None:
        first, second = self.look("slow.test"), self.look("SLOW.test.")
        self.pending.callback(["192.0.2.1"])
        self.assertEqual(self.successResultOf(first), self.successResultOf(second))
        self.assertEqual(len(self.fake.asked), 1)

    def test_cancelled_waiter_leaves_the_others(self) -> None:
        first, second = self.look("slow.test"), self.look("slow.test")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.pending.callback(["192.0.2.1"])
        self.assertEqual(self.successResultOf(second).records, ("192.0.2.1",))

    def test_last_cancelled_waiter_ends_the_question(self) -> None:
        first, second = self.look("slow.test"), self.look("slow.test")
        first.cancel()
        second.cancel()
        self.failureResultOf(first, CancelledError)
        self.failureResultOf(second, CancelledError)
        self.assertEqual((self.cancelled, len(self.cache)), (1, 0))
