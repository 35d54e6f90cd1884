"""The pool: how many connections there are, which are used again, and what becomes of broken ones."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net import ldap_pool
from stalwart.net.ldap_dialogue import LdapFailed
from stalwart.net.ldap_pool import RESTED, LdapPool, PoolLimits


class FakeConnection:
    """A connection without a server; ``trouble`` is what probing raises."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.is_open = True
        self.probes = 0
        self.trouble: Exception | None = None

    async def probe(self, timeout: float) -> None:
        self.probes += 1
        if self.trouble is not None:
            raise self.trouble

    def close(self) -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False


class PoolTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.made: list[FakeConnection] = []
        self.opening: list[Deferred[None]] = []
        self.slow = False
        self.limit(most=2)

    def limit(self, **limits: Any) -> None:
        ready: Any = lambda: self.open("ready")  # noqa: E731
        bare: Any = lambda: self.open("bare")  # noqa: E731
        self.pool = LdapPool(self.clock, ready, bare, PoolLimits(**limits))

    async def open(self, kind: str) -> FakeConnection:
        if self.slow:
            self.opening.append(Deferred())
            await self.opening[-1]
        self.made.append(FakeConnection(kind))
        return self.made[-1]

    def run_(self, work: Any = None) -> Deferred[Any]:
        """What comes of ``work``, by default the connection itself."""

        async def same(connection: Any) -> Any:
            return connection

        return Deferred.fromCoroutine(self.pool.run(work or same))

    def hold(self, how: Any = None) -> tuple[Deferred[Any], Deferred[Any]]:
        """Use a connection until the first of the two is fired."""
        held: Deferred[Any] = Deferred()

        async def wait(connection: Any) -> Any:
            return await held

        return held, Deferred.fromCoroutine((how or self.pool.run)(wait))

    def fails_with(self, kind: Any) -> Deferred[Any]:
        async def fail(connection: Any) -> Any:
            raise LdapFailed("it went wrong", kind)

        return self.run_(fail)

    def test_connection_is_used_again(self) -> None:
        first = self.successResultOf(self.run_())
        self.assertIs(self.successResultOf(self.run_()), first)
        self.assertEqual([each.kind for each in self.made], ["ready"])

    def test_closed_connection_is_replaced(self) -> None:
        self.successResultOf(self.run_()).is_open = False
        self.assertIs(self.successResultOf(self.run_()), self.made[1])

    def test_rested_connection_is_tried_first(self) -> None:
        first = self.successResultOf(self.run_())
        self.clock.advance(RESTED)
        self.assertIs(self.successResultOf(self.run_()), first)
        self.assertEqual(first.probes, 1)

    def test_rested_connection_that_does_not_answer_is_replaced(self) -> None:
        first = self.successResultOf(self.run_())
        first.trouble = LdapFailed("silence", "timeout")
        self.clock.advance(RESTED)
        self.assertIsNot(self.successResultOf(self.run_()), first)
        self.assertFalse(first.is_open)

    def test_work_is_done_again_if_a_used_connection_breaks(self) -> None:
        first = self.successResultOf(self.run_())

        async def work(connection: Any) -> Any:
            if connection is first:
                raise LdapFailed("gone", "closed")
            return connection

        self.assertIs(self.successResultOf(self.run_(work)), self.made[1])
        self.assertFalse(first.is_open)

    def test_work_is_not_done_again_on_a_new_connection(self) -> None:
        self.failureResultOf(self.fails_with("closed"), LdapFailed)
        self.assertEqual(len(self.made), 1)

    def test_work_is_not_done_again_after_a_time_out(self) -> None:
        self.successResultOf(self.run_())
        self.failureResultOf(self.fails_with("timeout"), LdapFailed)
        self.assertEqual((len(self.made), self.made[0].is_open), (1, False))

    def test_refusal_keeps_the_connection(self) -> None:
        self.failureResultOf(self.fails_with("refused"), LdapFailed)
        self.assertIs(self.successResultOf(self.run_()), self.made[0])

    def test_fault_drops_the_connection(self) -> None:
        async def fail(connection: Any) -> Any:
            raise KeyError

        self.failureResultOf(self.run_(fail), KeyError)
        self.assertFalse(self.made[0].is_open)

    def test_connection_of_ones_own_is_never_used_again(self) -> None:
        self.successResultOf(self.run_())
        held, waiting = self.hold(self.pool.alone)
        held.callback("done")
        self.assertEqual(self.successResultOf(waiting), "done")
        self.assertEqual([(each.kind, each.is_open) for each in self.made], [("ready", True), ("bare", False)])
        self.assertIs(self.successResultOf(self.run_()), self.made[0])

    def test_there_are_never_more_than_the_limit(self) -> None:
        self.limit(most=1)
        first = self.successResultOf(self.run_())
        _, waiting = self.hold(self.pool.alone)
        self.assertFalse(first.is_open)  # it made room
        self.assertNoResult(waiting)
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)

    def test_place_goes_to_the_next_who_waits(self) -> None:
        self.limit(most=1)
        held, first = self.hold()
        second = self.run_()
        self.assertNoResult(second)
        held.callback(None)
        self.successResultOf(first)
        self.assertIs(self.successResultOf(second), self.made[0])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_waiting_is_bounded(self) -> None:
        self.limit(most=1, wait=3)
        held, first = self.hold()
        second = self.run_()
        self.clock.advance(3)
        self.assertIn("in use", self.failureResultOf(second, LdapFailed).value.reason)
        held.callback(None)
        self.successResultOf(first)
        self.successResultOf(self.run_())

    def test_whoever_stops_waiting_leaves_no_gap(self) -> None:
        self.limit(most=1)
        held, first = self.hold()
        second, third = self.run_(), self.run_()
        second.cancel()
        self.failureResultOf(second, CancelledError)
        held.callback(None)
        self.successResultOf(first)
        self.successResultOf(third)

    def test_number_of_those_who_wait_is_bounded(self) -> None:
        self.patch(ldap_pool, "MOST_WAITING", 1)
        self.limit(most=1)
        held, first = self.hold()
        second = self.run_()
        self.failureResultOf(self.run_(), LdapFailed)
        held.callback(None)
        self.successResultOf(first)
        self.successResultOf(second)

    def test_opening_is_bounded(self) -> None:
        self.limit(most=1, create=2)
        self.slow = True
        waiting = self.run_()
        self.clock.advance(2)
        self.assertEqual(self.failureResultOf(waiting, LdapFailed).value.kind, "timeout")
        self.slow = False
        self.successResultOf(self.run_())

    def test_zero_connections_are_one(self) -> None:
        self.limit(most=0)
        self.successResultOf(self.run_())

    def test_closing(self) -> None:
        self.limit(most=2)
        idle = self.successResultOf(self.run_())
        held, first = self.hold()
        _, second = self.hold()
        third = self.run_()
        self.successResultOf(Deferred.fromCoroutine(self.pool.close()))
        self.assertIn("stopping", self.failureResultOf(third, LdapFailed).value.reason)
        held.callback(None)
        self.successResultOf(first)
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.assertFalse(idle.is_open)
        self.assertEqual([each.is_open for each in self.made], [False] * len(self.made))
        self.failureResultOf(self.run_(), LdapFailed)
