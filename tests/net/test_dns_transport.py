"""Real sockets on loopback: datagrams, streams and TLS, and what is left behind."""

from __future__ import annotations

import datetime
import gc
import os
import socket
from ipaddress import ip_address
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.protocol import DatagramProtocol, Factory, Protocol
from twisted.internet.ssl import Certificate, PrivateCertificate, trustRootFromCertificates
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from stalwart.codec.dns_records import MX
from stalwart.net.dns import Answer, LookupFailed, NameServer, StubResolver
from stalwart.net.dns_transport import Transport
from tests.net.fake_dns import LoopbackNameServer, _OverTcp

ZONE = {
    ("good.test", "MX"): [MX(10, "mx.good.test."), MX(20, "mx2.good.test.")],
    ("www.good.test", "CNAME"): ["mx.good.test."],
    ("mx.good.test", "A"): ["192.0.2.1"],
    ("big.test", "TXT"): ["x" * 1000 + str(n) for n in range(60)],
}


def open_sockets() -> int:
    """Sockets that this process has open."""
    kinds = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return sum(1 for path in kinds if os.path.islink(path) and os.readlink(path).startswith("socket:"))


class LoopbackCase(TestCase):
    """A name server on loopback, and a resolver that asks it."""

    timeout = 20

    @property
    def reactor(self) -> Any:
        from twisted.internet import reactor

        return reactor

    def serve(self, **switches: Any) -> LoopbackNameServer:
        server = LoopbackNameServer(self.reactor, ZONE, **switches)
        server.start()
        self.addCleanup(server.stop)
        return server

    def ask(self, server: NameServer, name: str = "good.test", rtype: str = "MX", **options: Any) -> Deferred[Answer]:
        options = {"timeout": 5.0, "attempts": 1, **options}
        return Deferred.fromCoroutine(StubResolver(self.reactor, [server], **options).lookup(name, rtype))

    async def kind(self, server: NameServer, **options: Any) -> str:
        with self.assertRaises(LookupFailed) as caught:
            await self.ask(server, **{"timeout": 0.2, **options})
        return caught.exception.kind


class Datagrams(LoopbackCase):
    """UDP."""

    async def test_answer(self) -> None:
        answer = await self.ask(self.serve().server)
        self.assertEqual(answer.records, (MX(10, "mx.good.test."), MX(20, "mx2.good.test.")))

    async def test_alias(self) -> None:
        answer = await self.ask(self.serve().server, "www.good.test", "A")
        self.assertEqual((answer.aliases, answer.records), (("mx.good.test.",), ("192.0.2.1",)))

    async def test_ad_of_a_trusted_server(self) -> None:
        server = self.serve(authentic=True).server
        self.assertFalse((await self.ask(server)).secure)
        self.assertTrue((await self.ask(attrs.evolve(server, trusted=True))).secure)

    async def test_bogus_zone(self) -> None:
        server = self.serve(bogus={"good.test"}).server
        self.assertEqual(await self.kind(attrs.evolve(server, trusted=True)), "bogus")
        self.assertEqual(await self.kind(server, timeout=5.0), "servfail")

    async def test_garbage_before_the_answer_is_ignored(self) -> None:
        answer = await self.ask(self.serve(garbage_first=True).server)
        self.assertEqual(len(answer.records), 2)

    async def test_answers_with_a_wrong_id_are_ignored(self) -> None:
        self.assertEqual(await self.kind(self.serve(wrong_id=True).server), "timeout")

    async def test_silence(self) -> None:
        self.assertEqual(await self.kind(self.serve(silent=True).server), "timeout")

    async def test_server_without_edns(self) -> None:
        server = self.serve(edns=False)
        self.assertEqual(len((await self.ask(server.server)).records), 2)
        self.assertEqual([query.edns for _name, _rtype, _over, query in server.queries], [0, -1])

    async def test_lame_server(self) -> None:
        self.assertEqual(await self.kind(self.serve(lame=True).server, timeout=5.0), "error")

    async def test_server_that_folds_the_question_is_asked_over_tcp(self) -> None:
        server = self.serve(fold=True)
        self.assertEqual(len((await self.ask(server.server)).records), 2)
        self.assertEqual([over for _name, _rtype, over, _query in server.queries], ["udp", "tcp"])

    async def test_closed_port_fails_at_once(self) -> None:
        begun = self.reactor.seconds()
        server = LoopbackNameServer(self.reactor, ZONE)
        server.start()
        closed = server.server
        await server.stop()
        self.assertEqual(await self.kind(closed, timeout=5.0), "error")
        self.assertLess(self.reactor.seconds() - begun, 1.0)

    async def test_datagrams_from_another_port_are_ignored(self) -> None:
        server = self.serve(silent=True)
        spoofer = self.reactor.listenUDP(0, DatagramProtocol(), interface="127.0.0.1")
        self.addCleanup(spoofer.stopListening)
        asker: list[tuple[str, int]] = []
        real = server.ports[1].protocol

        def spoof(data: bytes, addr: tuple[str, int]) -> None:
            asker.append(addr)
            server.silent = False
            for reply in server.answers(data, "udp"):
                spoofer.write(reply, addr)

        real.datagramReceived = spoof
        self.assertEqual(await self.kind(server.server), "timeout")
        self.assertEqual(len(asker), 1)

    async def test_every_query_has_a_port_of_its_own(self) -> None:
        server = self.serve()
        ports: set[int] = set()
        real = server.ports[1].protocol
        answer = real.datagramReceived

        def note(data: bytes, addr: tuple[str, int]) -> None:
            ports.add(addr[1])
            answer(data, addr)

        real.datagramReceived = note
        for _ in range(20):
            await self.ask(server.server)
        self.assertGreater(len(ports), 15)

    async def test_ipv6(self) -> None:
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("there is no IPv6 loopback")
        server = LoopbackNameServer(self.reactor, ZONE)

        class Echo(DatagramProtocol):
            transport: Any = None

            def datagramReceived(self, data: bytes, addr: Any) -> None:
                for reply in server.answers(data, "udp"):
                    self.transport.write(reply, addr)

        port = self.reactor.listenUDP(0, Echo(), interface="::1")
        self.addCleanup(port.stopListening)
        answer = await self.ask(NameServer("::1", port.getHost().port))
        self.assertEqual(len(answer.records), 2)


class Streams(LoopbackCase):
    """TCP."""

    async def test_truncated_answer_is_fetched_over_tcp(self) -> None:
        server = self.serve(truncate=True)
        self.assertEqual(len((await self.ask(server.server)).records), 2)
        self.assertEqual([over for _name, _rtype, over, _query in server.queries], ["udp", "tcp"])

    async def test_answer_of_60_kilobytes(self) -> None:
        server = attrs.evolve(self.serve().server, protocol="tcp")
        answer = await self.ask(server, "big.test", "TXT")
        self.assertEqual((len(answer.records), len(answer.records[0])), (60, 1001))

    async def test_foreign_answer_is_an_error(self) -> None:
        server = attrs.evolve(self.serve(wrong_id=True).server, protocol="tcp")
        self.assertEqual(await self.kind(server, timeout=5.0), "error")

    async def test_silence(self) -> None:
        server = attrs.evolve(self.serve(silent=True).server, protocol="tcp")
        self.assertEqual(await self.kind(server), "timeout")

    async def test_refused_connection(self) -> None:
        server = LoopbackNameServer(self.reactor, ZONE)
        server.start()
        closed = attrs.evolve(server.server, protocol="tcp")
        await server.stop()
        self.assertEqual(await self.kind(closed, timeout=5.0), "error")

    def listen(self, kind: type[Protocol]) -> NameServer:
        port = self.reactor.listenTCP(0, Factory.forProtocol(kind), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return NameServer("127.0.0.1", port.getHost().port, "tcp")

    async def test_server_that_hangs_up(self) -> None:
        class HangUp(Protocol):
            transport: Any = None

            def dataReceived(self, data: bytes) -> None:
                self.transport.loseConnection()

        self.assertEqual(await self.kind(self.listen(HangUp), timeout=5.0), "error")

    async def test_server_that_never_ends_its_answer(self) -> None:
        class Drip(Protocol):
            transport: Any = None

            def dataReceived(self, data: bytes) -> None:
                self.transport.write(b"\xff\xff" + b"x" * 100)

        self.assertEqual(await self.kind(self.listen(Drip)), "timeout")


class Tls(LoopbackCase):
    """TLS with a certificate for 127.0.0.1 and ``dns.test``."""

    def certificate(self) -> PrivateCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dns.test")])
        today = datetime.datetime.now(datetime.UTC)
        names = x509.SubjectAlternativeName([x509.DNSName("dns.test"), x509.IPAddress(ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
            .add_extension(names, critical=False)
            .sign(key, hashes.SHA256())
        )
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        return PrivateCertificate.loadPEM(made.public_bytes(serialization.Encoding.PEM) + pem)

    def serve_tls(self) -> tuple[NameServer, Certificate]:
        certificate = self.certificate()
        zone = LoopbackNameServer(self.reactor, ZONE)
        factory: Any = Factory.forProtocol(_OverTcp)
        factory.answers = zone.answers
        port = self.reactor.listenSSL(0, factory, certificate.options(), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return NameServer("127.0.0.1", port.getHost().port, "tls"), certificate

    def transport(self, *trusted: Certificate) -> Transport:
        return Transport(self.reactor, trustRootFromCertificates(trusted))

    async def test_verified_by_address(self) -> None:
        server, certificate = self.serve_tls()
        answer = await self.ask(server, transport=self.transport(certificate))
        self.assertEqual(len(answer.records), 2)

    async def test_verified_by_name(self) -> None:
        server, certificate = self.serve_tls()
        named = attrs.evolve(server, tls_name="dns.test")
        answer = await self.ask(named, transport=self.transport(certificate))
        self.assertEqual(len(answer.records), 2)

    async def test_wrong_name_is_refused(self) -> None:
        server, certificate = self.serve_tls()
        named = attrs.evolve(server, tls_name="other.test")
        self.assertEqual(await self.kind(named, transport=self.transport(certificate), timeout=5.0), "error")

    async def test_unknown_issuer_is_refused(self) -> None:
        server, _certificate = self.serve_tls()
        self.assertEqual(await self.kind(server, transport=self.transport(), timeout=5.0), "error")


class Leaks(LoopbackCase):
    """Descriptors, readers and delayed calls after many lookups that went wrong."""

    async def test_cancelling_closes_the_socket_at_once(self) -> None:
        server = self.serve(silent=True).server
        before = open_sockets()
        looking = self.ask(server, timeout=10.0)
        self.assertEqual(open_sockets() - before, 1)
        looking.cancel()
        self.failureResultOf(looking, CancelledError)
        self.assertEqual(open_sockets(), before)

    async def hundred(self, resolver: StubResolver, *, cancel: bool) -> None:
        """A hundred lookups at a time that end badly."""
        names = [("silent.test" if n % 2 else "good.test") for n in range(100)]
        looking = [Deferred.fromCoroutine(resolver.lookup(name, "MX")) for name in names]
        waiting = gatherResults([one.addErrback(lambda failure: failure.type) for one in looking])
        await deferLater(self.reactor, 0.02, lambda: None)
        if cancel:
            for one in looking:
                one.cancel()
        self.assertEqual(await waiting, [CancelledError if cancel else LookupFailed] * 100)

    async def test_a_thousand_lookups_of_a_misbehaving_server_leave_nothing(self) -> None:
        server = self.serve(wrong_id=True, silent={"silent.test"})
        resolver = StubResolver(self.reactor, [server.server], timeout=0.3, attempts=1)
        await deferLater(self.reactor, 0, lambda: None)  # the reactor and trial have set up their own by then
        before = open_sockets(), len(self.reactor.getReaders()), len(self.reactor.getDelayedCalls())
        for turn in range(10):
            await self.hundred(resolver, cancel=turn > 0)
        await deferLater(self.reactor, 0, lambda: None)
        after = open_sockets(), len(self.reactor.getReaders()), len(self.reactor.getDelayedCalls())
        self.assertEqual(after, before)
        gc.collect()
        self.assertEqual([one for one in gc.get_objects() if type(one).__name__ == "_Datagram"], [])
