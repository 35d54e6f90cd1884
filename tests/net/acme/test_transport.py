"""Requests to authorities over TLS on loopback: connections that are kept, and servers that do as they should not."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet._resolver import HostResolution
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from stalwart.net.acme import AcmeUnreachable, acme_http
from stalwart.net.acme.transport import Answer, HttpsTransport
from stalwart.net.tls import TrustStore
from tests.net.certificates import Issued, issue, make_ca
from tests.net.smtp_peers import ServerOptions

CA = make_ca()
GOOD = issue(["localhost", "127.0.0.1"], 30, CA)
HEADS = {"Accept": "application/json", "User-Agent": "Stalwart"}


class Served(Protocol):
    """One connection: has each whole request answered by the factory's function."""

    factory: Any
    transport: Any

    def connectionMade(self) -> None:
        self.factory.connections.append(self)
        self.factory.count += 1
        self.number = self.factory.count
        self.waiting = b""

    def dataReceived(self, data: bytes) -> None:
        self.waiting += data
        head, end, body = self.waiting.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if end and len(body) >= length:
            self.waiting = b""
            self.factory.requests.append((self.number, head, body))
            self.factory.answer(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.connections.remove(self)


class Serving(Factory):
    """Connections that are open, and requests as (number of the connection, head, body)."""

    protocol = Served  # type: ignore[assignment]
    noisy = False

    def __init__(self, answer: Callable[[Served], object]) -> None:
        self.answer = answer
        self.requests: list[tuple[int, bytes, bytes]] = []
        self.connections: list[Served] = []
        self.count = 0


def says(body: bytes = b"{}", status: bytes = b"200 OK", *heads: bytes) -> Callable[[Served], object]:
    """An answer with its length."""
    lines = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *heads, b"", body)
    return lambda server: server.transport.write(b"\r\n".join(lines))


def by_turns(*answers: Callable[[Served], object]) -> Callable[[Served], object]:
    """The first request gets the first answer; the last one is repeated."""
    left = list(answers)
    return lambda server: (left.pop(0) if len(left) > 1 else left[0])(server)


@implementer(IHostnameResolver)
class NoNames:
    """Knows no host, so that nobody outside is asked."""

    def resolveHostName(self, receiver: Any, hostName: str, *arguments: Any, **named: Any) -> Any:
        """IHostnameResolver."""
        resolution = HostResolution(hostName)
        receiver.resolutionBegan(resolution)
        receiver.resolutionComplete()
        return resolution


class TransportCase(TestCase):
    """``ask`` goes to what ``serve`` has started."""

    timeout = 10

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.path = self.mktemp()
        with open(self.path, "wb") as file:
            file.write(CA.certificate_pem)
        self.http = self.made()

    def made(self, **options: Any) -> HttpsTransport:
        http = HttpsTransport(self.reactor, TrustStore(self.path), **{"timeout": 5.0, **options})
        self.addCleanup(lambda: Deferred.fromCoroutine(self.finished(http)))
        return http

    async def finished(self, http: HttpsTransport) -> None:
        """Close, and wait for the server to see it: the connection must be gone, whatever happened."""
        await http.close()
        while getattr(self, "server", None) is not None and self.server.connections:
            await self.pause()

    def serve(self, answer: Callable[[Served], object], issued: Issued = GOOD) -> None:
        self.server = Serving(answer)
        wrapped = TLSMemoryBIOFactory(ServerOptions(issued), False, self.server)
        wrapped.noisy = False
        self.listen(wrapped)

    def listen(self, factory: Any) -> None:
        port = self.reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.url = f"https://localhost:{port.getHost().port}/dir"

    async def ask(self, method: str = "GET", body: bytes | None = None, http: HttpsTransport | None = None) -> Answer:
        return await (http or self.http).request(method, self.url, HEADS, body)

    async def failure(self, http: HttpsTransport | None = None, method: str = "GET") -> str:
        with self.assertRaises(AcmeUnreachable) as caught:
            await self.ask(method, http=http)
        problem = caught.exception
        self.assertTrue(problem.is_temporary)
        self.assertRegex(problem.detail, r"\Alocalhost:\d+ cannot be reached: .+\.\Z")
        return str(problem.detail)

    async def pause(self, seconds: float = 0.01) -> None:
        waiting: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, waiting.callback, None)
        await waiting

    async def until(self, ready: Callable[[], object]) -> None:
        """The test's own time-out is the limit."""
        while not ready():
            await self.pause()

    def numbers(self) -> list[int]:
        """By which connection each request came."""
        return [number for number, _, _ in self.server.requests]


class AnswerTests(TransportCase):
    """RFC 9110: what is sent and what is made of the answer."""

    async def test_get(self) -> None:
        self.serve(says(b'{"a":1}', b"200 OK", b"Replay-Nonce: abc", b"Link: <a>;rel=up", b"Link: <b>;rel=index"))
        found = await self.ask()
        self.assertEqual((found.status, found.body), (200, b'{"a":1}'))
        self.assertEqual((found.heads["replay-nonce"], found.heads["link"]), (["abc"], ["<a>;rel=up", "<b>;rel=index"]))
        lines = self.server.requests[0][1].split(b"\r\n")
        self.assertEqual(lines[0], b"GET /dir HTTP/1.1")
        names = sorted(line.partition(b":")[0].lower() for line in lines[1:])
        self.assertLessEqual({b"accept", b"host", b"user-agent"}, set(names))
        self.assertFalse({b"accept-encoding", b"cookie", b"content-length"} & set(names))
        self.assertEqual(names.count(b"user-agent"), 1)

    async def test_post(self) -> None:
        self.serve(says(b"", b"201 Created", b"Location: https://ca.test/1"))
        found = await self.ask("POST", b'{"payload":""}')
        self.assertEqual((found.status, found.body, found.heads["location"]), (201, b"", ["https://ca.test/1"]))
        self.assertEqual(self.server.requests[0][2], b'{"payload":""}')

    async def test_head(self) -> None:
        self.serve(
            lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nReplay-Nonce: x\r\n\r\n")
        )
        for _ in range(2):
            self.assertEqual((await self.ask("HEAD")).body, b"")
        self.assertEqual(self.numbers(), [1, 1])

    async def test_no_content(self) -> None:
        self.serve(lambda server: server.transport.write(b"HTTP/1.1 204 No Content\r\nReplay-Nonce: x\r\n\r\n"))
        self.assertEqual((await self.ask()).status, 204)
        self.assertEqual((await self.ask()).status, 204)

    async def test_chunks(self) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
        self.serve(lambda server: server.transport.write(chunked))
        self.assertEqual((await self.ask()).body, b"abcd")

    async def test_errors_are_answers(self) -> None:
        self.serve(says(b"busy", b"503 Service Unavailable", b"Retry-After: 5"))
        found = await self.ask()
        self.assertEqual((found.status, found.body, found.heads["retry-after"]), (503, b"busy", ["5"]))

    async def test_redirect_is_not_followed(self) -> None:
        for status in (b"301 Moved", b"302 Found", b"307 Temporary", b"308 Permanent"):
            self.serve(says(b"", status, b"Location: /else"))
            self.assertEqual((await self.ask("POST", b"x")).status, int(status[:3]))
            self.assertEqual(len(self.server.requests), 1)

    async def test_cookies_are_not_kept(self) -> None:
        self.serve(says(b"", b"200 OK", b"Set-Cookie: a=b; Path=/"))
        await self.ask()
        await self.ask()
        self.assertNotIn(b"cookie", self.server.requests[1][1].lower())

    async def test_head_that_is_not_ascii(self) -> None:
        self.serve(says(b"{}", b"200 OK", b"Link: \xe9\xff"))
        self.assertEqual((await self.ask()).heads["link"], ["\xe9\xff"])

    async def test_address(self) -> None:
        self.serve(says(b"x"))
        self.url = self.url.replace("localhost", "127.0.0.1")
        self.assertEqual((await self.ask()).body, b"x")

    async def test_made_for_a_client(self) -> None:
        self.serve(says(b"x"))
        http = acme_http(self.reactor, TrustStore(self.path))
        self.assertEqual((await self.ask(http=http)).body, b"x")
        await http.close()


class KeptTests(TransportCase):
    """Connections are used again (RFC 9112 9.3)."""

    async def test_reused(self) -> None:
        self.serve(says())
        for _ in range(5):
            await self.ask("POST", b"x")
        self.assertEqual(self.numbers(), [1] * 5)

    async def test_several_at_once(self) -> None:
        self.serve(says())
        await gatherResults([Deferred.fromCoroutine(self.ask()) for _ in range(4)])
        await self.ask()
        self.assertEqual(self.server.count, 4)

    async def test_not_where_the_server_says_so(self) -> None:
        self.serve(says(b"", b"200 OK", b"Connection: close"))
        await self.ask()
        await self.ask()
        self.assertEqual(self.numbers(), [1, 2])

    async def test_one_that_was_closed_while_it_was_idle(self) -> None:
        self.serve(says())
        for close in ("loseConnection", "abortConnection"):
            await self.ask()
            getattr(self.server.connections[0].transport, close)()
            await self.until(lambda: not self.server.connections)
        await self.ask()
        self.assertEqual(self.numbers(), [1, 2, 3])

    async def test_one_that_is_closed_as_it_is_used_is_replaced(self) -> None:
        for close in ("loseConnection", "abortConnection"):
            self.serve(by_turns(says(), lambda server, close=close: getattr(server.transport, close)(), says(b"again")))
            await self.ask()
            self.assertEqual((await self.ask("POST", b"x")).body, b"again")
            self.assertEqual(self.numbers(), [1, 1, 2])
            self.assertEqual(self.server.requests[2][2], b"x")

    async def test_only_once(self) -> None:
        self.serve(by_turns(says(), lambda server: server.transport.loseConnection()))
        await self.ask()
        await self.failure()
        self.assertEqual(self.numbers(), [1, 1, 2])

    async def test_fresh_one_is_not_replaced(self) -> None:
        self.serve(lambda server: server.transport.loseConnection())
        await self.failure()
        self.assertEqual(self.numbers(), [1])

    async def test_other_idle_ones_are_passed_over(self) -> None:
        """A server that restarts has closed all of them."""

        def hang_up(server: Served) -> None:
            server.transport.abortConnection()

        self.serve(says())
        await gatherResults([Deferred.fromCoroutine(self.ask()) for _ in range(3)])
        self.server.answer = by_turns(hang_up, says(b"again"))
        self.assertEqual((await self.ask()).body, b"again")
        self.assertEqual(self.numbers()[3:][1], 4)

    async def test_answer_that_has_begun_is_not_asked_for_again(self) -> None:
        def begin(server: Served) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc")
            server.transport.loseConnection()

        self.serve(by_turns(says(), begin))
        await self.ask()
        self.assertIn("incomplete", await self.failure())
        self.assertEqual(self.numbers(), [1, 1])

    async def test_too_long_an_answer_is_not_asked_for_again(self) -> None:
        http = self.made(limit=100)
        self.serve(by_turns(says(), says(b"x" * 200)))
        await self.ask(http=http)
        self.assertIn("too long", await self.failure(http))
        self.assertEqual(self.numbers(), [1, 1])

    async def test_budget_is_for_each_request(self) -> None:
        http = self.made(limit=1000)
        self.serve(says(b"x" * 1000))
        for _ in range(200):
            await self.ask(http=http)
        self.assertEqual(self.server.count, 1)

    async def test_connections_that_are_gone_leave_nothing(self) -> None:
        self.serve(says(b"", b"200 OK", b"Connection: close"))
        await self.ask()
        known = [weakref.ref(each) for each in self.watched()]
        await self.until(lambda: not self.server.connections)
        await self.pause()
        gc.collect()
        self.assertEqual([ref() for ref in known if ref() is not None], [])

    def watched(self) -> list[Any]:
        return [each for each in gc.get_objects() if type(each).__name__ == "HTTP11ClientProtocol"]

    async def test_close(self) -> None:
        self.serve(says())
        await gatherResults([Deferred.fromCoroutine(self.ask()) for _ in range(3)])
        self.assertEqual(len(self.server.connections), 3)
        await self.http.close()
        await self.until(lambda: not self.server.connections)
        await self.http.close()

    async def test_close_ends_what_is_under_way(self) -> None:
        self.serve(lambda server: None)
        asking = Deferred.fromCoroutine(self.failure())
        await self.until(lambda: self.server.requests)
        await self.http.close()
        self.assertIn("closed", await asking)
        await self.until(lambda: not self.server.connections)

    async def test_use_after_close(self) -> None:
        self.serve(says())
        await self.ask()
        await self.http.close()
        self.assertEqual((await self.ask()).status, 200)


class LimitTests(TransportCase):
    """Time, head and body are bounded."""

    async def test_silence(self) -> None:
        self.serve(lambda server: None)
        self.assertIn("no complete answer within 0.2 seconds", await self.failure(self.made(timeout=0.2)))
        await self.until(lambda: not self.server.connections)

    async def test_silence_on_a_kept_connection(self) -> None:
        http = self.made(timeout=0.2)
        self.serve(by_turns(says(), lambda server: None))
        await self.ask(http=http)
        self.assertIn("no complete answer", await self.failure(http))
        self.assertEqual(self.numbers(), [1, 1])
        await self.until(lambda: not self.server.connections)

    async def test_silence_in_the_handshake(self) -> None:
        self.listen(type("Deaf", (Factory,), {"noisy": False, "protocol": Protocol})())
        self.assertIn("no complete answer within 0.2 seconds", await self.failure(self.made(timeout=0.2)))

    async def test_dripping(self) -> None:
        for start in (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "):

            def drip(server: Served) -> None:
                if server in self.server.connections:
                    server.transport.write(b"x")
                    self.reactor.callLater(0.02, drip, server)

            def answer(server: Served, start: bytes = start) -> None:
                server.transport.write(start)
                drip(server)

            self.serve(answer)
            self.assertIn("no complete answer", await self.failure(self.made(timeout=0.2)))
            await self.until(lambda: not self.server.connections)
        await self.pause(0.03)

    async def test_long_body(self) -> None:
        http = self.made(limit=1000)
        self.serve(says(b"x" * 1000))
        self.assertEqual(len((await self.ask(http=http)).body), 1000)
        self.server.answer = says(b"x" * 1001)
        self.assertIn("too long", await self.failure(http))
        await self.until(lambda: not self.server.connections)

    async def test_endless_body(self) -> None:
        self.serve(lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000))
        self.assertIn("too long", await self.failure(self.made(limit=1000)))
        await self.until(lambda: not self.server.connections)

    async def test_endless_chunks(self) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"e" * 200_000 + b"\r\nx\r\n"
        self.serve(lambda server: server.transport.write(chunked))
        await self.failure(self.made(limit=1000))
        await self.until(lambda: not self.server.connections)

    async def test_endless_head(self) -> None:
        for line in (b"X-Filler: xxxxxxxxxxxxxxxx\r\n", b"x"):
            self.serve(
                lambda server, line=line: server.transport.write(
                    b"HTTP/1.1 200 OK\r\nX: " + line * (400_000 // len(line))
                )
            )
            await self.failure(self.made(limit=1000))
            await self.until(lambda: not self.server.connections)

    async def test_endless_interim_answers(self) -> None:
        self.serve(lambda server: server.transport.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20_000))
        await self.failure(self.made(limit=1000))
        await self.until(lambda: not self.server.connections)

    async def test_cancelling_closes_the_connection(self) -> None:
        def begin(server: Served) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc")

        for answer in (lambda server: None, begin):
            self.serve(answer)
            asking = Deferred.fromCoroutine(self.ask())
            await self.until(lambda: self.server.requests)
            await self.pause(0.02)
            asking.cancel()
            with self.assertRaises(CancelledError):
                await asking
            await self.until(lambda: not self.server.connections)

    async def test_cancelling_while_connecting(self) -> None:
        self.listen(type("Deaf", (Factory,), {"noisy": False, "protocol": Protocol})())
        for pause in (0.0, 0.05):
            asking = Deferred.fromCoroutine(self.ask())
            await self.pause(pause)
            asking.cancel()
            with self.assertRaises(CancelledError):
                await asking


class NonsenseTests(TransportCase):
    """Servers that are none."""

    async def test_content_coding(self) -> None:
        self.serve(says(b"\x1f\x8b\x08junk", b"200 OK", b"Content-Encoding: gzip"))
        self.assertIn("content coding", await self.failure())
        await self.until(lambda: not self.server.connections)

    async def test_no_http(self) -> None:
        for text in (
            b"220 mail.example.test ESMTP\r\n",
            b"\x00" * 50,
            b"HTTP/9.9 x\r\n\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
        ):

            def answer(server: Served, text: bytes = text) -> None:
                server.transport.write(text)
                server.transport.loseConnection()

            self.serve(answer)
            await self.failure()

    async def test_contradicting_lengths(self) -> None:
        self.serve(
            lambda server: server.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"
            )
        )
        await self.failure()
        await self.until(lambda: not self.server.connections)

    async def test_body_that_breaks_off(self) -> None:
        def begin(server: Served) -> None:
            server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc")
            server.transport.abortConnection()

        self.serve(begin)
        await self.failure()

    async def test_unknown_authority(self) -> None:
        self.serve(says(), issue(["localhost"]))
        self.assertIn("self-signed certificate", await self.failure())
        self.assertEqual(self.server.requests, [])

    async def test_expired_certificate(self) -> None:
        self.serve(says(), issue(["localhost"], -3, CA))
        self.assertIn("expired", await self.failure())

    async def test_certificate_for_another_name(self) -> None:
        self.serve(says(), issue(["else.test"], 30, CA))
        self.assertIn("only valid for else.test", await self.failure())
        self.assertEqual(self.server.requests, [])

    async def test_server_without_tls(self) -> None:
        self.server = Serving(says())
        plain = {"dataReceived": lambda self, data: self.transport.write(b"HTTP/1.1 400 Bad\r\n\r\n")}
        self.server.protocol = type("Plain", (Served,), plain)
        self.listen(self.server)
        self.assertIn("TLS", await self.failure())

    async def test_nobody_listens(self) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.url = f"https://localhost:{held.getsockname()[1]}/dir"
            self.assertIn("refused", (await self.failure()).lower())

    async def test_host_without_an_address(self) -> None:
        self.forget_names()
        self.url = "https://no-such-host.invalid/dir"
        with self.assertRaises(AcmeUnreachable) as caught:
            await self.ask()
        words = "no-such-host.invalid cannot be reached: the host has no address."
        self.assertEqual(caught.exception.detail, words)

    def forget_names(self) -> None:
        former = self.reactor.installNameResolver(NoNames())
        self.addCleanup(self.reactor.installNameResolver, former)

    async def test_addresses_that_nobody_is_asked_at(self) -> None:
        for url in ("", "http://localhost/dir", "https:///dir", "ftp://x/", "https://a b/", "https://x:99999/"):
            self.url = url
            with self.assertRaises(AcmeUnreachable) as caught:
                await self.ask()
            self.assertIn("is no https: URL", caught.exception.detail, url)

    async def test_host_names_that_are_none(self) -> None:
        self.forget_names()
        for host in ("a..b", "-", "x" * 300, "[::1", "[v1.x]", "%41", "a_b.invalid", "xn--a", "*"):
            self.url = f"https://{host}/dir"
            with self.assertRaises(AcmeUnreachable):
                await self.ask(http=self.made(timeout=1.0))
