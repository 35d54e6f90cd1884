"""The bus over Redis, on a real server."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net import redis_bus
from stalwart.net.message_bus import MOST_WAITING, MessageBus
from tests.interop.bus_servers import PASSWORD, missing
from tests.net.bus_case import BusCase, BusTests, Ear


class RedisBusTests(BusTests, BusCase):
    program = "redis-server"
    skip = missing("redis-server")

    def setUp(self) -> None:
        self.patch(redis_bus, "CHECK_EVERY", 1)
        self.patch(redis_bus, "SILENCE", 2)
        super().setUp()

    def bus(self, password: str | None = None) -> MessageBus:
        url = (
            self.server.url.replace(PASSWORD.replace(" ", "%20"), password.replace(" ", ""))
            if password
            else self.server.url
        )
        return redis_bus.RedisBus(lambda: redis_bus.server(url, 5, 10), "news", reactor)


class WithoutServerTests(SynchronousTestCase):
    def test_more_than_may_wait_is_handed_back(self) -> None:
        bus, ear = redis_bus.RedisBus(lambda: None, "news", reactor), Ear()
        bus._spawn = lambda: None  # type: ignore[method-assign]  # nobody takes any
        bus.start(ear)
        for _ in range(MOST_WAITING + 1):
            bus.publish(b"x")
        self.assertEqual(ear.returned, [b"x"])
        bus.close()
