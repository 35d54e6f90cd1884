"""How many connections there may be, so that some descriptors are left."""

from __future__ import annotations

import os
import resource
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import descriptors as module
from stalwart.app import house as house_module
from stalwart.app.descriptors import RESERVE, Descriptors, Room, descriptor_limit, lowest_free, raise_limit
from stalwart.app.listeners import wanted_listeners
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event
from tests.app.world import HouseCase

NO_ROOM = b"421 4.3.2 Too many connections; please try again later\r\n"


class LimitTests(SynchronousTestCase):
    """The limit of the process."""

    def limits(self, soft: int, hard: int, problem: Exception | None = None) -> list[Any]:
        found: list[Any] = [(soft, hard)]

        def change(_which: int, limits: tuple[int, int]) -> None:
            if problem is not None:
                raise problem
            found.append(limits)

        self.patch(module.resource, "getrlimit", lambda _which: found[-1])
        self.patch(module.resource, "setrlimit", change)
        return found

    def test_it_becomes_what_the_system_allows(self) -> None:
        found = self.limits(1024, 524288)
        raise_limit()
        self.assertEqual((found[1:], descriptor_limit()), ([(524288, 524288)], 524288))

    def test_it_stays_where_it_is_the_greatest(self) -> None:
        found = self.limits(1024, 1024)
        raise_limit()
        self.assertEqual(len(found), 1)

    def test_a_system_that_does_not_grant_it(self) -> None:
        for problem in (OSError(1, "no"), ValueError("no")):
            self.limits(256, resource.RLIM_INFINITY, problem)
            raise_limit()
            self.assertEqual(descriptor_limit(), 256)

    def test_there_may_be_none(self) -> None:
        self.limits(resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        self.assertIsNone(descriptor_limit())


class LowestTests(SynchronousTestCase):
    """Which number is free."""

    def test_it_is_what_the_next_one_gets(self) -> None:
        expected = lowest_free()
        taken = os.open(os.devnull, os.O_RDONLY)
        try:
            self.assertEqual(taken, expected)
            self.assertGreater(lowest_free() or 0, taken)
        finally:
            os.close(taken)

    def test_none_is(self) -> None:
        def refuse(*_arguments: Any) -> Any:
            raise OSError(24, "Too many open files")

        self.patch(module.socket, "socket", refuse)
        self.assertIsNone(lowest_free())


class RoomTests(SynchronousTestCase):
    """How many are kept."""

    def test_the_reserve(self) -> None:
        found = [Descriptors(limit).most for limit in (None, 20, 100, 256, 1024, 524288)]
        self.assertEqual(found, [None, 10, 50, 256 - RESERVE, 896, 458752])

    def test_what_is_left_for_a_connection(self) -> None:
        numbers = {895: Room.PLENTY, 896: Room.FOR_A_WORD, 959: Room.FOR_A_WORD, 960: Room.NONE, None: Room.NONE}
        for number, room in numbers.items():
            self.assertIs(Descriptors(1024, lambda number=number: number).room(), room, number)  # type: ignore[misc]

    def test_without_a_limit_there_is_always_room(self) -> None:
        self.assertIs(Descriptors(None, lambda: None).room(), Room.PLENTY)


class GuardTests(SynchronousTestCase):
    """Listeners while there is room, and when there is not."""

    def setUp(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry = Telemetry()
        self.telemetry.observe(self._note)
        self.lowest: int | None = 10
        self.descriptors = Descriptors(1024, lambda: self.lowest)

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def connect(self, protocol: str, endpoint: str = "tcp:2525") -> Any:
        wanted = wanted_listeners([], {protocol: [endpoint]})[0]
        return self.descriptors.guard(wanted, Factory.forProtocol(Protocol), self.telemetry).buildProtocol(None)

    def test_while_there_is_room_connections_are_served(self) -> None:
        for protocol in ("http", "smtp", "lmtp"):
            self.assertIs(type(self.connect(protocol)), Protocol)
        self.assertEqual(self.events, [])

    def test_mail_is_told_to_come_again(self) -> None:
        self.lowest = 896
        for protocol in ("smtp", "lmtp", "submission"):
            refused, wire = self.connect(protocol), StringTransport()
            refused.makeConnection(wire)
            self.assertEqual((wire.value(), wire.disconnecting), (NO_ROOM, True))

    def test_others_are_closed(self) -> None:
        self.lowest = 896
        self.assertEqual((self.connect("http"), self.connect("smtp", "tls:465")), (None, None))
        name, keys = self.events[0]
        self.assertEqual((name, keys["listenerId"], keys["limit"]), ("limit.concurrent-connection", "http", 896))
        self.assertIn("descriptors", keys["reason"])

    def test_all_are_closed_before_there_is_nothing(self) -> None:
        for self.lowest in (960, None):
            self.assertEqual([self.connect(each) for each in ("http", "smtp", "lmtp")], [None] * 3)

    def test_it_is_open_again_when_others_have_gone(self) -> None:
        self.lowest = 1000
        self.assertIsNone(self.connect("http"))
        self.lowest = 895
        self.assertIs(type(self.connect("http")), Protocol)

    def test_without_a_limit_nothing_is_between(self) -> None:
        behind = Factory()
        wanted = wanted_listeners([], {"http": ["tcp:80"]})[0]
        self.assertIs(Descriptors(None).guard(wanted, behind, self.telemetry), behind)


class HouseTests(HouseCase):
    """A server of which all descriptors are taken."""

    def test_every_listener_keeps_some_back(self) -> None:
        self.patch(house_module, "Descriptors", lambda _limit: Descriptors(1024, lambda: None))
        doors = [bound.door for bound in self.open().listeners.bound]
        self.assertEqual([door.buildProtocol(IPv4Address("TCP", "192.0.2.1", 4711)) for door in doors], [None] * 2)
