"""The HTTPS client against servers on loopback, well-behaved and not."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from stalwart.net.dns import Answer, LookupFailed
from stalwart.net.https import FetchFailed, PolicyFetcher
from stalwart.net.tls import TrustStore
from tests.net.certificates import Issued, issue, make_ca
from tests.net.smtp_peers import ServerOptions

CA = make_ca()
GOOD = issue(["mta-sts.example.test"], 30, CA)
HOST, PATH = "mta-sts.example.test", "/.well-known/mta-sts.txt"


class Names:
    """A resolver that knows one host."""

    def __init__(self, *addresses: str, failure: LookupFailed | None = None) -> None:
        self.addresses = addresses
        self.failure = failure or LookupFailed("nodata", "DNS record not found: No Error")
        self.asked: list[tuple[str, str]] = []
        self.silent = False

    async def lookup(self, name: str, rtype: str) -> Answer:
        self.asked.append((name, rtype))
        if self.silent:
            await Deferred()
        found = tuple(ip for ip in self.addresses if (":" in ip) == (rtype == "AAAA"))
        if not found:
            raise self.failure
        return Answer(name, rtype, found)


class Canned(Protocol):
    """Answers a request with fixed bytes, or with what a function does."""

    factory: Any
    transport: Any

    def connectionMade(self) -> None:
        self.factory.connections.append(self)
        self.request = b""

    def dataReceived(self, data: bytes) -> None:
        self.request += data
        if b"\r\n\r\n" in self.request:
            self.factory.requests.append(self.request)
            self.factory.answer(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.connections.remove(self)


class CannedFactory(Factory):
    protocol = Canned  # type: ignore[assignment]
    noisy = False

    def __init__(self, answer: Callable[[Canned], object]) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.connections: list[Canned] = []


def document(body: bytes, status: bytes = b"200 OK", *headers: bytes) -> Callable[[Canned], object]:
    """An answer with its length."""
    lines = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers, b"", body)
    return lambda server: server.transport.write(b"\r\n".join(lines))


class Fetching(TestCase):
    timeout = 10
    port = 443

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.path = self.mktemp()
        with open(self.path, "wb") as file:
            file.write(CA.certificate_pem)
        self.names = Names("127.0.0.1")

    def serve(self, answer: Callable[[Canned], object], issued: Issued = GOOD) -> None:
        self.server = CannedFactory(answer)
        wrapped = TLSMemoryBIOFactory(ServerOptions(issued), False, self.server)
        wrapped.noisy = False
        self.listen(wrapped)

    def listen(self, factory: Any) -> None:
        port = self.reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.port = port.getHost().port

    def fetch(self, limit: int = 1000, timeout: float = 5, **options: Any) -> Any:
        options = {"port": self.port, **options}
        fetcher = PolicyFetcher(self.reactor, TrustStore(self.path), self.names, **options)
        return fetcher.fetch(HOST, PATH, limit, timeout)

    async def failure(self, *arguments: Any, **options: Any) -> FetchFailed:
        with self.assertRaises(FetchFailed) as caught:
            await self.fetch(*arguments, **options)
        await self.all_gone()
        problem: FetchFailed = caught.exception
        return problem

    async def pause(self, seconds: float = 0.01) -> None:
        waiting: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, waiting.callback, None)
        await waiting

    async def all_gone(self) -> None:
        """Until the server has seen the end of each connection; the test's own time-out is the limit."""
        while getattr(self, "server", None) is not None and self.server.connections:
            await self.pause()

    async def test_document(self) -> None:
        self.serve(document(b"version: STSv1\r\n", b"200 OK", b"Content-Type: text/plain; charset=utf-8"))
        found = await self.fetch()
        self.assertEqual((found.status, found.body), (200, b"version: STSv1\r\n"))
        self.assertEqual(found.content_type, "text/plain; charset=utf-8")
        head = self.server.requests[0]
        self.assertTrue(head.startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n"))
        self.assertIn(b"\r\nHost: mta-sts.example.test\r\n", head)
        await self.all_gone()

    async def test_names_are_asked_of_the_resolver(self) -> None:
        self.serve(document(b""))
        await self.fetch()
        self.assertEqual(set(self.names.asked), {(HOST, "A"), (HOST, "AAAA")})
        await self.all_gone()

    async def test_chunked_document(self) -> None:
        self.serve(
            lambda server: server.transport.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            )
        )
        self.assertEqual((await self.fetch()).body, b"abcde")
        await self.all_gone()

    async def test_document_that_ends_with_the_connection(self) -> None:
        def answer(server: Canned) -> None:
            server.transport.write(b"HTTP/1.0 200 OK\r\n\r\nabc")
            server.transport.loseConnection()

        self.serve(answer)
        self.assertEqual((await self.fetch()).body, b"abc")

    async def test_redirect_is_not_followed(self) -> None:
        self.serve(document(b"", b"301 Moved", b"Location: https://else.test/"))
        self.assertEqual((await self.fetch()).status, 301)
        self.assertEqual(len(self.server.requests), 1)
        await self.all_gone()

    async def test_error_page_is_returned(self) -> None:
        self.serve(document(b"no", b"404 Not Found", b"Content-Type: text/html"))
        found = await self.fetch()
        self.assertEqual((found.status, found.content_type, found.body), (404, "text/html", b"no"))
        await self.all_gone()

    async def test_compressed_document_is_left_as_it_is(self) -> None:
        self.serve(document(b"\x1f\x8b\x08junk", b"200 OK", b"Content-Encoding: gzip"))
        self.assertEqual((await self.fetch()).body, b"\x1f\x8b\x08junk")
        await self.all_gone()

    async def test_untrusted_certificate(self) -> None:
        self.serve(document(b"x"), issue([HOST]))
        failure = await self.failure()
        self.assertEqual(failure.kind, "tls")
        self.assertIn("self-signed certificate", failure.reason)
        self.assertEqual(self.server.requests, [])

    async def test_expired_certificate(self) -> None:
        self.serve(document(b"x"), issue([HOST], -3, CA))
        self.assertIn("expired", (await self.failure()).reason)

    async def test_certificate_for_another_name(self) -> None:
        self.serve(document(b"x"), issue(["else.test"], 30, CA))
        failure = await self.failure()
        self.assertEqual(failure.kind, "tls")
        self.assertIn("only valid for else.test", failure.reason)
        self.assertEqual(self.server.requests, [])

    async def test_server_without_tls(self) -> None:
        self.server = CannedFactory(document(b"x"))
        self.server.protocol = type(
            "Plain", (Canned,), {"dataReceived": lambda self, data: self.transport.write(b"HTTP/1.1 400 Bad\r\n\r\n")}
        )
        self.listen(self.server)
        self.assertEqual((await self.failure()).kind, "tls")

    async def test_hanging_up_in_the_handshake(self) -> None:
        self.server = CannedFactory(document(b"x"))
        self.server.protocol = type(
            "Rude", (Canned,), {"dataReceived": lambda self, data: self.transport.loseConnection()}
        )
        self.listen(self.server)
        failure = await self.failure()
        self.assertEqual((failure.kind, failure.reason), ("tls", "I/O error: tls handshake eof"))

    async def test_announced_length_above_the_limit(self) -> None:
        self.serve(document(b"x" * 1001))
        self.assertEqual((await self.failure()).kind, "too-large")

    async def test_endless_body(self) -> None:
        def pour(server: Canned) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100000)

        self.serve(pour)
        self.assertEqual((await self.failure()).kind, "too-large")

    async def test_endless_head(self) -> None:
        def pour(server: Canned) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: xxxxxxxxxxxxxxxx\r\n" * 20000)

        self.serve(pour)
        self.assertEqual((await self.failure()).kind, "too-large")

    async def test_silent_server(self) -> None:
        self.serve(lambda server: None)
        failure = await self.failure(timeout=0.2)
        self.assertEqual(failure.kind, "timeout")

    async def test_body_that_drips(self) -> None:
        def drip(server: Canned) -> None:
            if server in self.server.connections:
                server.transport.write(b"x")
                self.reactor.callLater(0.03, drip, server)

        def answer(server: Canned) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
            drip(server)

        self.serve(answer)
        failure = await self.failure(timeout=0.3)
        self.assertEqual(failure.kind, "timeout")
        await self.pause(0.05)

    async def test_body_that_breaks_off(self) -> None:
        def answer(server: Canned) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nabc")
            server.transport.loseConnection()

        self.serve(answer)
        self.assertEqual((await self.failure()).kind, "protocol")

    async def test_something_that_is_not_http(self) -> None:
        self.serve(lambda server: server.transport.write(b"220 mx.test ESMTP\r\n" * 3))
        self.assertEqual((await self.failure()).kind, "protocol")

    async def test_no_answer_at_all(self) -> None:
        self.serve(lambda server: server.transport.loseConnection())
        self.assertEqual((await self.failure()).kind, "protocol")

    async def test_nobody_listens(self) -> None:
        port = self.reactor.listenTCP(0, Factory(), interface="127.0.0.1")
        number = port.getHost().port
        await port.stopListening()
        failure = await self.failure(port=number)
        self.assertEqual((failure.kind, failure.reason), ("connect", "I/O error: Connection refused (os error 111)"))

    async def test_next_address_where_one_refuses(self) -> None:
        self.serve(document(b"x"))
        self.names = Names("127.0.0.2", "127.0.0.1")
        self.assertEqual((await self.fetch()).body, b"x")
        await self.all_gone()

    async def test_address_that_is_not_allowed(self) -> None:
        self.serve(document(b"x"))
        failure = await self.failure(allow=lambda ip: not ip.startswith("127."))
        self.assertEqual((failure.kind, failure.reason), ("connect", "address 127.0.0.1 is not allowed"))
        self.assertEqual(self.server.requests, [])

    async def test_unknown_host(self) -> None:
        self.names = Names(failure=LookupFailed("nxdomain", "DNS record not found: Non-Existent Domain"))
        failure = await self.failure(port=1)
        self.assertEqual((failure.kind, failure.reason), ("connect", "DNS record not found: Non-Existent Domain"))

    async def test_something_that_is_no_host(self) -> None:
        fetcher = PolicyFetcher(self.reactor, TrustStore(self.path), self.names)
        with self.assertRaises(FetchFailed):
            await fetcher.fetch("a.test/..@b.test", PATH, 10, 5)
        self.assertEqual(self.names.asked, [])

    async def test_resolver_that_does_not_answer(self) -> None:
        self.names.silent = True
        self.assertEqual((await self.failure(timeout=0.1)).kind, "timeout")

    async def test_cancelling_while_the_resolver_is_asked(self) -> None:
        self.names.silent = True
        waiting = Deferred.fromCoroutine(self.fetch())
        waiting.cancel()
        with self.assertRaises(CancelledError):
            await waiting

    async def test_cancelling_while_connecting(self) -> None:
        self.listen(Factory())  # never accepted from: the connection is made by the kernel, the handshake hangs
        waiting = Deferred.fromCoroutine(self.fetch())
        self.reactor.callLater(0, waiting.cancel)
        with self.assertRaises(CancelledError):
            await waiting

    async def test_cancelling_closes_at_once(self) -> None:
        self.serve(lambda server: None)
        waiting = Deferred.fromCoroutine(self.fetch())
        while not self.server.requests:
            await self.pause()
        waiting.cancel()
        with self.assertRaises(CancelledError):
            await waiting
        await self.all_gone()

    async def test_cancelling_while_the_body_arrives(self) -> None:
        self.serve(lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nabc"))
        waiting = Deferred.fromCoroutine(self.fetch())
        while not self.server.requests:
            await self.pause()
        await self.pause(0.05)
        waiting.cancel()
        with self.assertRaises(CancelledError):
            await waiting
        await self.all_gone()

    async def test_nothing_leaks(self) -> None:
        self.serve(document(b"x"))

        async def resources(rounds: int) -> tuple[int, int]:
            for _ in range(rounds):
                await self.fetch()
                await self.failure(limit=0)
            await self.all_gone()
            gc.collect()
            return len(os.listdir("/proc/self/fd")), len(self.reactor.getDelayedCalls())

        before = await resources(1)
        self.assertEqual(await resources(5), before)
