"""Listeners: which are wanted, what happens to those that cannot be had, and changing them while the server runs."""

from __future__ import annotations

import errno
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.app import listeners as module
from stalwart.app.listeners import Listeners, NotYet, Wanted, open_socket, shown, wanted_listeners
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
        self.assertEqual(wanted_listeners([self.SMTP, self.LMTP], {}), [])

    def test_mail_options_replace_their_stored_listeners_once_mail_is_built(self) -> None:
        mail = [self.SMTP, self.SUBMISSIONS, self.LMTP]
        options = {"smtp": ["unix:/s"], "submission": ["unix:/t"]}
        found = names(wanted_listeners(mail, options, built=("http", "smtp", "lmtp")))
        expected = [("smtp", "smtp", "unix:/s"), ("submission", "submission", "unix:/t"), ("lmtp", "lmtp", "[::]:24")]
        self.assertEqual(found, expected)

    def test_empty_list_of_an_option_replaces_nothing(self) -> None:
        self.assertEqual(len(wanted_listeners([self.HTTP], {"http": []})), 1)


class ShownTests(SynchronousTestCase):
    """Addresses as the log prints them."""

    def test_ipv4(self) -> None:
        self.assertEqual(shown(IPv4Address("TCP", "127.0.0.1", 80)), "127.0.0.1:80")

    def test_ipv6_in_brackets(self) -> None:
        self.assertEqual(shown(IPv6Address("TCP", "::", 80)), "[::]:80")

    def test_unix_socket_by_its_path(self) -> None:
        self.assertEqual(shown(UNIXAddress(b"/run/s")), "/run/s")


class SocketTests(SynchronousTestCase):
    """Sockets with the options of their listener."""

    def open(self, bind: str, **members: Any) -> socket.socket:
        opened = open_socket(bind, stored("x", **members))
        self.addCleanup(opened.close)
        return opened

    def test_socket_listens_and_does_not_block(self) -> None:
        opened = self.open("127.0.0.1:0")
        self.assertFalse(opened.getblocking())
        socket.create_connection(opened.getsockname(), timeout=2).close()

    def test_options_are_set(self) -> None:
        chosen = {"socketReceiveBufferSize": 20000, "socketSendBufferSize": 30000, "socketTtl": 9, "socketTosV4": 16}
        opened = self.open("127.0.0.1:0", **chosen)
        self.assertEqual(opened.getsockopt(socket.IPPROTO_IP, socket.IP_TTL), 9)
        self.assertEqual(opened.getsockopt(socket.IPPROTO_IP, socket.IP_TOS), 16)
        self.assertGreaterEqual(opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), 20000)
        self.assertGreaterEqual(opened.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), 30000)
        self.assertTrue(opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertTrue(opened.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))

    def test_options_can_be_off(self) -> None:
        opened = self.open("127.0.0.1:0", socketNoDelay=False, socketReuseAddress=False)
        self.assertFalse(opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertFalse(opened.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))

    def test_any_address_of_ipv6_takes_ipv4_too(self) -> None:
        if not module._has_ipv6():
            raise SkipTest("no IPv6 on this computer")
        opened = self.open("[::]:0")
        self.assertEqual(opened.family, socket.AF_INET6)
        socket.create_connection(("127.0.0.1", opened.getsockname()[1]), timeout=2).close()

    def test_any_address_falls_back_to_ipv4_where_there_is_no_ipv6(self) -> None:
        self.patch(module, "_has_ipv6", lambda: False)
        opened = self.open("[::]:0")
        self.assertEqual((opened.family, opened.getsockname()[0]), (socket.AF_INET, "0.0.0.0"))

    def test_no_ipv6_is_noticed_when_the_address_cannot_be_had(self) -> None:
        class NoIpv6(socket.socket):
            def bind(self, address: Any) -> None:
                raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

        self.patch(module.socket, "socket", NoIpv6)
        self.assertFalse(module._has_ipv6())

    def test_address_in_use_leaves_nothing_open(self) -> None:
        made: list[socket.socket] = []

        class Kept(socket.socket):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                made.append(self)

        taken = self.open("127.0.0.1:0")
        self.patch(module.socket, "socket", Kept)
        refused = self.assertRaises(OSError, open_socket, f"127.0.0.1:{taken.getsockname()[1]}", stored("x"))
        self.assertEqual(refused.errno, errno.EADDRINUSE)
        self.assertEqual([one.fileno() for one in made], [-1])


class NotYetTests(SynchronousTestCase):
    """Mail before it is built."""

    def test_421_and_closed(self) -> None:
        protocol, wire = NotYet(), StringTransport()
        protocol.makeConnection(wire)
        self.assertEqual((wire.value(), wire.disconnecting), (b"421 4.3.2 not yet\r\n", True))


class Silent(Protocol):
    """Takes a connection and says nothing."""


class EndpointTests(SynchronousTestCase):
    """Endpoint options, without a network."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.asked: list[tuple[str, str]] = []
        self.reactor = MemoryReactorClock()
        self.listeners = Listeners(self.reactor, self.telemetry, self.factory)

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
        self.assertIs(factory.protocol, Silent)

    def test_mail_options_get_the_protocol_that_says_not_yet(self) -> None:
        self.bind(lmtp=["tcp:24"], smtp=["tcp:25"], submission=["tcp:465"])
        self.assertEqual([server[1].protocol for server in self.reactor.tcpServers], [NotYet] * 3)
        self.assertEqual(self.asked, [])


class BindingTests(TestCase):
    """Real sockets on loopback."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(self._note)
        self.made: list[tuple[str, Factory]] = []
        self.listeners = Listeners(reactor, self.telemetry, self.factory)
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

    async def test_implicit_tls_is_never_served_in_the_clear(self) -> None:
        await self.listeners.bind(self.wanted(stored("https", "127.0.0.1:0", tlsImplicit=True, useTls=True)))
        self.assertEqual((self.listeners.bound, self.made), ([], []))
        self.assertEqual([name for name, _ in self.events], ["network.bind-error"])

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
