"""JSON over HTTP and HTTPS from servers on loopback, well-behaved and not."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import TestCase
from twisted.web.http_headers import Headers

from stalwart.net import web_requests
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import JsonAnswer, JsonFetcher
from stalwart.net.tls import TrustStore
from tests.net.certificates import Issued, issue, make_ca
from tests.net.smtp_peers import ServerOptions
from tests.net.test_https import Canned, CannedFactory, document

CA = make_ca()
TOKEN = "a-secret-token"
HEADERS = Headers({b"X-A": [b"b"]})


def broken_off(server: Canned) -> None:
    """Less than was announced."""
    server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
    server.transport.loseConnection()


def silent(server: Canned) -> None:
    """Say nothing."""


class JsonFetching(TestCase):
    timeout = 10

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.path = self.mktemp()
        with open(self.path, "wb") as file:
            file.write(CA.certificate_pem)

    def serve(self, answer: Callable[[Canned], object], issued: Issued | None = None) -> str:
        self.server = CannedFactory(answer)
        served: Any = self.server
        if issued is not None:
            served = TLSMemoryBIOFactory(ServerOptions(issued), False, self.server)
            served.noisy = False
        port = self.reactor.listenTCP(0, served, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return f"http{'' if issued is None else 's'}://127.0.0.1:{port.getHost().port}/it?a=b"

    def fetcher(self, **limits: Any) -> JsonFetcher:
        return JsonFetcher(self.reactor, TrustStore(self.path), **limits)

    async def failure(self, url: str, **limits: Any) -> FetchFailed:
        with self.assertRaises(FetchFailed) as caught:
            await self.fetcher(**limits).get(url, bearer=TOKEN)
        self.assertNotIn(TOKEN, caught.exception.reason)
        await self.all_gone()
        problem: FetchFailed = caught.exception
        return problem

    async def all_gone(self) -> None:
        """Until the server has seen the end of each connection; the test's own time-out is the limit."""
        while self.server.connections:
            waiting: Deferred[None] = Deferred()
            self.reactor.callLater(0.01, waiting.callback, None)
            await waiting

    async def test_object_with_its_status(self) -> None:
        url = self.serve(document(b'{"sub":"1"}', b"403 No", b"Content-Type: application/json"))
        self.assertEqual(await self.fetcher().get(url, bearer=TOKEN), JsonAnswer(403, {"sub": "1"}))
        await self.all_gone()
        head = self.server.requests[0].decode()
        self.assertTrue(head.startswith("GET /it?a=b HTTP/1.1\r\n"), head)
        self.assertIn(f"\r\nAuthorization: Bearer {TOKEN}\r\n", head)
        self.assertNotIn("Accept-Encoding", head)

    async def test_form(self) -> None:
        url = self.serve(document(b"{}"))
        self.assertEqual(await self.fetcher().post(url, {"token": "a b&c"}), JsonAnswer(200, {}))
        await self.all_gone()
        self.assertTrue(self.server.requests[0].startswith(b"POST /it?a=b HTTP/1.1\r\n"))
        self.assertIn(b"\r\nContent-Type: application/x-www-form-urlencoded\r\n", self.server.requests[0])
        self.assertNotIn(b"Authorization", self.server.requests[0])
        self.assertTrue(b"".join(self.server.requests).endswith(b"token=a+b%26c"))

    async def test_what_is_no_object_is_none(self) -> None:
        for body in (b"", b"[]", b"nonsense", b"\xff", b'{"a":' * 5000, b"\x1f\x8b\x08"):
            url = self.serve(document(body))
            self.assertEqual(await self.fetcher().get(url), JsonAnswer(200, None), body[:20])
            await self.all_gone()

    async def test_redirect_is_not_followed(self) -> None:
        url = self.serve(document(b"{}", b"302 Found", b"Location: http://127.0.0.1:1/"))
        self.assertEqual(await self.fetcher().get(url, bearer=TOKEN), JsonAnswer(302, {}))
        await self.all_gone()
        self.assertEqual(len(self.server.requests), 1)

    async def test_certificate_must_be_right(self) -> None:
        good = self.serve(document(b"{}"), issue(["127.0.0.1"], 30, CA))
        self.assertEqual(await self.fetcher().get(good), JsonAnswer(200, {}))
        await self.all_gone()
        for issued in (issue(["127.0.0.1"], 30, make_ca()), issue(["other.example.test"], 30, CA)):
            problem = await self.failure(self.serve(document(b"{}"), issued))
            self.assertEqual((problem.kind, self.server.requests), ("tls", []), problem.reason)

    async def test_too_much(self) -> None:
        for reply in (
            document(b"{" + b" " * 2000 + b"}"),
            lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2000),
            lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40_000),
        ):
            self.assertEqual((await self.failure(self.serve(reply), limit=1000)).kind, "too-large")

    async def test_no_answer_in_time(self) -> None:
        for reply in (silent, lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")):
            self.assertEqual((await self.failure(self.serve(reply), timeout=0.05)).kind, "timeout")

    async def test_nobody_there_and_nonsense(self) -> None:
        url = self.serve(lambda server: server.transport.loseConnection())
        self.assertEqual((await self.failure(url)).kind, "protocol")
        url = self.serve(lambda server: server.transport.write(b"hello\r\n\r\n"))
        self.assertEqual((await self.failure(url)).kind, "protocol")
        port = self.reactor.listenTCP(0, self.server, interface="127.0.0.1")
        number = port.getHost().port
        await port.stopListening()
        problem = await self.failure(f"http://127.0.0.1:{number}/")
        self.assertEqual(problem.kind, "connect")
        self.assertIn("refused", problem.reason)

    async def test_unsafe_address_is_not_asked(self) -> None:
        self.serve(silent)
        self.assertEqual((await self.failure("http://idp.example.test/")).kind, "connect")
        self.assertEqual(self.server.requests, [])

    async def test_cancelling_leaves_nothing(self) -> None:
        work = Deferred.fromCoroutine(self.fetcher().get(self.serve(silent)))
        while not self.server.requests:
            waiting: Deferred[None] = Deferred()
            self.reactor.callLater(0.01, waiting.callback, None)
            await waiting
        work.cancel()
        with self.assertRaises(CancelledError):
            await work
        await self.all_gone()
        gc.collect()

    async def test_told_content_arrives_and_the_status_counts(self) -> None:
        url = self.serve(document(b"thanks", b"202 Accepted"))
        self.assertEqual(await self.fetcher().tell(url, HEADERS, b'{"a":1}'), JsonAnswer(202, None))
        await self.all_gone()
        self.assertTrue(self.server.requests[0].startswith(b"POST /it?a=b HTTP/1.1\r\n"))
        self.assertTrue(b"".join(self.server.requests).endswith(b'{"a":1}'))

    async def test_told_too_long_broken_or_slow_answer_is_one_all_the_same(self) -> None:
        self.patch(web_requests, "PATIENCE", 0.05)
        for reply in (
            document(b" " * 2000),
            lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2000),
            broken_off,
            lambda server: server.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        ):
            answer = await self.fetcher(limit=1000).tell(self.serve(reply), HEADERS, b"")
            self.assertEqual(answer, JsonAnswer(200, None))
            await self.all_gone()

    async def test_told_certificate_must_be_right_unless_any_will_do(self) -> None:
        for issued in (issue(["127.0.0.1"], 30, make_ca()), issue(["other.example.test"], -1, CA)):
            url = self.serve(document(b""), issued)
            with self.assertRaises(FetchFailed) as caught:
                await self.fetcher().tell(url, HEADERS, b"")
            self.assertEqual(caught.exception.kind, "tls")
            answer = await self.fetcher(verifies=False).tell(url, HEADERS, b"")
            self.assertEqual(answer, JsonAnswer(200, None))
            await self.all_gone()

    async def test_told_credentials_are_sent_over_tls_only(self) -> None:
        secret = Headers({b"Authorization": [b"Bearer x"]})
        for url in ("http://hook.example.test/", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/"):
            with self.assertRaises(FetchFailed):
                await self.fetcher().tell(url, secret, b"")
        self.assertEqual((await self.fetcher().tell(self.serve(document(b"")), secret, b"")).status, 200)
        await self.all_gone()
