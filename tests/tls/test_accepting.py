"""Accepted connections during their handshake: what is told of them, how they are counted, when they are cut off."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from stalwart.telemetry import Telemetry
from stalwart.tls.accepting import PARTING, accept
from stalwart.tls.contexts import ACME_TLS, HTTP_1_1
from tests.tls.client import TlsClient
from tests.tls.handshakes import Echo, TlsCase, pair
from tests.web.client import Wire

DONE, FAILED = "tls.handshake", "tls.handshake-error"
H2 = b"h2"


class Count:
    """Open connections, and all there ever were."""

    def __init__(self) -> None:
        self.open = self.total = 0

    def entered(self) -> None:
        """One came."""
        self.open += 1
        self.total += 1

    def left(self) -> None:
        """One went."""
        self.open -= 1


class AcceptingCase(TlsCase):
    """A listener whose connections are counted; what came from it speaks in ``self.made``."""

    def setUp(self) -> None:
        super().setUp()
        self.serve(pair("a.test"))
        self.https = self.creator(protocols=(H2, HTTP_1_1))
        self.count = Count()
        self.made: list[tuple[bytes | None, Any, Echo]] = []

    def proceed(self, agreed: bytes | None, peer: Any) -> Echo:
        speaks = Echo()
        self.made.append((agreed, peer, speaks))
        return speaks

    def begin(self, limit: float | None = 5.0, **given: Any) -> tuple[Any, Wire]:
        given = {"proceed": self.proceed, "counting": self.count} | given
        return self.accepted(self.https, self.handshakes(limit=limit, **given))

    def client(self, server: tuple[Any, Wire], **options: Any) -> TlsClient:
        return TlsClient(*server, settle=lambda: self.clock.advance(0), **options)

    def lose(self, protocol: Any, error: Exception | None = None) -> None:
        protocol.connectionLost(Failure(error or ConnectionDone()))

    def reasons(self) -> list[str]:
        """Why handshakes have failed so far."""
        return [values["reason"] for id, values in self.events if id == FAILED]


class HandshakeTests(AcceptingCase):
    """Those that succeed."""

    def test_what_was_agreed_speaks_from_now_on(self) -> None:
        for offered, agreed in (([H2, HTTP_1_1], H2), ([HTTP_1_1], HTTP_1_1), ([], None), ([b"imap"], None)):
            server = self.begin()
            self.assertEqual(self.count.open, 1)
            client = self.client(server, protocols=offered)
            client.shake()
            found, peer, speaks = self.made.pop()
            self.assertEqual((found, peer), (agreed, server[1].getPeer()))
            self.assertIs(speaks.transport, server[0])
            self.assertEqual(client.ask(b"hello"), b"hello")
            self.count.left()  # is told by whoever speaks
            self.lose(server[0])
            self.assertEqual((len(speaks.seen), self.count.open), (1, 0))
        self.assertEqual(self.reasons(), [])

    def test_a_request_that_comes_with_the_handshake_is_not_lost(self) -> None:
        protocol, wire = self.begin()
        client = self.client((protocol, wire))
        for _ in range(3):
            try:
                client.connection.do_handshake()
                break
            except SSL.WantReadError:
                protocol.dataReceived(client.connection.bio_read(1 << 20))
                client.connection.bio_write(wire.value())
                wire.clear()
        client.connection.send(b"early")
        protocol.dataReceived(client.connection.bio_read(1 << 20))  # Finished and request at once
        self.assertEqual(client.read(), b"early")

    def test_bytes_may_come_one_by_one(self) -> None:
        protocol, wire = self.begin()

        class Slow:
            def dataReceived(self, data: bytes) -> None:
                for byte in data:
                    protocol.dataReceived(bytes((byte,)))

        client = TlsClient(Slow(), wire, settle=lambda: self.clock.advance(0))
        client.shake()
        self.assertEqual(client.ask(b"hello"), b"hello")

    def test_an_event_has_version_and_suite(self) -> None:
        self.client(self.begin(), version=SSL.TLS1_2_VERSION, name="a.test").shake()
        [values] = [values for id, values in self.events if id == DONE]
        self.assertEqual(
            (values["listenerId"], values["remoteIp"], values["version"]), ("https", "198.51.100.7", "TLSv1.2")
        )
        self.assertIn("ECDHE-ECDSA", values["details"])

    def test_what_nobody_listens_to_is_not_computed(self) -> None:
        telemetry = Telemetry()
        wire = Wire()
        given = self.handshakes(proceed=self.proceed)
        from attrs import evolve

        protocol: Any = accept(self.https, evolve(given, telemetry=telemetry)).buildProtocol(wire.getPeer())
        protocol.makeConnection(wire)
        self.client((protocol, wire)).shake()
        self.assertEqual(telemetry.counters[DONE], 1)

    def test_the_address_is_told_as_asked(self) -> None:
        self.client(self.begin(address=lambda peer: "203.0.113.9")).shake()
        [values] = [values for id, values in self.events if id == DONE]
        self.assertEqual(values["remoteIp"], "203.0.113.9")

    def test_after_the_handshake_there_is_no_limit(self) -> None:
        server = self.begin(limit=5)
        client = self.client(server)
        client.shake()
        self.clock.advance(3600)
        self.assertFalse(server[1].aborted)
        self.assertEqual(client.ask(b"hello"), b"hello")

    def test_none_from_proceed_ends_the_connection(self) -> None:
        protocol, wire = self.begin(proceed=lambda agreed, peer: None)
        self.client((protocol, wire)).shake()
        self.assertTrue(wire.aborted)
        self.lose(protocol)
        self.assertEqual((self.count.open, self.count.total, self.reasons()), (0, 1, []))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_authorities_are_not_served(self) -> None:
        self.challenges.pairs["a.test"] = pair("a.test", which=5)
        protocol, wire = self.begin()
        client = self.client((protocol, wire), name="a.test", protocols=[ACME_TLS])
        client.shake()
        self.assertEqual(self.made, [])
        client.connection.send(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(client.read(), b"")
        client.connection.shutdown()
        client.read()
        self.assertTrue(wire.disconnecting)
        self.lose(protocol)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual((self.count.open, self.count.total, self.reasons()), (0, 1, []))

    def test_authorities_that_do_not_leave_are_cut_off(self) -> None:
        self.challenges.pairs["a.test"] = pair("a.test", which=5)
        protocol, wire = self.begin()
        self.client((protocol, wire), name="a.test", protocols=[ACME_TLS]).shake()
        self.assertFalse(wire.aborted)
        self.clock.advance(PARTING)
        self.assertTrue(wire.aborted)
        self.lose(protocol)
        self.assertEqual((self.count.open, self.count.total, self.reasons()), (0, 1, []))

    def test_factory_is_twisteds(self) -> None:
        self.assertIsInstance(accept(self.https, self.handshakes()), TLSMemoryBIOFactory)


class FailureTests(AcceptingCase):
    """Those that do not."""

    def fails(self, *data: bytes) -> str:
        """Why, after ``data`` from the client."""
        self.events.clear()
        protocol, wire = self.begin()
        for each in data:
            protocol.dataReceived(each)
        self.lose(protocol)
        self.assertEqual((self.count.open, self.made), (0, []))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertNotIn(b"HTTP/1.1", wire.value())
        [reason] = self.reasons()
        return reason

    def test_clients_that_do_not_speak_tls_are_named(self) -> None:
        for data, reason in (
            (b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "the client does not speak TLS, but HTTP"),
            (b"POST / HTTP/1.1\r\nHost: a.test\r\n\r\n", "the client does not speak TLS, but HTTP"),
            (b"CONNECT a.test:443 HTTP/1.1\r\n\r\n", "the client does not speak TLS, but HTTP"),
            (b"EHLO a.test\r\n", "the client does not speak TLS"),
            (b"SSH-2.0-OpenSSH_9.9\r\n", "the client does not speak TLS"),
            (bytes(100), "the client does not speak TLS"),
        ):
            self.assertEqual(self.fails(data), reason, data)

    def test_nothing_in_common_is_named(self) -> None:
        for options, reason in (
            ({"version": SSL.TLS1_1_VERSION, "ciphers": b"ALL:@SECLEVEL=0"}, "no version of TLS in common"),
            ({"version": SSL.TLS1_2_VERSION, "ciphers": b"AES256-GCM-SHA384"}, "no cipher suite in common"),
            ({"version": SSL.TLS1_3_VERSION, "groups": b"P-521"}, "no key exchange in common"),
        ):
            self.events.clear()
            protocol, wire = self.begin()
            self.assertRaises(SSL.Error, self.client((protocol, wire), **options).shake)
            self.lose(protocol)
            self.assertEqual(self.reasons(), [reason])
        self.assertEqual((self.count.open, self.made), (0, []))

    def test_an_alert_of_the_client_is_told_as_such(self) -> None:
        protocol, wire = self.begin()
        client = self.client((protocol, wire), version=SSL.TLS1_2_VERSION)
        self.assertRaises(SSL.WantReadError, client.connection.do_handshake)
        protocol.dataReceived(client.connection.bio_read(1 << 20))
        protocol.dataReceived(b"\x15\x03\x03\x00\x02\x02\x2a")  # fatal, bad_certificate
        self.lose(protocol)
        self.assertEqual(self.reasons(), ["the client refuses: bad certificate"])

    def test_clients_that_leave_are_told_of(self) -> None:
        for error in (ConnectionDone(), ConnectionLost()):
            self.events.clear()
            protocol, _ = self.begin()
            self.lose(protocol, error)
            self.assertEqual(self.reasons(), ["the client left"])
        self.assertEqual(self.fails(b"\x16\x03\x01"), "the client left")

    def test_clients_that_take_too_long_are_cut_off(self) -> None:
        protocol, wire = self.begin(limit=2.5)
        client = self.client((protocol, wire))
        self.assertRaises(SSL.WantReadError, client.connection.do_handshake)
        hello = client.connection.bio_read(1 << 20)
        protocol.dataReceived(hello[:20])
        self.clock.advance(2)
        protocol.dataReceived(hello[20:])  # progress does not prolong it
        self.assertFalse(wire.aborted)
        self.clock.advance(0.5)
        self.assertTrue(wire.aborted)
        self.lose(protocol, ConnectionLost())
        self.assertEqual(self.reasons(), ["no handshake within 2.5 seconds"])
        self.assertEqual((self.count.open, self.count.total), (0, 1))

    def test_without_a_limit_clients_may_wait(self) -> None:
        protocol, wire = self.begin(limit=None)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(86_400)
        self.assertFalse(wire.aborted)
        self.client((protocol, wire)).shake()

    def test_a_long_hello_does_not_fill_memory(self) -> None:
        protocol, wire = self.begin()
        record = b"\x16\x03\x01\x40\x00" + b"\x01\xff\xff\xff" + bytes(0x4000 - 4)
        for _ in range(64):
            protocol.dataReceived(record)
        self.assertTrue(wire.disconnecting or wire.aborted)
        self.lose(protocol)
        self.assertEqual(self.count.open, 0)
        self.assertEqual(len(self.reasons()), 1)

    def test_nobody_need_count(self) -> None:
        protocol, _ = self.begin(counting=None)
        self.lose(protocol)
        self.assertEqual(self.count.total, 0)
