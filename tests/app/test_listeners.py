"""Listeners: which are wanted, what happens to those that cannot be had, and changing them while the server runs."""

from __future__ import annotations

import socket
from typing import Any

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.app.listeners import (
    Listeners,
    OwnSockets,
    Wanted,
    shown,
    wanted_listeners,
    why_not_bound,
    with_backlog,
)
from stalwart.config.network.listener import NetworkListener
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level

LOOPBACK = "tcp:0:interface=127.0.0.1"


def stored(name: str, *bind: str, protocol: str = "http", **members: Any) -> NetworkListener:
    wire = {"name": name, "bind": dict.fromkeys(bind or ("127.0.0.1:0",), True), "protocol": protocol, "useTls": False}
    return NetworkListener.from_wire(wire | members)


def names(wanted: list[Wanted]) -> list[tuple[str, str, str]]:
    return [(one.protocol, one.settings.name, one.where) for one in wanted]


class WantedTests(SynchronousTestCase):
    """design 1: endpoint options take the place of the default listeners of their protocol."""

    HTTP = stored("http", "[::]:8080")
    HTTPS = stored("https", "[::]:443", tlsImplicit=True)
    OWN = stored("internal", "127.0.0.1:9000", "127.0.0.1:9001")
    SMTP = stored("smtp", "[::]:25", protocol="smtp")
    SUBMISSIONS = stored("submissions", "[::]:465", protocol="smtp")
    LMTP = stored("lmtp", "[::]:24", protocol="lmtp")

    def test_without_options_the_stored_listeners_serve(self) -> None:
        self.assertEqual(names(wanted_listeners([self.HTTP], {})), [("http", "http", "[::]:8080")])

    def test_option_replaces_the_default_listeners_of_its_protocol(self) -> None:
        found = wanted_listeners([self.HTTP, self.HTTPS], {"http": [LOOPBACK]})
        self.assertEqual(names(found), [("http", "http", LOOPBACK)])

    def test_waiting_connections_of_options_are_as_many_as_of_stored_listeners(self) -> None:
        self.assertEqual(with_backlog("tcp:80:interface=127.0.0.1"), "tcp:80:interface=127.0.0.1:backlog=1024")
        for other in ("tcp:80:backlog=5", "unix:/run/x", "systemd:domain=INET:index=0"):
            self.assertEqual(with_backlog(other), other)

    def test_option_with_tls(self) -> None:
        (found,) = wanted_listeners([], {"http": ["tls:443:interface=127.0.0.1"]}, http2=True)
        self.assertEqual((found.endpoint, found.has_tls, found.http2), ("tcp:443:interface=127.0.0.1", True, True))
        self.assertEqual((found.service, found.protocol), ("https", "http"))
        self.assertEqual(wanted_listeners([], {"http": [LOOPBACK]})[0].service, "http")

    def test_listener_that_somebody_added_is_bound_besides(self) -> None:
        found = names(wanted_listeners([self.HTTP, self.OWN], {"http": [LOOPBACK]}))
        own = [("http", "internal", f"127.0.0.1:{port}") for port in (9000, 9001)]
        self.assertEqual(found, [("http", "http", LOOPBACK), *own])

    def test_option_of_another_protocol_replaces_nothing_here(self) -> None:
        found = names(wanted_listeners([self.HTTP], {"smtp": [LOOPBACK]}))
        self.assertEqual(found, [("smtp", "smtp", LOOPBACK), ("http", "http", "[::]:8080")])

    def test_repeated_options_have_names_of_their_own(self) -> None:
        found = names(wanted_listeners([], {"http": [LOOPBACK, "unix:/s"]}))
        self.assertEqual(found, [("http", "http", LOOPBACK), ("http", "http-2", "unix:/s")])

    def test_protocol_that_is_not_built_is_not_bound_from_the_store(self) -> None:
        self.assertEqual(wanted_listeners([stored("imap", "[::]:143", protocol="imap")], {}), [])

    def test_who_a_mail_listener_is_for(self) -> None:
        mail = [self.SMTP, self.SUBMISSIONS, self.LMTP, self.HTTP, stored("other", "127.0.0.1:2525", protocol="smtp")]
        found = {one.settings.name: one.mail_role for one in wanted_listeners(mail, {})}
        self.assertEqual(
            found, {"smtp": "mx", "submissions": "submission", "lmtp": "lmtp", "http": None, "other": "mx"}
        )
        options = wanted_listeners([], {"smtp": ["unix:/s"], "submission": ["unix:/t"], "lmtp": ["unix:/u"]})
        self.assertEqual([one.mail_role for one in options], ["mx", "submission", "lmtp"])

    def test_mail_options_replace_their_stored_listeners(self) -> None:
        mail = [self.SMTP, self.SUBMISSIONS, self.LMTP]
        options = {"smtp": ["unix:/s"], "submission": ["unix:/t"]}
        found = names(wanted_listeners(mail, options))
        expected = [("smtp", "smtp", "unix:/s"), ("submission", "submission", "unix:/t"), ("lmtp", "lmtp", "[::]:24")]
        self.assertEqual(found, expected)

    def test_empty_list_of_an_option_replaces_nothing(self) -> None:
        self.assertEqual(len(wanted_listeners([self.HTTP], {"http": []})), 1)

    def test_limits_of_the_system_hold_where_a_listener_has_none(self) -> None:
        own = stored("a", maxConnections=5, overrideProxyTrustedNetworks={"192.0.2.0/24": True})
        none = stored("b", maxConnections=None)
        found = wanted_listeners([own, none], {}, proxies=frozenset(("10.0.0.0/8",)), most=7)
        self.assertEqual([one.most for one in found], [5, 7])
        self.assertEqual([set(one.proxies) for one in found], [{"192.0.2.0/24"}, {"10.0.0.0/8"}])

    def test_why_a_listener_is_not_bound(self) -> None:
        self.assertIsNone(why_not_bound(self.HTTP, {"http": []}))
        self.assertIn("--http", why_not_bound(self.HTTPS, {"http": [LOOPBACK]}) or "")
        self.assertIn("--smtp", why_not_bound(self.SMTP, {"smtp": [LOOPBACK]}) or "")
        self.assertIn("protocol imap", why_not_bound(stored("a", protocol="imap"), {}) or "")


class ShownTests(SynchronousTestCase):
    """Addresses as the log prints them."""

    def test_ipv4(self) -> None:
        self.assertEqual(shown(IPv4Address("TCP", "127.0.0.1", 80)), "127.0.0.1:80")

    def test_ipv6_in_brackets(self) -> None:
        self.assertEqual(shown(IPv6Address("TCP", "::", 80)), "[::]:80")

    def test_unix_socket_by_its_path(self) -> None:
        self.assertEqual(shown(UNIXAddress(b"/run/s")), "/run/s")


class Silent(Protocol):
    """Takes a connection and says nothing."""


class Echo(Protocol):
    """Says what it hears."""

    def dataReceived(self, data: bytes) -> None:
        """Answer."""
        assert self.transport is not None
        self.transport.write(data)


class EndpointTests(SynchronousTestCase):
    """Endpoint options, without a network."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.asked: list[tuple[str, str]] = []
        self.reactor = MemoryReactorClock()
        self.listeners = Listeners(OwnSockets(self.reactor), self.telemetry, self.factory)

    def factory(self, wanted: Wanted) -> Factory:
        self.asked.append((wanted.protocol, wanted.settings.name))
        return Factory.forProtocol(Silent)

    def bind(self, **endpoints: list[str]) -> int:
        wanted = wanted_listeners([], endpoints)
        return self.successResultOf(Deferred.fromCoroutine(self.listeners.bind(wanted)))

    def test_endpoint_is_listened_on_with_the_factory_of_its_protocol(self) -> None:
        self.assertEqual(self.bind(http=["tcp:81:interface=127.0.0.1"]), 0)
        port, factory, _backlog, interface = self.reactor.tcpServers[0]
        self.assertEqual((port, interface, self.asked), (81, "127.0.0.1", [("http", "http")]))
        self.assertIsInstance(factory.buildProtocol(None), Silent)

    def test_mail_options_offer_tls_in_the_middle(self) -> None:
        found = wanted_listeners([], {"lmtp": ["tcp:24"], "smtp": ["tcp:25"], "http": ["tcp:80"]})
        self.assertEqual([one.settings.use_tls for one in found], [True, True, False])
        self.assertEqual([one.has_tls for one in found], [False] * 3)


class BindingTests(TestCase):
    """Real sockets on loopback."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(self._note, Level.INFO)
        self.made: list[tuple[str, Factory]] = []
        self.listeners = Listeners(OwnSockets(reactor), self.telemetry, self.factory)
        self.addCleanup(self.listeners.close)
        self.lines: list[str] = []
        globalLogPublisher.addObserver(self._log)
        self.addCleanup(globalLogPublisher.removeObserver, self._log)

    def _log(self, event: Any) -> None:
        if event.get("log_namespace") == "stalwart":
            self.lines.append(event["log_format"].format(**event))

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def factory(self, wanted: Wanted) -> Factory:
        made = Factory.forProtocol(Silent)
        made.noisy = False
        self.made.append((wanted.settings.name, made))
        return made

    def test_bind_address_is_what_rules_see(self) -> None:
        found = {
            wanted.bind_ip for wanted in wanted_listeners([stored("a", "[::1]:0", "127.0.0.1:0")], {"smtp": [LOOPBACK]})
        }
        self.assertEqual(found, {"::1", "127.0.0.1", None})

    def wanted(self, *listeners: NetworkListener) -> list[Wanted]:
        return wanted_listeners(listeners, {})

    def addresses(self) -> list[str]:
        return [shown(bound.port.getHost()) for bound in self.listeners.bound]

    def taken(self) -> str:
        """An address that somebody else has."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        return f"127.0.0.1:{holder.getsockname()[1]}"

    def free(self) -> str:
        """An address that nobody has."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return f"127.0.0.1:{probe.getsockname()[1]}"

    async def test_each_bound_address_is_one_line(self) -> None:
        await self.listeners.bind([*self.wanted(stored("a")), *wanted_listeners([], {"smtp": [LOOPBACK]})])
        http, smtp = self.addresses()
        self.assertEqual(self.lines, [f"listening http {http}", f"listening smtp {smtp}"])

    async def test_port_in_use_is_one_event_with_its_address_and_the_others_start(self) -> None:
        taken = self.taken()
        failed = await self.listeners.bind(self.wanted(stored("a"), stored("b", taken), stored("c")))
        self.assertEqual((failed, len(self.listeners.bound)), (1, 2))
        self.assertEqual(self.events, [("network.bind-error", {"address": taken, "reason": "Address already in use"})])

    async def test_endpoint_in_use_is_one_event_with_the_endpoint(self) -> None:
        endpoint = f"tcp:{self.taken().rpartition(':')[2]}:interface=127.0.0.1"
        failed = await self.listeners.bind(wanted_listeners([], {"http": [endpoint, LOOPBACK]}))
        self.assertEqual((failed, len(self.listeners.bound)), (1, 1))
        self.assertEqual(
            self.events, [("network.bind-error", {"address": endpoint, "reason": "Address already in use"})]
        )

    async def test_port_of_https(self) -> None:
        self.assertIsNone(self.listeners.https_port())
        await self.listeners.bind(self.wanted(stored("a"), stored("b", tlsImplicit=True, useTls=False)))
        self.assertIsNone(self.listeners.https_port())
        await self.listeners.bind(self.wanted(stored("https", "127.0.0.1:0", tlsImplicit=True, useTls=True)))
        self.assertEqual(self.listeners.https_port(), self.listeners.bound[-1].port.getHost().port)

    async def test_address_of_another_computer_is_an_event(self) -> None:
        await self.listeners.bind(self.wanted(stored("a", "192.0.2.1:8080")))
        self.assertEqual([keys["address"] for _, keys in self.events], ["192.0.2.1:8080"])

    async def test_added_listener_is_bound_and_the_old_one_stays(self) -> None:
        first = stored("a")
        await self.listeners.bind(self.wanted(first))
        port = self.listeners.bound[0].port
        await self.listeners.change(self.wanted(first, stored("b")))
        self.assertEqual([bound.wanted.settings.name for bound in self.listeners.bound], ["a", "b"])
        self.assertIs(self.listeners.bound[0].port, port)

    async def test_removed_listener_is_closed(self) -> None:
        await self.listeners.bind(self.wanted(stored("a"), stored("b")))
        address = self.addresses()[1]
        await self.listeners.change(self.wanted(stored("a")))
        self.assertEqual(self.events, [("network.listen-stop", {"listenerId": "b", "address": address})])
        with self.assertRaises(ConnectionRefusedError):
            await deferToThread(self.connect, address)

    async def test_moved_listener_listens_there_and_no_longer_here(self) -> None:
        old, new = self.free(), self.free()
        await self.listeners.bind(self.wanted(stored("a", old)))
        await self.listeners.change(self.wanted(stored("a", new)))
        self.assertEqual(self.addresses(), [new])

    async def test_address_that_fails_keeps_the_old_socket(self) -> None:
        old = self.free()
        await self.listeners.bind(self.wanted(stored("a", old)))
        await self.listeners.change(self.wanted(stored("a", self.taken())))
        self.assertEqual(self.addresses(), [old])
        await deferToThread(self.connect, old)

    async def test_changed_settings_of_a_listener_are_in_force_at_once(self) -> None:
        address = self.free()
        await self.listeners.bind(self.wanted(stored("a", address)))
        await self.listeners.change(self.wanted(stored("a", address, maxConnections=5)))
        self.assertEqual(self.addresses(), [address])
        self.assertEqual(self.listeners.bound[0].wanted.settings.max_connections, 5)
        self.assertEqual(len(self.made), 2)

    async def test_changed_settings_leave_the_socket_and_its_connections_alone(self) -> None:
        address = self.free()
        await self.listeners.bind(self.wanted(stored("a", address)))
        port, descriptor = self.listeners.bound[0].port, self.listeners.bound[0].port.fileno()
        client = await deferToThread(self.connected, address)
        await self.listeners.change(self.wanted(stored("a", address, maxConnections=5, socketTtl=9, socketBacklog=7)))
        self.assertIs(self.listeners.bound[0].port, port)
        self.assertEqual((port.fileno(), self.events), (descriptor, []))
        self.assertEqual(port.socket.getsockopt(socket.IPPROTO_IP, socket.IP_TTL), 9)
        client.sendall(b"x")

    async def test_next_connection_is_served_by_what_is_behind_the_door_now(self) -> None:
        first = self.wanted(stored("a"))
        await self.listeners.bind(first)
        door = self.listeners.bound[0].door
        await self.listeners.change([evolve(first[0], most=1)])
        self.assertIs(door.behind, self.made[1][1])

    async def test_open_connection_of_a_removed_listener_goes_on(self) -> None:
        await self.listeners.bind(self.wanted(stored("a")))
        talking: list[Any] = []
        self.listeners.bound[0].door.behind = Factory.forProtocol(Echo)
        client = await deferToThread(self.connected, self.addresses()[0])
        talking.append(await deferToThread(self.exchanged, client))
        await self.listeners.change([])
        talking.append(await deferToThread(self.exchanged, client))
        self.assertEqual((talking, self.listeners.bound), ([b"x", b"x"], []))
        client.close()
        await self.gone()

    async def test_address_that_another_listener_takes_over_keeps_its_socket(self) -> None:
        address = self.free()
        await self.listeners.bind(self.wanted(stored("a", address)))
        port = self.listeners.bound[0].port
        await self.listeners.change(self.wanted(stored("b", address)))
        (bound,) = self.listeners.bound
        self.assertEqual((bound.wanted.settings.name, bound.door.listener, self.made[-1][0]), ("b", "b", "b"))
        self.assertIs(bound.port, port)

    async def test_wider_address_at_the_same_port_takes_the_place_of_the_narrow_one(self) -> None:
        narrow = self.free()
        wide = f"0.0.0.0:{narrow.rpartition(':')[2]}"
        await self.listeners.bind(self.wanted(stored("a", narrow)))
        await self.listeners.change(self.wanted(stored("a", wide)))
        self.assertEqual(self.addresses(), [wide])
        await deferToThread(self.connect, narrow)
        await self.listeners.change(self.wanted(stored("a", narrow)))
        self.assertEqual(self.addresses(), [narrow])

    async def test_one_failing_address_of_several_keeps_the_old_one_too(self) -> None:
        old, new, taken = self.free(), self.free(), self.taken()
        await self.listeners.bind(self.wanted(stored("a", old)))
        await self.listeners.change(self.wanted(stored("a", new, taken)))
        self.assertEqual(sorted(self.addresses()), sorted([old, new]))
        told = await self.listeners.settle(["a"])
        self.assertEqual(told, [f"The listener a is stored, but not bound to {taken}: Address already in use."])

    async def test_failure_that_lasts_is_logged_once(self) -> None:
        wanted = self.wanted(stored("a"), stored("b", self.taken()))
        for _ in range(3):
            await self.listeners.change(wanted)
        self.assertEqual([name for name, _ in self.events], ["network.bind-error"])

    async def test_address_that_becomes_free_is_bound_with_the_next_change(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as holder:
            address = f"127.0.0.1:{holder.getsockname()[1]}"
            await self.listeners.change(self.wanted(stored("b", address)))
            self.assertEqual(len(await self.listeners.settle()), 1)
        await self.listeners.change(self.wanted(stored("b", address)))
        self.assertEqual((await self.listeners.settle(), self.addresses()), ([], [address]))

    async def test_settling_waits_for_the_change_that_is_under_way(self) -> None:
        old, new = self.free(), self.free()
        await self.listeners.bind(self.wanted(stored("a", old)))
        changing = Deferred.fromCoroutine(self.listeners.change(self.wanted(stored("a", new))))
        self.assertEqual(await self.listeners.settle(), [])
        self.assertEqual(self.addresses(), [new])
        await changing

    async def test_settling_tells_of_the_listeners_asked_about(self) -> None:
        await self.listeners.change(self.wanted(stored("a", self.taken()), stored("b", self.taken())))
        told = await self.listeners.settle(["b"])
        self.assertEqual([text.startswith("The listener b is stored") for text in told], [True])

    async def test_listener_that_turns_to_implicit_tls_keeps_its_socket(self) -> None:
        address = self.free()
        await self.listeners.bind(self.wanted(stored("a", address)))
        port = self.listeners.bound[0].port
        await self.listeners.change(self.wanted(stored("a", address, useTls=True, tlsImplicit=True)))
        self.assertIs(self.listeners.bound[0].port, port)
        self.assertEqual((len(self.made), self.listeners.bound[0].wanted.has_tls), (2, True))

    async def test_option_that_the_system_refuses_leaves_the_listener_serving(self) -> None:
        address = self.free()
        await self.listeners.bind(self.wanted(stored("a", address)))
        await self.listeners.change(self.wanted(stored("a", address, socketTtl=300)))
        self.assertEqual(len(await self.listeners.settle()), 1)
        await deferToThread(self.connect, address)

    async def test_nothing_is_bound_once_it_is_closed(self) -> None:
        await self.listeners.close()
        await self.listeners.change(self.wanted(stored("a")))
        self.assertEqual(self.listeners.bound, [])

    async def test_nothing_changed_leaves_every_socket_alone(self) -> None:
        await self.listeners.bind(self.wanted(stored("a")))
        await self.listeners.change(self.wanted(stored("a")))
        self.assertEqual((len(self.made), self.events), (1, []))

    async def test_close_stops_accepting_everywhere(self) -> None:
        await self.listeners.bind(self.wanted(stored("a"), stored("b")))
        addresses = self.addresses()
        await self.listeners.close()
        self.assertEqual(self.listeners.bound, [])
        for address in addresses:
            with self.assertRaises(ConnectionRefusedError):
                await deferToThread(self.connect, address)

    def connect(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=2).close()

    def connected(self, address: str) -> socket.socket:
        host, _, port = address.rpartition(":")
        client = socket.create_connection((host, int(port)), timeout=2)
        self.addCleanup(client.close)
        return client

    def exchanged(self, client: socket.socket) -> bytes:
        client.sendall(b"x")
        return client.recv(1)

    async def gone(self) -> None:
        """Let the reactor see that a client has left."""
        passed: Deferred[None] = Deferred()
        reactor.callLater(0.05, passed.callback, None)  # type: ignore[attr-defined]  # the module is the reactor
        await passed
