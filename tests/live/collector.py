"""An OpenTelemetry collector for tests: it takes requests over HTTP or gRPC, and reads them with the official classes.

It runs in threads of the test's process. It can be down (closed and opened again at its port), slow, and refuse.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

REQUESTS: dict[str, Any] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
ANSWERS: dict[str, Any] = {
    "traces": ExportTraceServiceResponse,
    "logs": ExportLogsServiceResponse,
    "metrics": ExportMetricsServiceResponse,
}
SERVICES = {
    f"opentelemetry.proto.collector.{name}Service": signal
    for name, signal in (("trace.v1.Trace", "traces"), ("logs.v1.Logs", "logs"), ("metrics.v1.Metrics", "metrics"))
}


class Collector:
    """What has come, by signal; ``refusals`` are status and headers of the next answers, ``delay`` is before each."""

    def __init__(self, port: int = 0) -> None:
        self.received: dict[str, list[Any]] = {signal: [] for signal in REQUESTS}
        self.headers: list[dict[str, str]] = []
        self.moments: list[float] = []
        self.refusals: deque[tuple[int, dict[str, str]]] = deque()
        self.delay = 0.0
        self.changed = threading.Condition()
        self._server = self._open(port)

    def _open(self, port: int) -> Any:
        """Serve at ``port``."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(collector.delay)
                refusal = collector.refusals.popleft() if collector.refusals else None
                signal = self.path.removeprefix("/v1/")
                answer = b""
                with collector.changed:
                    collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                    collector.moments.append(time.monotonic())
                    if refusal is None:
                        answer = collector.take(signal, body)
                    collector.changed.notify_all()
                try:
                    self.send_response(refusal[0] if refusal else 200)
                    for name, value in (refusal[1] if refusal else {"Content-Type": "application/x-protobuf"}).items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    return  # the client has left, as it may

            def log_message(self, *_: Any) -> None:
                """Quietly."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.port = server.server_address[1]
        return server

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def take(self, signal: str, body: bytes) -> bytes:
        """Keep a request, which must be right."""
        self.received[signal].append(REQUESTS[signal].FromString(body))
        answer: bytes = ANSWERS[signal]().SerializeToString()
        return answer

    def close(self) -> None:
        """Be down."""
        self._server.shutdown()
        self._server.server_close()

    def reopen(self) -> None:
        """Be back at the same port."""
        self._server = self._open(self.port)

    def until(self, holds: Callable[[], bool], patience: float = 20.0) -> bool:
        """Whether ``holds`` comes true in time."""
        with self.changed:
            return self.changed.wait_for(holds, patience)

    def logs(self) -> list[Any]:
        """All log records."""
        return list(self._each("logs", "resource_logs", "scope_logs", "log_records"))

    def spans(self) -> list[Any]:
        """All spans."""
        return list(self._each("traces", "resource_spans", "scope_spans", "spans"))

    def metrics(self) -> dict[str, Any]:
        """The metrics of the latest report, by name."""
        latest = [*self.received["metrics"][-1:]]
        return {
            metric.name: metric
            for request in latest
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def names(self) -> Counter[str]:
        """How often each event was told."""
        return Counter(record.event_name for record in self.logs())

    def resource(self, signal: str) -> dict[str, str]:
        """What describes the server."""
        part = "resource_spans" if signal == "traces" else f"resource_{signal}"
        resource = getattr(self.received[signal][0], part)[0].resource
        return {each.key: each.value.string_value for each in resource.attributes}

    def _each(self, signal: str, resources: str, scopes: str, records: str) -> Iterator[Any]:
        for request in self.received[signal]:
            for resource in getattr(request, resources):
                for scope in getattr(resource, scopes):
                    yield from getattr(scope, records)


class GrpcCollector(Collector):
    """The same over gRPC; ``refusals`` are not for this one."""

    def _open(self, port: int) -> Any:
        from concurrent.futures import ThreadPoolExecutor

        import grpc

        collector = self

        class Services(grpc.GenericRpcHandler):
            def service(self, details: Any) -> Any:
                signal = SERVICES[details.method.split("/")[1]]

                def export(body: bytes, context: Any) -> bytes:
                    time.sleep(collector.delay)
                    with collector.changed:
                        collector.headers.append(dict(context.invocation_metadata()))
                        answer = collector.take(signal, body)
                        collector.changed.notify_all()
                    return answer

                return grpc.unary_unary_rpc_method_handler(export)

        server = grpc.server(ThreadPoolExecutor(2), handlers=(Services(),))
        self.port = server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        return server

    def close(self) -> None:
        """Be down."""
        self._server.stop(None).wait(5)


def attributes(record: Any) -> dict[str, Any]:
    """Those of a record, plain."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in record.attributes}
