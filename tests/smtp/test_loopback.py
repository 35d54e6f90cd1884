"""What only real sockets show: who speaks too early, who is read from and written to how far, what is left to read
when the server hangs up, TLS.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from attrs import evolve
from twisted.internet import reactor as global_reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from stalwart.config.network.listener import NetworkListener
from stalwart.smtp.limits import Limits
from stalwart.smtp.policy import Policy
from stalwart.smtp.role import MX
from stalwart.smtp.server import SmtpFactory
from stalwart.telemetry import Telemetry
from stalwart.tls.accepting import Handshakes, accept
from stalwart.tls.contexts import ServerTls
from stalwart.tls.selection import Certificates
from stalwart.web.connection import Listener
from tests.smtp.twin import TwinReception
from tests.tls.handshakes import Challenged

reactor: Any = global_reactor
PATIENCE = 8.0
BEGIN = b"MAIL FROM:<jane@a.test>\r\nRCPT TO:<john@b.test>\r\nDATA\r\n"
NAME = "mx.example.test"


class LoopbackCase(TestCase):
    """``talk(work)`` calls ``work(client)`` in a thread."""

    implicit_tls = False
    limits = Limits()

    def setUp(self) -> None:
        self.reception = TwinReception()
        telemetry = Telemetry()
        server = ServerTls(Certificates(reactor, telemetry, lambda: (NAME,)), Challenged(), reactor, telemetry)
        creator = server.creator(NetworkListener.from_wire({"name": "smtp", "bind": {"[::]:25": True}}), ())
        policy = Policy(MX, self.reception, telemetry, reactor, NAME, f"{NAME} ready", self.limits, creator)
        self.factory: Any = SmtpFactory(Listener("smtp"), policy)
        outer = self.factory
        if self.implicit_tls:
            shake = Handshakes("smtp", lambda agreed, peer: self.factory.buildProtocol(peer), 10, reactor, telemetry)
            outer = accept(creator, shake)
        port = reactor.listenTCP(0, outer, interface="127.0.0.1")
        self.address = ("127.0.0.1", port.getHost().port)

        async def close() -> None:
            await port.stopListening()
            await self.factory.close(1)

        self.addCleanup(close)

    async def talk(self, work: Callable[[socket.socket], bytes]) -> str:
        def conversation() -> bytes:
            with socket.create_connection(self.address, PATIENCE) as client:
                return work(client)

        return (await deferToThread(conversation)).decode()


def read_all(client: socket.socket) -> bytes:
    found = b""
    while True:
        try:
            data = client.recv(65536)
        except ConnectionResetError:
            return found + b"<reset>"
        if not data:
            return found
        found += data


def read_lines(client: socket.socket, count: int) -> bytes:
    found = b""
    while found.count(b"\n") < count:
        data = client.recv(65536)
        if not data:
            break
        found += data
    return found


def wrapped(client: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(client, server_hostname=NAME)


class SocketTests(LoopbackCase):
    limits = evolve(Limits(), transfer=3_000_000, idle_commands=None)

    async def test_a_client_that_is_sent_away_reads_why(self) -> None:
        def work(client: socket.socket) -> bytes:
            read_lines(client, 1)
            client.sendall(b"EHLO a.test\r\n" + BEGIN)
            try:
                client.sendall(b"a" * 4_000_000)
            except OSError:
                return read_all(client) + b"<broken>"
            return read_all(client)

        self.assertRegex(await self.talk(work), "\r\n421 4.3.2 Too much was sent[^\r]+\r\n(<broken>)?$")
        self.assertTrue(self.reception.spools[0].aborted)

    async def test_a_client_that_does_not_read(self) -> None:
        """Its replies fill the socket; then no more is read from it than a little."""
        seen: list[int] = []

        def work(client: socket.socket) -> bytes:
            read_lines(client, 1)
            (connection,) = self.factory.connections
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                connection.transport.socket.setsockopt(socket.SOL_SOCKET, buffer, 8192)
            client.settimeout(0.3)
            try:
                for _ in range(200):
                    client.sendall(b"NOOP\r\n" * 10_000)
            except TimeoutError:
                waiting = len(connection.transport.dataBuffer) + sum(map(len, connection.transport._tempDataBuffer))
                seen.extend((waiting, connection._lines.pending))
            return b""

        await self.talk(work)
        self.assertEqual([amount < 300_000 for amount in seen], [True, True], seen)

    async def test_a_slow_spool_slows_the_client(self) -> None:
        self.reception.slow = True
        progress: list[int] = []

        def work(client: socket.socket) -> bytes:
            read_lines(client, 1)
            client.sendall(b"EHLO a.test\r\n" + BEGIN)
            read_lines(client, 11)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            client.settimeout(0.3)
            sent = 0
            try:
                while sent < 20_000_000:
                    sent += client.send(b"a" * 65536)
            except TimeoutError:
                progress.append(sent)
            return b""

        await self.talk(work)
        self.assertLess(len(self.reception.spools[0].octets), 200_000)
        self.assertTrue(progress)
        self.reception.slow = False
        self.reception.spools[0].waits[-1].callback(None)

    async def test_starttls(self) -> None:
        def work(client: socket.socket) -> bytes:
            read_lines(client, 1)
            client.sendall(b"EHLO a.test\r\nSTARTTLS\r\n")
            read_lines(client, 9)
            with wrapped(client) as tls:
                tls.sendall(b"EHLO a.test\r\n" + BEGIN + b"Subject: x\r\n\r\n" + b"a" * 200_000 + b"\r\n.\r\nQUIT\r\n")
                return read_all(tls)

        said = await self.talk(work)
        self.assertTrue(said.endswith("250 2.0.0 Message accepted\r\n221 2.0.0 Bye\r\n"), said[-200:])
        self.assertNotIn("STARTTLS", said)
        self.assertTrue(self.reception.messages[0][0].peer.tls)

    async def test_what_is_put_behind_starttls(self) -> None:
        def together(client: socket.socket) -> bytes:
            read_lines(client, 1)
            client.sendall(b"EHLO a.test\r\nSTARTTLS\r\nMAIL FROM:<evil@a.test>\r\n")
            return read_all(client)

        def a_moment_later(client: socket.socket) -> bytes:
            read_lines(client, 1)
            client.sendall(b"EHLO a.test\r\nSTARTTLS\r\n")
            read_lines(client, 9)
            client.sendall(b"MAIL FROM:<evil@a.test>\r\n")
            return read_all(client)

        self.assertIn("\r\n554 5.5.1", await self.talk(together))
        self.assertNotIn("250", await self.talk(a_moment_later))


class GreetingTests(LoopbackCase):
    limits = evolve(Limits(), greet_delay=0.5)

    async def test_who_speaks_before_it(self) -> None:
        def work(client: socket.socket) -> bytes:
            client.sendall(b"EHLO a.test\r\n" + BEGIN)
            return read_all(client)

        self.assertEqual((await self.talk(work))[:9], "554 5.5.0")


class ImplicitTlsTests(LoopbackCase):
    implicit_tls = True

    async def test_a_session(self) -> None:
        def work(client: socket.socket) -> bytes:
            with wrapped(client) as tls:
                said = read_lines(tls, 1)
                tls.sendall(b"EHLO a.test\r\n" + BEGIN + b"x\r\n.\r\nQUIT\r\n")
                return said + read_all(tls)

        said = await self.talk(work)
        self.assertTrue(said.startswith(f"220 {NAME}"))
        self.assertTrue(said.endswith("221 2.0.0 Bye\r\n"), said)
        peer = self.reception.messages[0][0].peer
        self.assertEqual((peer.is_tls, (peer.tls or "")[:6]), (True, "TLSv1."))


class FloodTests(LoopbackCase):
    limits = evolve(Limits(), connections_each=20)

    async def test_connections_beyond_the_limit(self) -> None:
        def flood(_: socket.socket) -> bytes:
            opened = [socket.create_connection(self.address, PATIENCE) for _ in range(60)]
            said = b"".join(read_lines(each, 1)[:4] for each in opened)
            for each in opened:
                each.close()
            return said

        said = await self.talk(flood)
        self.assertEqual((said.count("220 "), said.count("421 ")), (19, 41))
        late = time.monotonic() + PATIENCE

        def once_more(client: socket.socket) -> bytes:
            return read_lines(client, 1)

        while (await self.talk(once_more))[:3] != "220":
            self.assertLess(time.monotonic(), late)
