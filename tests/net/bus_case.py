"""What every message bus does, tried on a real server."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from stalwart.net.message_bus import MessageBus
from tests.interop.bus_servers import BusServer

_PATIENCE = 60.0


class Ear:
    """Notes what is called."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.states: list[str] = []
        self.returned: list[bytes] = []

    def heard(self, payload: bytes) -> None:
        self.payloads.append(payload)

    def connected(self) -> None:
        self.states.append("connected")

    def disconnected(self, reason: str) -> None:
        self.states.append("disconnected")

    def unpublished(self, payload: bytes) -> None:
        self.returned.append(payload)


class BusCase(TestCase):
    """Subclasses name the ``program`` and make a ``bus``."""

    program = ""
    timeout = 120

    def setUp(self) -> None:
        self.server = BusServer(self.program)
        self.addCleanup(self.server.close)

    def bus(self, password: str | None = None) -> MessageBus:
        """One that is not started."""
        raise NotImplementedError

    def started(self, *arguments: Any) -> tuple[MessageBus, Ear]:
        """One that is, and who listens to it."""
        bus, ear = self.bus(*arguments), Ear()
        bus.start(ear)
        self.addCleanup(bus.close)
        return bus, ear

    async def until(self, condition: Callable[[], Any]) -> None:
        for _ in range(int(_PATIENCE / 0.02)):
            if condition():
                return
            waiting: Deferred[None] = deferLater(reactor, 0.02)  # type: ignore[arg-type]
            await waiting
        self.fail("it does not come")


class BusTests:
    """The tests; beside ``BusCase``."""

    async def test_what_one_says_the_others_hear(self: Any) -> None:
        one, first = self.started()
        _, second = self.started()
        await self.until(lambda: first.states == second.states == ["connected"])
        sent = [bytes([number]) * 1000 for number in range(100)]
        for payload in sent:
            one.publish(payload)
        await self.until(lambda: len(second.payloads) == 100)
        self.assertEqual((second.payloads, first.returned), (sent, []))

    async def test_a_server_that_died_is_found_again_and_what_did_not_leave_is_handed_back(self: Any) -> None:
        one, ear = self.started()
        await self.until(lambda: ear.states == ["connected"])
        self.server.kill()
        await self.until(lambda: ear.states == ["connected", "disconnected"])
        one.publish(b"lost")
        await self.until(lambda: ear.returned == [b"lost"])
        self.server.start()
        await self.until(lambda: ear.states == ["connected", "disconnected", "connected"])
        _, second = self.started()
        await self.until(lambda: second.states == ["connected"])
        one.publish(b"here again")
        await self.until(lambda: second.payloads == [b"here again"])

    async def test_a_server_that_is_not_there_yet_is_told_and_found_when_it_comes(self: Any) -> None:
        self.server.kill()
        _, ear = self.started()
        await self.until(lambda: ear.states == ["disconnected"])
        self.server.start()
        await self.until(lambda: ear.states == ["disconnected", "connected"])

    async def test_a_server_that_says_nothing_any_more_is_left_until_it_does(self: Any) -> None:
        _, ear = self.started()
        await self.until(lambda: ear.states == ["connected"])
        self.server.signal(signal.SIGSTOP)
        await self.until(lambda: ear.states == ["connected", "disconnected"])
        self.server.signal(signal.SIGCONT)
        await self.until(lambda: ear.states == ["connected", "disconnected", "connected"])

    async def test_who_is_not_let_in_is_told_once_and_hears_nothing(self: Any) -> None:
        stranger, ear = self.started("another secret")
        await self.until(lambda: ear.states)
        stranger.publish(b"x")
        await self.until(lambda: ear.returned == [b"x"])
        self.assertEqual((ear.states, ear.payloads), (["disconnected"], []))

    async def test_after_its_end_nothing_is_told(self: Any) -> None:
        one, ear = self.started()
        other, second = self.started()
        await self.until(lambda: ear.states == second.states == ["connected"])
        one.close()
        other.publish(b"x")
        await self.until(lambda: not second.returned)
        self.server.kill()
        await self.until(lambda: second.states[-1] == "disconnected")
        self.assertEqual((ear.states, ear.payloads), (["connected"], []))
