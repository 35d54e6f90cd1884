"""Connections before HTTP: PROXY headers, block list, limits, TLS."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.security import BlockedIp
from stalwart.tls.contexts import ServerTls
from stalwart.tls.selection import Certificates
from stalwart.web.http2.connection import Http2Connection
from stalwart.web.listener import PROXY_TIMEOUT, ListenerFactory, wrap_listener
from stalwart.web.protocol import Channel
from tests.tls.client import TlsClient
from tests.web.client import Wire, parse_responses, request_bytes, serve
from tests.web.fakes import FakeSettings
from tests.web.routes import ALL, Desk

FREE = request_bytes("GET", "/free")
V1 = b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"
V2 = b"\r\n\r\n\x00\r\nQUIT\n" + bytes((0x21, 0x11)) + (12 + 8).to_bytes(2, "big")
V2 += bytes((203, 0, 113, 9, 192, 0, 2, 1)) + (4711).to_bytes(2, "big") + (443).to_bytes(2, "big")
V2_TLS = V2 + b"\x20\x00\x05" + b"\x01\x00\x00\x00\x00"
PROXY = "198.51.100.1"


class ListenerCase(SynchronousTestCase):
    """A listener in memory."""

    def setUp(self) -> None:
        self.server = serve(ALL, {"desk": Desk()}, settings=FakeSettings())

    def listen(self, tls: Any = None, **settings: Any) -> ListenerFactory:
        listener = NetworkListener.from_wire({"name": "front", "bind": {"[::]:80": True}} | settings)
        return wrap_listener(
            self.server.site,
            listener,
            clock=self.server.clock,
            proxy_trusted_networks=(f"{PROXY}/32",),
            bind_ip="::",
            tls=tls,
        )

    def connect(self, factory: ListenerFactory, host: str = "198.51.100.7") -> tuple[Any, Wire]:
        wire = Wire(host)
        protocol = factory.buildProtocol(wire.getPeer())
        if protocol is not None:
            protocol.makeConnection(wire)
        return protocol, wire

    def served_ip(self, wire: Wire) -> str:
        return parse_responses(wire.value())[0].json()["ip"]


class AdmissionTests(ListenerCase):
    """Who gets as far as HTTP."""

    def test_what_alpn_has_chosen_is_spoken(self) -> None:
        factory, peer = self.listen(), Wire().getPeer()
        self.assertIsInstance(factory.secured(b"h2", peer), Http2Connection)
        self.assertIsInstance(factory.secured(b"http/1.1", peer), Channel)

    def test_a_connection_knows_its_listener(self) -> None:
        protocol, _wire = self.connect(self.listen())
        found = protocol.connection
        self.assertEqual((found.listener, found.local_ip, found.local_port, found.is_tls), ("front", "::", 8080, False))

    def test_the_limit_counts_over_all_addresses_of_a_listener(self) -> None:
        first, second = self.listen(maxConnections=1), self.listen(maxConnections=1)
        admitted, _wire = self.connect(first)
        self.assertIsNone(self.connect(second)[0])
        admitted.connectionLost(Failure(ConnectionDone()))
        self.assertIsNotNone(self.connect(second)[0])

    def test_connections_of_other_processes_count(self) -> None:
        places = self.server.site.places
        places.take("connections", "front", None)
        places.take("connections", "rear", None)
        factory = self.listen(maxConnections=2)
        self.assertIsNotNone(self.connect(factory)[0])
        self.assertIsNone(self.connect(factory)[0])
        places.free("connections", "front")
        self.assertIsNotNone(self.connect(factory)[0])
        self.assertEqual((factory.connections, places.taken("connections", "rear")), (2, 1))

    def test_mapped_addresses_are_ipv4(self) -> None:
        protocol, _ = self.connect(self.listen(), "::ffff:198.51.100.9")
        self.assertEqual(protocol.connection.remote_ip, "198.51.100.9")

    def test_blocked_addresses_are_dropped_without_a_byte(self) -> None:
        self.server.settings.listed(BlockedIp, {"address": "198.51.100.7"})
        protocol, _wire = self.connect(self.listen())
        self.assertIsNone(protocol)
        self.assertIn("security.ip-blocked", self.server.event_ids())

    def test_connections_over_the_limit_are_dropped_until_one_ends(self) -> None:
        factory = self.listen(maxConnections=1)
        first, _ = self.connect(factory)
        self.assertIsNone(self.connect(factory)[0])
        self.assertIn("limit.concurrent-connection", self.server.event_ids())
        first.connectionLost(Failure(ConnectionDone()))
        self.assertIsNotNone(self.connect(factory)[0])

    def test_without_a_limit_of_its_own_the_servers_counts(self) -> None:
        listener = NetworkListener.from_wire({"name": "x", "bind": {"[::]:80": True}, "maxConnections": None})
        factory = wrap_listener(self.server.site, listener, clock=self.server.clock, system_max_connections=0)
        self.assertIsNone(self.connect(factory)[0])


class ProxyTests(ListenerCase):
    """The PROXY protocol."""

    def test_version_1_replaces_the_peer(self) -> None:
        protocol, wire = self.connect(self.listen(), PROXY)
        protocol.dataReceived(V1 + FREE)
        self.assertEqual(self.served_ip(wire), "203.0.113.9")
        [channel] = self.server.site.channels
        self.assertEqual((channel.connection.remote_ip, channel.connection.proxy_ip), ("203.0.113.9", PROXY))

    def test_version_2_may_come_byte_by_byte_and_say_tls(self) -> None:
        protocol, wire = self.connect(self.listen(), PROXY)
        for byte in V2_TLS + FREE:
            protocol.dataReceived(bytes((byte,)))
        self.assertEqual(self.served_ip(wire), "203.0.113.9")
        [channel] = self.server.site.channels
        self.assertTrue(channel.connection.is_tls)

    def test_local_connections_of_the_proxy_keep_its_address(self) -> None:
        protocol, wire = self.connect(self.listen(), PROXY)
        protocol.dataReceived(b"PROXY UNKNOWN\r\n" + FREE)
        self.assertEqual(self.served_ip(wire), PROXY)

    def test_a_trusted_proxy_must_send_the_header_first(self) -> None:
        protocol, wire = self.connect(self.listen(), PROXY)
        protocol.dataReceived(FREE)
        self.assertEqual((wire.value(), wire.aborted), (b"", True))
        self.assertIn("network.proxy-error", self.server.event_ids())

    def test_a_trusted_proxy_must_send_the_header_in_time(self) -> None:
        protocol, wire = self.connect(self.listen(), PROXY)
        protocol.dataReceived(V1[:10])
        self.server.clock.advance(PROXY_TIMEOUT)
        self.assertEqual((wire.value(), wire.aborted), (b"", True))

    def test_a_header_from_anybody_else_is_not_http(self) -> None:
        protocol, wire = self.connect(self.listen())
        protocol.dataReceived(V1 + FREE)
        self.assertEqual(parse_responses(wire.value())[0].status, 400)

    def test_the_block_list_is_asked_for_the_client(self) -> None:
        self.server.settings.listed(BlockedIp, {"address": "203.0.113.9"})
        protocol, wire = self.connect(self.listen(), PROXY)
        protocol.dataReceived(V1 + FREE)
        self.assertEqual((wire.value(), wire.aborted), (b"", True))

    def test_networks_of_the_listener_replace_the_global_ones(self) -> None:
        factory = self.listen(overrideProxyTrustedNetworks={"192.0.2.0/24": True})
        self.assertIsInstance(self.connect(factory, PROXY)[0], Channel)
        self.assertNotIsInstance(self.connect(factory, "192.0.2.77")[0], Channel)

    def test_a_proxied_client_that_leaves_leaves(self) -> None:
        protocol, _ = self.connect(self.listen(), PROXY)
        protocol.dataReceived(V1)
        protocol.readConnectionLost()
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((len(self.server.site.channels), self.server.clock.getDelayedCalls()), (0, []))

    def test_a_proxy_that_leaves_before_its_header_leaves_nothing(self) -> None:
        protocol, _ = self.connect(self.listen(), PROXY)
        protocol.readConnectionLost()
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.server.clock.getDelayedCalls(), [])


class TlsTests(ListenerCase):
    """Implicit TLS."""

    def setUp(self) -> None:
        super().setUp()
        clock, telemetry = self.server.clock, self.server.telemetry
        served = Certificates(clock, telemetry, lambda: ("mail.test",))
        self.creator = ServerTls(served, None, clock, telemetry).creator(
            NetworkListener.from_wire({"name": "https", "bind": {"[::]:443": True}}), (b"h2", b"http/1.1")
        )

    def test_tls_comes_after_the_proxy_header(self) -> None:
        factory = self.listen(tls=self.creator)
        protocol, wire = self.connect(factory, PROXY)
        protocol.dataReceived(V1)
        self.assertEqual((factory.connections, len(self.server.site.channels)), (1, 0))
        client = TlsClient(protocol, wire)
        client.shake()
        self.assertEqual(factory.connections, 1)
        [channel] = self.server.site.channels
        self.assertIsInstance(channel.transport, TLSMemoryBIOProtocol)
        self.assertTrue(ISSLTransport.providedBy(channel.transport))
        self.assertEqual((channel.connection.is_tls, channel.connection.remote_ip), (True, "203.0.113.9"))
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(factory.connections, 0)

    def test_request_over_tls(self) -> None:
        factory = self.listen(tls=self.creator)
        client = TlsClient(*self.connect(factory))
        client.shake()
        client.ask(FREE)
        self.server.clock.advance(0)  # small writes are collected
        self.assertIn(b"HTTP/1.1 200", client.read())

    def test_client_that_wants_http_2_gets_it(self) -> None:
        client = TlsClient(*self.connect(self.listen(tls=self.creator)), protocols=[b"h2"])
        client.shake()
        [connection] = self.server.site.channels
        self.assertIsInstance(connection, Http2Connection)

    def test_handshake_that_takes_too_long_is_cut_off(self) -> None:
        factory = self.listen(tls=self.creator, tlsTimeout=5000)
        protocol, wire = self.connect(factory)
        self.server.clock.advance(4)
        self.assertFalse(wire.aborted)
        self.server.clock.advance(1)
        self.assertTrue(wire.aborted)
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((factory.connections, self.server.clock.getDelayedCalls()), (0, []))

    def test_handshake_that_ends_when_the_server_stops_is_served_nothing(self) -> None:
        factory = self.listen(tls=self.creator)
        protocol, wire = self.connect(factory)
        self.server.site.shut_down()
        TlsClient(protocol, wire).shake()
        self.assertEqual((wire.aborted, len(self.server.site.channels)), (True, 0))
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((factory.connections, self.server.clock.getDelayedCalls()), (0, []))

    def test_plain_text_on_a_tls_listener_is_no_request(self) -> None:
        factory = self.listen(tls=self.creator)
        protocol, wire = self.connect(factory)
        self.assertIsInstance(protocol, TLSMemoryBIOProtocol)
        protocol.dataReceived(FREE)
        self.assertNotIn(b"HTTP/1.1", wire.value())
        self.assertIsInstance(protocol.factory, TLSMemoryBIOFactory)
