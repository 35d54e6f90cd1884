"""Requests to an OpenTelemetry collector over gRPC: a collector of grpcio's own on loopback, and doubles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.net.otlp import SendFailed
from stalwart.net.otlp_grpc import NOT_INSTALLED, USUAL, GrpcSender, authorities, failure_of, metadata
from tests.net.certificates import issue, make_ca

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # the server of the tests would write to standard error
try:
    import grpc
except ImportError:
    grpc = None


@frozen
class Code:
    name: str


@frozen
class Ended:
    """A call that is over."""

    name: str
    trailing: Any = ()

    def code(self) -> Code:
        return Code(self.name)

    def details(self) -> str:
        return "why " * 100

    def trailing_metadata(self) -> Any:
        return self.trailing


class AnswerTests(SynchronousTestCase):
    def test_what_passes(self) -> None:
        self.assertIsNone(failure_of(Ended("OK")))
        table = {"UNAVAILABLE": True, "DEADLINE_EXCEEDED": True, "UNAUTHENTICATED": False, "RESOURCE_EXHAUSTED": False}
        for name, again in table.items():
            problem = failure_of(Ended(name))
            assert problem is not None
            self.assertEqual(problem.again, again, name)
            self.assertTrue(problem.reason.startswith(f"it answers with {name}: why why"), problem.reason)
            self.assertLess(len(problem.reason), 220)

    def test_an_exhausted_collector_that_will_recover(self) -> None:
        details = b"\x08\x08\x1a\x2a\x0a\x28type.googleapis.com/google.rpc.RetryInfo"
        problem = failure_of(Ended("RESOURCE_EXHAUSTED", (("grpc-status-details-bin", details),)))
        assert problem is not None
        self.assertTrue(problem.again)

    def test_metadata(self) -> None:
        given = {"Authorization": "Bearer x", "X-Ä": "a", "X-A": "ä", "grpc-timeout": "1", "x-bin": "a"}
        self.assertEqual(metadata(given), (("authorization", "Bearer x"),))


class AuthorityTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.before = {name: os.environ.pop(name, None) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
        self.addCleanup(self.put_back)

    def put_back(self) -> None:
        for name, value in self.before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    def test_a_file_instead_of_the_usual_ones(self) -> None:
        (self.folder / "a.pem").write_bytes(b"AUTHORITY")
        os.environ["SSL_CERT_FILE"] = str(self.folder / "a.pem")
        self.assertEqual(authorities().split(), [b"AUTHORITY"])

    def test_a_folder(self) -> None:
        (self.folder / "0a1b2c3d.0").write_bytes(b"HASHED")
        (self.folder / "other.txt").write_bytes(b"OTHER")
        os.environ["SSL_CERT_FILE"] = str(self.folder / "missing")
        os.environ["SSL_CERT_DIR"] = str(self.folder)
        self.assertEqual(authorities().split(), [b"HASHED"])

    def test_none(self) -> None:
        os.environ["SSL_CERT_FILE"] = str(self.folder / "missing")
        self.assertRaises(SendFailed, authorities)


class SendingTests(TestCase):
    timeout = 20

    def setUp(self) -> None:
        self.reactor: Any = real_reactor

    def sender(self, endpoint: str | None, timeout: float = 5.0, **options: Any) -> GrpcSender:
        sender = GrpcSender(self.reactor, endpoint, timeout, **options)
        self.addCleanup(sender.close)
        return sender

    def serve(self, export: Any, credentials: Any = None) -> int:
        if grpc is None:
            raise SkipTest("grpcio is not installed")
        from concurrent.futures import ThreadPoolExecutor

        called: list[tuple[str, dict[str, str]]] = []
        self.called = called

        class Everything(grpc.GenericRpcHandler):
            def service(self, details: Any) -> Any:
                called.append((details.method, dict(details.invocation_metadata)))
                return grpc.unary_unary_rpc_method_handler(export)

        server = grpc.server(ThreadPoolExecutor(2), handlers=(Everything(),))
        port: int = (
            server.add_insecure_port("127.0.0.1:0")
            if credentials is None
            else server.add_secure_port("127.0.0.1:0", credentials)
        )
        server.start()
        self.addCleanup(lambda: server.stop(None).wait(5))
        return port

    async def failure(self, sender: GrpcSender, headers: Any = None) -> SendFailed:
        with self.assertRaises(SendFailed) as caught:
            await sender.send("logs", b"content", headers or {})
        problem: SendFailed = caught.exception
        return problem

    async def test_request_and_answer(self) -> None:
        port = self.serve(lambda body, context: body + b" taken")
        sender = self.sender(f"http://127.0.0.1:{port}")
        for signal, service in (("traces", "trace.v1.TraceService"), ("logs", "logs.v1.LogsService")):
            answer = await sender.send(signal, b"content", {"X-Tenant": "a"})  # type: ignore[arg-type]
            self.assertEqual(answer, b"content taken")
            method, fields = self.called[-1]
            self.assertEqual(method, f"/opentelemetry.proto.collector.{service}/Export")
            self.assertEqual(fields["x-tenant"], "a")

    async def test_refused(self) -> None:
        port = self.serve(lambda body, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "no"))
        problem = await self.failure(self.sender(f"http://127.0.0.1:{port}"))
        self.assertEqual((problem.reason, problem.again), ("it answers with UNAUTHENTICATED: no", False))

    async def test_nobody_there(self) -> None:
        self.serve(None)
        self.assertTrue((await self.failure(self.sender("http://127.0.0.1:1"))).again)

    async def test_too_slow(self) -> None:
        from threading import Event

        goes_on = Event()
        self.addCleanup(goes_on.set)
        port = self.serve(lambda body, context: goes_on.wait(10) and b"")
        problem = await self.failure(self.sender(f"http://127.0.0.1:{port}", timeout=0.1))
        self.assertTrue(problem.again)
        self.assertIn("DEADLINE_EXCEEDED", problem.reason)

    async def test_cancelling(self) -> None:
        from threading import Event

        goes_on, arrived = Event(), Deferred[None]()
        self.addCleanup(goes_on.set)

        def export(body: bytes, context: Any) -> bytes:
            self.reactor.callFromThread(arrived.callback, None)
            goes_on.wait(10)
            return b""

        sending = Deferred.fromCoroutine(
            self.sender(f"http://127.0.0.1:{self.serve(export)}").send("logs", b"content", {})
        )
        await arrived
        sending.cancel()
        with self.assertRaises(CancelledError):
            await sending

    async def test_certificates_must_be_right(self) -> None:
        ca = make_ca()
        good, foreign = issue(["localhost"], 30, ca), issue(["localhost"], 30, make_ca())
        path = self.mktemp()
        Path(path).write_bytes(ca.certificate_pem)
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = path
        self.addCleanup(os.environ.pop, "SSL_CERT_FILE", None)
        if before is not None:
            self.addCleanup(os.environ.__setitem__, "SSL_CERT_FILE", before)
        for issued, trusted in ((good, True), (foreign, False)):
            if grpc is None:
                raise SkipTest("grpcio is not installed")
            credentials = grpc.ssl_server_credentials([(issued.key_pem, issued.chain_pem)])
            port = self.serve(lambda body, context: b"taken", credentials)
            sender = self.sender(f"https://localhost:{port}")
            if trusted:
                self.assertEqual(await sender.send("logs", b"content", {"Authorization": "Bearer x"}), b"taken")
            else:
                self.assertTrue((await self.failure(sender, {"Authorization": "Bearer x"})).again)
                self.assertEqual(self.called, [])

    async def test_without_the_package(self) -> None:
        def nothing(name: str) -> Any:
            raise ImportError(name)

        problem = await self.failure(self.sender(None, load=nothing))
        self.assertEqual((problem.reason, problem.again), (NOT_INSTALLED, False))

    async def test_what_is_refused_before_anything_is_loaded(self) -> None:
        def never(name: str) -> Any:
            raise AssertionError(name)

        self.assertIn(
            "https", (await self.failure(self.sender("http://c.example:1", load=never), {"Authorization": "x"})).reason
        )
        self.assertIn("endpoint", (await self.failure(self.sender("c.example:1", load=never))).reason)
        self.assertEqual(USUAL, "http://localhost:4317")
