"""Connections that are kept: for how long, for whom, how many."""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery import kept_connections
from stalwart.mail.delivery.kept_connections import IDLE, MOST_MESSAGES, OLDEST, Kept, KeptConnections
from stalwart.mail.delivery.shipment import HostStrategy, Mx


@define(eq=False)
class FakeConnection:
    """Notes how it was left."""

    usable: bool = True
    end: str = ""
    quitting: Any = None

    async def quit(self, timeout: float) -> None:
        """QUIT."""
        self.end = "quit"
        if self.quitting is not None:
            await self.quitting

    def abort(self) -> None:
        """The connection is dropped."""
        self.end = "abort"


class KeptTests(SynchronousTestCase):
    """Some connections to ``a.test``."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.connections = KeptConnections(self.clock)

    def kept(self, domain: str = "a.test", **more: Any) -> Kept:
        """A connection."""
        fake: Any = FakeConnection()
        return Kept(fake, Mx(domain), "mx.a.test", "192.0.2.1", HostStrategy(), self.clock.seconds(), **more)

    def give(self, kept: Kept) -> Any:
        """Keep it; its fake."""
        self.connections.give(kept)
        return kept.connection

    def take(self, domain: str = "a.test") -> Kept | None:
        """Any to that domain."""
        return self.connections.take(Mx(domain), lambda kept: True)

    def tearDown(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.connections.close()))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_last_one_comes_first_and_only_once(self) -> None:
        first, second = self.kept(), self.kept()
        self.give(first)
        self.give(second)
        self.assertEqual([self.take(), self.take(), self.take()], [second, first, None])

    def test_only_for_its_destination(self) -> None:
        self.give(self.kept())
        self.assertIsNone(self.take("b.test"))

    def test_only_if_it_suits(self) -> None:
        self.give(self.kept())
        self.assertIsNone(self.connections.take(Mx("a.test"), lambda kept: kept.authenticated))
        self.assertIsNotNone(self.take())

    def test_one_that_has_died_meanwhile(self) -> None:
        fake = self.give(self.kept())
        fake.usable = False
        self.assertIsNone(self.take())
        self.assertEqual(fake.end, "abort")

    def test_one_that_is_dead_already(self) -> None:
        kept = self.kept()
        kept.connection.usable = False  # type: ignore[misc]
        self.assertEqual(self.give(kept).end, "abort")
        self.assertIsNone(self.take())

    def test_idle_ones_are_left(self) -> None:
        fake = self.give(self.kept())
        self.clock.advance(IDLE)
        self.assertEqual((fake.end, self.take()), ("quit", None))

    def test_busy_ones_are_not(self) -> None:
        kept = self.kept()
        self.give(kept)
        for _ in range(10):
            self.clock.advance(IDLE / 2)
            found = self.take()
            assert found is kept
            self.give(found)
        self.assertEqual(self.take(), kept)

    def test_worn_ones_are_left(self) -> None:
        self.assertEqual(self.give(self.kept(messages=MOST_MESSAGES)).end, "quit")
        kept = self.kept()
        self.clock.advance(OLDEST)
        self.assertEqual(self.give(kept).end, "quit")

    def test_no_more_than_some(self) -> None:
        self.patch(kept_connections, "MOST_KEPT", 3)
        self.patch(kept_connections, "MOST_OF_ONE", 2)
        ends = [self.give(self.kept(domain)).end for domain in ("a", "a", "a", "b", "b")]
        self.assertEqual(ends, ["", "", "quit", "", "quit"])

    def test_closing_takes_leave_and_waits(self) -> None:
        kept = self.kept()
        fake = self.give(kept)
        fake.quitting = Deferred()
        closing = Deferred.fromCoroutine(self.connections.close())
        self.assertNoResult(closing)
        fake.quitting.callback(None)
        self.successResultOf(closing)
        self.assertEqual(self.give(self.kept()).end, "quit")
