"""Requests to web services: bytes as they come, whatever the status; what else there is ``test_json_fetch`` tries."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.trial.unittest import TestCase
from twisted.web.http_headers import Headers

from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from stalwart.net.web_requests import WebAnswer, WebRequests
from tests.net.test_https import CannedFactory, document


class WebRequestsTests(TestCase):
    timeout = 10

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        path = self.mktemp()
        with open(path, "wb"):
            self.requests = WebRequests(self.reactor, TrustStore(path), limit=100, timeout=5.0)

    def serve(self, body: bytes, *lines: bytes) -> str:
        self.server = CannedFactory(document(body, *lines))
        port = self.reactor.listenTCP(0, self.server, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return f"http://127.0.0.1:{port.getHost().port}/x"

    async def test_bytes_and_what_was_sent(self) -> None:
        url = self.serve(b"\x00\xff", b"503 Busy", b"Retry-After: 7")
        answer = await self.requests.send(b"PUT", url, Headers({b"X-A": [b"b"]}), b"content")
        self.assertEqual(answer, WebAnswer(503, b"\x00\xff", "7"))
        sent = b"".join(self.server.requests)
        self.assertTrue(sent.startswith(b"PUT /x HTTP/1.1\r\n") and sent.endswith(b"\r\n\r\ncontent"), sent)

    async def test_redirection_says_where_to_and_is_not_followed(self) -> None:
        url = self.serve(b"", b"302 Found", b"Location: /elsewhere")
        answer = await self.requests.send(b"GET", url, Headers())
        self.assertEqual((answer.status, answer.location, len(self.server.requests)), (302, "/elsewhere", 1))

    async def test_too_much_is_a_failure_unless_nobody_needs_it(self) -> None:
        url = self.serve(b"x" * 101)
        with self.assertRaises(FetchFailed) as caught:
            await self.requests.send(b"GET", url, Headers())
        self.assertEqual(caught.exception.kind, "too-large")
        answer = await self.requests.send(b"GET", url, Headers(), needs_body=False)
        self.assertEqual((answer.status, answer.body), (200, b""))

    async def test_what_is_no_address(self) -> None:
        for url in ("ftp://127.0.0.1/", "http://", "http://a:b@127.0.0.1/"):
            with self.assertRaises(FetchFailed):
                await self.requests.send(b"GET", url, Headers())
