"""Ports that accept from one socket: connections are spread over them, and one that hangs holds nobody up."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.app.workers.shared_ports import MOMENT, RESTS, Share, adopt
from tests.app.workers.test_shared_sockets import SlowReactor


class Taken(Protocol):
    """Counts itself."""

    factory: Process

    def connectionMade(self) -> None:
        """Twisted calls this."""
        self.factory.taken.append(self)


class Process(Factory):
    """What stands for a process: the connections that it has taken, and their port. ``others`` has all of them."""

    noisy = False
    protocol = Taken

    def __init__(self, others: list[Process]) -> None:
        self.taken: list[Any] = []
        self.others = others
        self.listener = "a"
        self.share = Share(self.lead)
        others.append(self)

    def lead(self, listener: str) -> int:
        """By how many there are more here than where there are fewest."""
        return len(self.taken) - min(len(each.taken) for each in self.others)


class PortCase(TestCase):
    """``self.processes`` may accept from one socket."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.socket.setblocking(False)
        self.addCleanup(self.socket.close)
        self.processes: list[Process] = []

    def port(self, process: Process, clock: Any = reactor) -> Any:
        port = adopt(clock, self.socket, process, process, process.share)
        self.addCleanup(self.close, port, process)
        return port

    async def close(self, port: Any, process: Process) -> None:
        await maybeDeferred(port.stopListening)
        for each in process.taken:
            each.transport.abortConnection()

    def connect(self, count: int) -> None:
        for _ in range(count):
            self.addCleanup(socket.create_connection(self.socket.getsockname()).close)

    async def until(self, true: Any) -> None:
        while not true():
            await deferLater(reactor, 0, lambda: None)  # type: ignore[arg-type]

    @property
    def taken(self) -> list[int]:
        return [len(process.taken) for process in self.processes]


class SpreadTests(PortCase):
    """Several that accept."""

    async def test_connections_that_come_at_once_are_spread_evenly(self) -> None:
        for _ in range(3):
            self.port(Process(self.processes))
        self.connect(30)
        await self.until(lambda: sum(self.taken) == 30)
        self.assertLessEqual(max(self.taken) - min(self.taken), 1)

    async def test_who_is_behind_catches_up(self) -> None:
        first, second = Process(self.processes), Process(self.processes)
        self.port(first)
        self.connect(4)
        await self.until(lambda: self.taken == [4, 0])
        self.port(second)
        self.connect(4)
        await self.until(lambda: sum(self.taken) == 8)
        self.assertEqual(self.taken, [4, 4])


class HangingTests(PortCase):
    """One that accepts, and one that does not though it has fewer."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = SlowReactor()
        self.own = Process(self.processes)
        Process(self.processes)

    async def test_it_is_waited_for_a_moment_each_time_and_then_no_longer(self) -> None:
        self.connect(RESTS + 20)
        self.port(self.own, self.clock)
        for taken in range(1, RESTS + 1):
            await self.until(self.clock.getDelayedCalls)
            self.assertEqual(len(self.own.taken), taken)
            (rest,) = self.clock.getDelayedCalls()
            rest.reset(0)  # no time passes in which more may be had
            self.clock.advance(0)
        await self.until(lambda: len(self.own.taken) == RESTS + 20)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_who_came_first_has_it(self) -> None:
        self.port(self.own, self.clock)
        self.connect(1)
        await self.until(lambda: self.own.taken)
        for _ in range(3):
            self.connect(1)
            await self.until(self.clock.getDelayedCalls)
            self.socket.accept()[0].close()
            self.clock.advance(MOMENT)
        self.assertEqual(len(self.own.taken), 1)

    async def test_port_that_is_closed_meanwhile_looks_no_more(self) -> None:
        self.connect(2)
        port = self.port(self.own, self.clock)
        await self.until(self.clock.getDelayedCalls)
        await port.stopListening()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_rests_come_back_with_time(self) -> None:
        share = Share(lambda listener: 1)
        self.assertEqual([share.may_rest(100.0) for _ in range(RESTS + 2)], [True] * RESTS + [False] * 2)
        self.assertEqual([share.may_rest(100.0 + 1.5 / RESTS) for _ in range(2)], [True, False])
        self.assertEqual(sum(share.may_rest(1000.0) for _ in range(2 * RESTS)), RESTS)
