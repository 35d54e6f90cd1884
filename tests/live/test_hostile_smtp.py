"""The misbehaving server does what its table says, seen by plain sockets in threads of the test's own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from stalwart.cli.demo_certificates import Authority
from tests.live.hostile_smtp import BEHAVIOURS, Certificates, HostileSmtp

HOST = "mx.hostile.test"


def talk(port: int, *commands: bytes, wait: float = 0.5) -> list[bytes]:
    """What the server says to nothing and then to each command; an answer that does not come is empty."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as client:
        heard = [hear(client)]
        for command in commands:
            client.sendall(command + b"\r\n")
            heard.append(hear(client))
        return heard


def hear(client: socket.socket) -> bytes:
    """One reply, as far as it comes."""
    got = b""
    try:
        while not got.endswith(b"\r\n") or got[got.rfind(b"\r\n", 0, -2) + 2 :][3:4] == b"-":
            more = client.recv(65536)
            if not more or len(got) > 4_000_000:
                return got
            got += more
    except (TimeoutError, ConnectionError):
        return got
    return got


def starttls(port: int, trusted: str, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> tuple[str, bytes]:
    """The protocol of the handshake and the answer to EHLO within it; raises what the handshake raises."""
    context = ssl.create_default_context(cadata=trusted)
    context.minimum_version = oldest
    with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
        hear(client)
        for command in (b"EHLO me", b"STARTTLS"):
            client.sendall(command + b"\r\n")
            hear(client)
        with context.wrap_socket(client, server_hostname=HOST) as secure:
            secure.sendall(b"EHLO me\r\n")
            return secure.version() or "", hear(secure)


class HostileSmtpTests(TestCase):
    """One server per test on an ephemeral port."""

    timeout = 20

    def setUp(self) -> None:
        self.certificates = Certificates(Authority("Test authority"))
        self.trusted = self.certificates.authority.pem.decode("ascii")
        self.events: list[str] = []

    def serve(self, name: str) -> int:
        factory = HostileSmtp.named(
            name, HOST, self.certificates, reactor, observe=lambda _host, event: self.events.append(event)
        )
        port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(self.finish, port, factory)
        return int(port.getHost().port)

    async def finish(self, port: Any, factory: HostileSmtp) -> None:
        await port.stopListening()
        for client in tuple(factory.clients):
            client.transport.abortConnection()
        for _ in range(200):
            if not factory.clients:
                return
            await pause(0.01)
        self.fail("a session stayed open")

    async def hears(self, name: str, *commands: bytes, wait: float = 0.5) -> list[bytes]:
        heard: list[bytes] = await deferToThread(talk, self.serve(name), *commands, wait=wait)
        return heard

    async def refuses(self, name: str, reason: str) -> None:
        with self.assertRaises(ssl.SSLError) as caught:
            await deferToThread(starttls, self.serve(name), self.trusted)
        self.assertIn(reason, str(caught.exception))

    async def test_proper_server_answers_the_whole_dialogue(self) -> None:
        heard = await self.hears("accept", b"EHLO me", b"MAIL FROM:<>", b"RCPT TO:<a@b>", b"QUIT")
        self.assertEqual([one[:3] for one in heard], [b"220", b"250", b"250", b"250", b"221"])
        self.assertIn(b"250 STARTTLS\r\n", heard[1])
        self.assertEqual(self.events[0], "open")

    async def test_proper_server_speaks_tls_and_offers_it_once(self) -> None:
        version, capabilities = await deferToThread(starttls, self.serve("accept"), self.trusted)
        self.assertEqual(version, "TLSv1.3")
        self.assertNotIn(b"STARTTLS", capabilities)
        self.assertIn("tls", self.events)

    async def test_expired_certificate_is_sent(self) -> None:
        await self.refuses("expired", "expired")

    async def test_certificate_of_the_future_is_sent(self) -> None:
        await self.refuses("notyet", "not yet valid")

    async def test_certificate_for_another_name_is_sent(self) -> None:
        await self.refuses("wrongname", "Hostname mismatch")

    async def test_certificate_of_an_unknown_issuer_is_sent(self) -> None:
        await self.refuses("unknownissuer", "self-signed certificate in certificate chain")

    async def test_self_signed_certificate_is_sent(self) -> None:
        await self.refuses("selfsigned", "self-signed certificate")

    async def test_old_tls_fails_the_handshake_of_a_modern_client(self) -> None:
        await self.refuses("tls10", "alert")

    async def test_garbage_follows_the_220_of_starttls(self) -> None:
        with self.assertRaises(ssl.SSLError):
            await deferToThread(starttls, self.serve("garbage"), self.trusted)

    async def test_injected_reply_comes_with_the_220(self) -> None:
        heard = await self.hears("inject", b"EHLO me", b"STARTTLS")
        self.assertEqual(heard[2], b"220 2.0.0 go ahead\r\n250 2.0.0 injected\r\n")

    async def test_megabyte_line_is_sent_whole(self) -> None:
        heard = await self.hears("longline", b"EHLO me", wait=3)
        self.assertGreater(len(heard[1]), 1_000_000)

    async def test_endless_reply_goes_on_while_somebody_reads(self) -> None:
        heard = await self.hears("endless", b"EHLO me", wait=3)
        self.assertGreater(len(heard[1]), 4_000_000)

    async def test_one_byte_per_second_is_one_byte_per_second(self) -> None:
        self.assertLess(len((await self.hears("drip", wait=0.4))[0]), 3)

    async def test_hanging_step_is_never_answered(self) -> None:
        heard = await self.hears("hangsmail", b"EHLO me", b"MAIL FROM:<>", wait=0.3)
        self.assertEqual(heard[2], b"")

    async def test_leaving_client_is_noticed(self) -> None:
        await self.hears("accept")
        for _ in range(100):
            if "closed" in self.events:
                return
            await pause(0.01)
        self.fail("the end of the connection was not seen")


def pause(seconds: float) -> Deferred[None]:
    """Fires after a while."""
    waiting: Deferred[None] = Deferred()
    reactor.callLater(seconds, waiting.callback, None)  # type: ignore[attr-defined]
    return waiting


FIRST_REPLIES = {  # behaviour: how its greeting and its answer to EHLO begin
    "banner4xx": (b"450", b"250"),
    "banner5xx": (b"554", b"250"),
    "busy": (b"421", b""),
    "drops": (b"", b""),
    "silent": (b"", b"250"),
    "noehlo": (b"220", b"502"),
    "ehlo4xx": (b"220", b"451"),
    "bare": (b"220", b"250 hello"),
    "closesgreeting": (b"220", b""),
    "hangsehlo": (b"220", b""),
    "eightbit": (b"\x80", b"250"),
    "notnumeric": (b"220", b"hello"),
    "mixedcodes": (b"220", b"250-STARTTLS\r\n550"),
}


def _first_replies(name: str, greeting: bytes, ehlo: bytes) -> Callable[[HostileSmtpTests], Any]:
    async def test(self: HostileSmtpTests) -> None:
        try:
            heard = await self.hears(name, b"EHLO me", wait=0.3)
        except ConnectionError:
            heard = [b"", b""]
        self.assertTrue(heard[0].startswith(greeting) and bool(heard[0]) == bool(greeting), heard)
        self.assertTrue(heard[1].startswith(ehlo) and bool(heard[1]) == bool(ehlo), heard)

    return test


for _name, (_greeting, _ehlo) in FIRST_REPLIES.items():
    setattr(HostileSmtpTests, f"test_first_replies_of_{_name}", _first_replies(_name, _greeting, _ehlo))

assert set(FIRST_REPLIES) <= set(BEHAVIOURS)
