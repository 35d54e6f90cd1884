"""The bus over NATS, on a real server."""

from __future__ import annotations

from twisted.internet import reactor

from stalwart.net import nats_bus
from stalwart.net.message_bus import MessageBus
from stalwart.net.nats_bus import NatsBus
from tests.interop.bus_servers import PASSWORD, missing
from tests.net.bus_case import BusCase, BusTests


class NatsBusTests(BusTests, BusCase):
    program = "nats-server"
    skip = missing("nats-server")

    def setUp(self) -> None:
        self.patch(nats_bus, "CHECK_EVERY", 1)
        super().setUp()

    def bus(self, password: str | None = None) -> MessageBus:
        options = {
            "servers": [f"nats://127.0.0.1:{self.server.port}"],
            "connect_timeout": 5,
            "user": "node",
            "password": password or PASSWORD,
            "no_echo": True,
        }
        return NatsBus(options, "news", reactor)
