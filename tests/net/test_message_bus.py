"""What buses have in common."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.message_bus import ThreadedBus
from tests.net.bus_case import Ear


class Reactor:
    """Calls at once."""

    def callFromThread(self, function: Any, *arguments: Any) -> None:
        function(*arguments)


class ThreadedBusTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.bus, self.ear = ThreadedBus(Reactor()), Ear()
        self.patch(self.bus, "_spawn", lambda: None)
        self.bus.start(self.ear)

    def test_that_there_is_no_connection_is_told_once(self) -> None:
        for _ in range(3):
            self.bus._tell("disconnected", "why")
        self.bus._tell("connected")
        self.bus._tell("disconnected", "why")
        self.bus._tell("disconnected", "why")
        self.assertEqual(self.ear.states, ["disconnected", "connected", "disconnected"])

    def test_nothing_is_told_after_the_end(self) -> None:
        self.bus.close()
        self.bus._tell("heard", b"x")
        self.assertEqual(self.ear.payloads, [])
