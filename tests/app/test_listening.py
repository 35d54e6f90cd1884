"""What a change of the stored listeners would mean, asked before it is made."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.app.listeners import Listeners, OwnSockets
from stalwart.app.listening import NOT_BY_ROLE, Listening, Wishes
from stalwart.config.network.listener import NetworkListener
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from stalwart.web.connection import Connection
from tests.app.test_listeners import stored

OPTION = "tcp:0:interface=127.0.0.1"


class Stored:
    """Settings that are these listeners."""

    def __init__(self) -> None:
        self.listeners: list[NetworkListener] = []

    def of(self, type: Any) -> Any:
        return type()

    def all(self, _: Any) -> list[tuple[int, NetworkListener]]:
        return list(enumerate(self.listeners))


class ListeningTests(TestCase):
    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        factory = Factory.forProtocol(Protocol)
        factory.noisy = False
        self.listeners = Listeners(OwnSockets(reactor), telemetry, lambda _: factory)
        self.addCleanup(self.listeners.close)
        self.endpoints: dict[str, list[str]] = {}
        self.settings = Stored()
        settings: Any = self.settings  # as far as they are asked
        self.wishes = Wishes("normal", settings, self.endpoints, 8080)
        self.listening = Listening(self.listeners, settings, self.wishes)

    async def bind(self, *listeners: NetworkListener) -> None:
        """These are stored and bound."""
        self.settings.listeners = list(listeners)
        await self.listeners.change(self.wishes())

    def free(self) -> str:
        """An address that nobody has."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return f"127.0.0.1:{probe.getsockname()[1]}"

    def taken(self) -> str:
        """An address that somebody else has."""
        holder = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(holder.close)
        return f"127.0.0.1:{holder.getsockname()[1]}"

    def refused(self, *listeners: NetworkListener) -> dict[str, tuple[str, str]]:
        return dict(self.listening.refused(listeners))

    def through(self, name: str, address: str = "") -> Connection:
        """A connection to the listener, at its first address unless another one is given."""
        bound = next(each for each in self.listeners.bound if each.wanted.settings.name == name)
        port = int(address.rpartition(":")[2]) if address else bound.port.getHost().port
        return Connection(name, "127.0.0.1", 4711, "127.0.0.1", port, False)

    async def test_a_role_that_does_not_open_a_listener_is_the_reason(self) -> None:
        http, smtp = stored("http", self.free()), stored("other", self.free())
        self.settings.listeners = [http, smtp]
        settings: Any = self.settings
        wishes = Wishes("normal", settings, {}, 8080, lambda name: name == "http")
        self.assertEqual([wanted.settings.name for wanted in wishes()], ["http"])
        self.assertEqual((wishes.why_not(http), wishes.why_not(smtp)), (None, NOT_BY_ROLE))

    # what the system would refuse

    async def test_address_in_use_is_refused_in_the_systems_words(self) -> None:
        taken = self.taken()
        self.assertEqual(self.refused(stored("a", taken)), {"a": ("bind", f"{taken}: Address already in use")})

    async def test_address_of_another_computer_is_refused(self) -> None:
        self.assertIn("Cannot assign requested address", self.refused(stored("a", "192.0.2.1:8080"))["a"][1])

    async def test_own_address_and_a_free_one_are_not(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        self.assertEqual(self.refused(stored("a", own, self.free(), maxConnections=5)), {})

    async def test_address_that_another_listener_keeps_names_it(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        found = self.refused(stored("a", own), stored("b", own))
        self.assertEqual(found, {"b": ("bind", f"{own} is the listener a's")})

    async def test_address_that_another_listener_leaves_can_be_had(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        self.assertEqual(self.refused(stored("a", self.free()), stored("b", own)), {})

    async def test_wider_address_at_the_own_port_can_be_had(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        self.assertEqual(self.refused(stored("a", f"0.0.0.0:{own.rpartition(':')[2]}")), {})

    async def test_option_with_a_value_that_the_system_refuses(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        self.assertEqual(self.refused(stored("a", own, socketTtl=300))["a"][0], "socketTtl")
        self.assertEqual(self.refused(stored("b", self.free(), socketTtl=300))["b"][0], "socketTtl")

    async def test_what_would_not_be_bound_is_not_tried(self) -> None:
        self.assertEqual(self.refused(stored("imap", self.taken(), protocol="imap")), {})

    async def test_outside_normal_mode_stored_listeners_neither_count_nor_are_tried(self) -> None:
        settings: Any = self.settings
        recovery = Listening(self.listeners, settings, Wishes("recovery", settings, {"http": [OPTION]}, 8080))
        self.assertEqual(recovery.refused([stored("a", self.taken())]), {})
        self.settings.listeners = [stored("a", self.taken())]
        self.assertIn("the server runs in recovery mode", (await recovery.settle())[0])

    # who would still be served

    async def test_somebody_serves_while_a_listener_is_left(self) -> None:
        first, second = stored("a", self.free()), stored("b", self.free())
        await self.bind(first, second)
        self.assertTrue(self.listening.serves([second]))
        self.assertFalse(self.listening.serves([]))

    async def test_listeners_that_cannot_be_bound_serve_nobody(self) -> None:
        listeners = [
            stored("a", self.taken()),
            stored("b", self.taken(), useTls=True, tlsImplicit=True),
            stored("c", self.free(), protocol="imap"),
        ]
        self.assertFalse(self.listening.serves(listeners))

    async def test_listeners_of_the_command_line_stay(self) -> None:
        self.endpoints["http"] = [OPTION]
        await self.bind(stored("a", self.free()))
        self.assertTrue(self.listening.serves([]))
        self.assertTrue(self.listening.keeps([], self.through("http")))

    async def test_option_of_mail_does_not_serve_http(self) -> None:
        self.endpoints["smtp"] = [OPTION]
        await self.bind()
        self.assertFalse(self.listening.serves([]))

    async def test_client_keeps_its_address(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        client = self.through("a")
        for left in (stored("a", own, maxConnections=5), stored("b", own), stored("a", own, self.free())):
            self.assertTrue(self.listening.keeps([left], client), left)

    async def test_client_loses_its_address(self) -> None:
        own = self.free()
        await self.bind(stored("a", own))
        client = self.through("a")
        for left in (stored("a", self.free()), stored("a", own, useTls=True, tlsImplicit=True)):
            self.assertFalse(self.listening.keeps([left], client), left)
        self.assertFalse(self.listening.keeps([], client))

    async def test_wider_address_keeps_the_client_and_a_narrower_one_may_not(self) -> None:
        narrow = self.free()
        wide = f"0.0.0.0:{narrow.rpartition(':')[2]}"
        await self.bind(stored("a", narrow))
        self.assertTrue(self.listening.keeps([stored("a", wide)], self.through("a")))
        await self.bind(stored("a", wide))
        self.assertFalse(self.listening.keeps([stored("a", narrow)], self.through("a")))

    async def test_client_of_a_listener_with_two_addresses_needs_his_own(self) -> None:
        mine, other = self.free(), self.free()
        await self.bind(stored("a", mine, other))
        self.assertFalse(self.listening.keeps([stored("a", other)], self.through("a", mine)))
        self.assertTrue(self.listening.keeps([stored("a", mine)], self.through("a", mine)))

    async def test_client_of_a_listener_that_is_gone_has_nothing_to_lose(self) -> None:
        await self.bind(stored("a", self.free()))
        client = self.through("a")
        await self.bind()
        self.assertTrue(self.listening.keeps([], client))

    # what came of it

    async def test_listeners_that_wait_for_something_are_told(self) -> None:
        self.endpoints["http"] = [OPTION]
        await self.bind(stored("http", self.free()), stored("imap", self.free(), protocol="imap"))
        replaced, unbuilt = await self.listening.settle()
        self.assertIn("The listener http is stored, but not bound: the option --http", replaced)
        self.assertIn("The listener imap is stored, but not bound: the protocol imap is not served yet.", unbuilt)
        self.assertEqual(await self.listening.settle(["imap"]), [unbuilt])

    async def test_addresses_that_failed_are_told(self) -> None:
        taken = self.taken()
        await self.bind(stored("a", taken))
        self.assertEqual(
            await self.listening.settle(["a"]),
            [f"The listener a is stored, but not bound to {taken}: Address already in use."],
        )
