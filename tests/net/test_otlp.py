"""Requests to an OpenTelemetry collector over HTTP, well-behaved and not."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.net.otlp import ANSWER_LIMIT, HttpSender, SendFailed, endpoint_of, signal_url
from stalwart.net.tls import TrustStore
from tests.net.certificates import Issued, issue, make_ca
from tests.net.smtp_peers import ServerOptions
from tests.net.test_https import Canned, CannedFactory, document

CA = make_ca()
SECRET = {"Authorization": "Bearer a-secret"}
NOW = 1_795_253_400.0  # 2026-11-21T09:30:00Z


class SendingTests(TestCase):
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
        return f"http{'' if issued is None else 's'}://127.0.0.1:{port.getHost().port}"

    async def send(
        self, endpoint: str, headers: Mapping[str, str] | None = None, content: bytes = b"content", timeout: float = 5.0
    ) -> bytes:
        sender = HttpSender(self.reactor, TrustStore(self.path), endpoint, timeout)
        try:
            return await sender.send("traces", content, headers or {})
        finally:
            sender.close()
            while self.server.connections:
                waiting: Deferred[None] = Deferred()
                self.reactor.callLater(0.01, waiting.callback, None)
                await waiting

    async def failure(self, endpoint: str, **options: Any) -> SendFailed:
        with self.assertRaises(SendFailed) as caught:
            await self.send(endpoint, **options)
        gc.collect()
        self.assertEqual(self.flushLoggedErrors(), [])
        problem: SendFailed = caught.exception
        return problem

    async def test_request_and_answer(self) -> None:
        endpoint = self.serve(document(b"answer"))
        headers = {**SECRET, "X-Scope-OrgID": "a", "Content-Length": "99", "content-type": "text/plain"}
        self.assertEqual(await self.send(endpoint, headers), b"answer")
        request = b"".join(self.server.requests)
        self.assertTrue(request.startswith(b"POST /v1/traces HTTP/1.1\r\n"), request)
        self.assertTrue(request.endswith(b"\r\n\r\ncontent"), request)
        for field in (b"Content-Type: application/x-protobuf", b"Authorization: Bearer a-secret", b"Content-Length: 7"):
            self.assertIn(b"\r\n" + field + b"\r\n", request)
        self.assertIn(b"\r\nx-scope-orgid: a\r\n", request.lower())
        self.assertNotIn(b"text/plain", request)

    async def test_statuses(self) -> None:
        for status, again in (
            (429, True),
            (502, True),
            (503, True),
            (504, True),
            (400, False),
            (404, False),
            (302, False),
        ):
            problem = await self.failure(self.serve(document(b"why", f"{status} No".encode())))
            self.assertEqual((problem.reason, problem.again), (f"it answers with status {status}", again))
            self.assertIsNone(problem.wait)

    async def test_retry_after(self) -> None:
        for status, wait in ((b"503 Later", 7.0), (b"429 Slow", 7.0), (b"400 Bad", None)):
            problem = await self.failure(self.serve(document(b"", status, b"Retry-After: 7")))
            self.assertEqual(problem.wait, wait)

    async def test_nobody_there(self) -> None:
        endpoint = self.serve(document(b""))
        problem = await self.failure("http://127.0.0.1:1")
        self.assertTrue(problem.again)
        self.assertEqual((await self.failure("http://no.such.name.invalid:4318")).again, True)
        self.assertEqual(await self.send(endpoint), b"")

    async def test_silence(self) -> None:
        problem = await self.failure(self.serve(lambda server: None), timeout=0.1)
        self.assertEqual((problem.reason, problem.again), ("no complete answer within 0.1 seconds", True))

    async def test_an_answer_that_breaks_off(self) -> None:
        def half(server: Canned) -> None:
            server.transport.write(b"HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\nabc")
            server.transport.loseConnection()

        self.assertTrue((await self.failure(self.serve(half))).again)

    async def test_an_answer_without_end(self) -> None:
        problem = await self.failure(self.serve(document(bytes(ANSWER_LIMIT + 1))))
        self.assertFalse(problem.again)

    async def test_certificates_must_be_right(self) -> None:
        self.assertEqual(await self.send(self.serve(document(b"ok"), issue(["127.0.0.1"], 30, CA)), SECRET), b"ok")
        problem = await self.failure(self.serve(document(b"ok"), issue(["127.0.0.1"], 30, make_ca())), headers=SECRET)
        self.assertTrue(problem.reason.startswith("TLS error"), problem.reason)
        self.assertEqual(self.server.requests, [])

    async def test_credentials_stay_on_the_machine_or_in_tls(self) -> None:
        self.serve(document(b""))
        problem = await self.failure("http://collector.example.test:4318", headers={"authorization": "Bearer x"})
        self.assertEqual((problem.reason, problem.again), ("credentials are sent over https: only", False))

    async def test_cancelling_closes_the_connection(self) -> None:
        endpoint = self.serve(lambda server: sending.cancel())
        sending = Deferred.fromCoroutine(self.send(endpoint))
        with self.assertRaises(CancelledError):
            await sending
        self.assertEqual(self.server.connections, [])


class EndpointTests(SynchronousTestCase):
    def test_urls(self) -> None:
        table = {
            "http://c:4318": "http://c:4318/v1/logs",
            "http://c:4318/": "http://c:4318/v1/logs",
            "http://c/v1/traces": "http://c/v1/logs",
            "http://c/v1/logs/": "http://c/v1/logs",
            "https://c/otlp": "https://c/otlp/v1/logs",
            "https://c/otlp/v1/metrics?key=a": "https://c/otlp/v1/logs?key=a",
        }
        for endpoint, url in table.items():
            self.assertEqual(signal_url(endpoint_of(endpoint), "logs"), url)

    def test_what_is_no_endpoint(self) -> None:
        for endpoint in ("", "c:4318", "ftp://c", "http://", "http://c:port", "http://c#a", "http://a b", "http://c/é",
                         "http://[::1", "http://" + "c" * 3000):  # fmt: skip
            with self.assertRaises(SendFailed) as caught:
                endpoint_of(endpoint)
            self.assertFalse(caught.exception.again)

    def test_credentials_in_it_are_not_repeated(self) -> None:
        with self.assertRaises(SendFailed) as caught:
            endpoint_of("https://user:pass-word@c")
        self.assertNotIn("pass-word", caught.exception.reason)

    @given(st.text(max_size=40))
    @settings(max_examples=200)
    def test_any_text(self, text: str) -> None:
        for endpoint in (text, f"http://{text}"):
            try:
                parts = endpoint_of(endpoint)
            except SendFailed:
                continue
            self.assertTrue(signal_url(parts, "traces").isascii())
