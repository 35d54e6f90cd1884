"""Sends requests to an OpenTelemetry collector over gRPC (OTLP 1.x, "OTLP/gRPC").

grpcio speaks gRPC, in threads of its own. It is an optional package, loaded with the first request. The rules are those
of ``otlp``: credentials over TLS only, time and answer bounded. Whom to trust is what OpenSSL is told as well:
``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the platform's authorities; grpcio has authorities of its own, which do not
count. Proxies from the environment are not used, as nowhere in this server.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from stalwart.net.otlp import ANSWER_LIMIT, SendFailed, Signal, check_credentials, endpoint_of

USUAL = "http://localhost:4317"
"""Where collectors listen for gRPC unless told otherwise."""
NOT_INSTALLED = "gRPC needs the package grpcio: install stalwart-twisted[grpc], or choose HTTP"

_METHODS: Mapping[Signal, str] = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
_PASSES = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"})
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", ANSWER_LIMIT),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.primary_user_agent", "Stalwart"),
)
_PORT = 4317
_AUTHORITIES_LIMIT = 16 << 20
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]\Z")
_NAME = re.compile(r"[0-9a-z_.-]+\Z")


class GrpcSender:
    """The ``Sender`` for the collector at ``endpoint``, None for the usual one; a request takes ``timeout`` seconds."""

    def __init__(
        self,
        reactor: Any,
        endpoint: str | None,
        timeout: float,
        load: Callable[[str], Any] = import_module,
    ) -> None:
        self._reactor = reactor
        self._endpoint = endpoint or USUAL
        self._timeout = timeout
        self._load = load
        self._channel: Any = None
        self._closed = False

    async def send(self, signal: Signal, content: bytes, headers: Mapping[str, str]) -> bytes:
        """See ``Sender``."""
        parts = endpoint_of(self._endpoint)
        check_credentials(parts, headers)
        channel = self._channel
        if channel is None:
            channel = await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._open)
            self._channel = channel
        if self._closed:
            channel.close()
            raise SendFailed("it is not used any more", again=False)
        call = channel.unary_unary(_METHODS[signal])
        return await self._called(call.future(content, timeout=self._timeout, metadata=metadata(headers)))

    def close(self) -> None:
        """See ``Sender``."""
        self._closed = True
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _open(self) -> Any:
        """A channel. For threads."""
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would write to standard error by itself
        try:
            grpc = self._load("grpc")
        except ImportError:
            raise SendFailed(NOT_INSTALLED, again=False) from None
        parts = endpoint_of(self._endpoint)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        if parts.scheme == "https":
            credentials = grpc.ssl_channel_credentials(root_certificates=authorities())
            return grpc.secure_channel(f"{host}:{parts.port or 443}", credentials, options=_OPTIONS)
        return grpc.insecure_channel(f"{host}:{parts.port or _PORT}", options=_OPTIONS)

    def _called(self, call: Any) -> Deferred[bytes]:
        """The answer; cancelling gives the call up."""
        answer: Deferred[bytes] = Deferred(lambda _: call.cancel())

        def ended() -> None:
            if answer.called:
                return
            problem = failure_of(call)
            if problem is not None:
                answer.errback(problem)
            else:
                answer.callback(call.result())

        call.add_done_callback(lambda _: self._reactor.callFromThread(ended))
        return answer


def failure_of(call: Any) -> SendFailed | None:
    """Why a call that has ended failed, None if it did not."""
    code = call.code().name
    if code == "OK":
        return None
    # OTLP: an exhausted collector says by RetryInfo that it will recover
    trailing = [value for name, value in call.trailing_metadata() or () if name == "grpc-status-details-bin"]
    recovers = code == "RESOURCE_EXHAUSTED" and any(b"google.rpc.RetryInfo" in value for value in trailing)
    details = str(call.details() or "")[:160]
    return SendFailed(f"it answers with {code}: {details}", again=code in _PASSES or recovers)


def metadata(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """``headers`` as gRPC takes them: lower case, ASCII, no names that it has for itself."""
    found = ((name.lower(), value) for name, value in headers.items())
    return tuple(
        (name, value)
        for name, value in found
        if _NAME.match(name) and value.isascii() and not name.startswith("grpc-") and not name.endswith("-bin")
    )


def authorities() -> bytes:
    """The certificates (PEM) of whom OpenSSL would trust. For threads. Raises SendFailed if there are none."""
    usual = ssl.get_default_verify_paths()
    file = os.environ.get("SSL_CERT_FILE") or usual.cafile
    folder = os.environ.get("SSL_CERT_DIR") or (usual.capath if file is None else None)
    paths = [Path(file)] if file else []
    if folder and os.path.isdir(folder):
        paths += sorted(path for path in Path(folder).iterdir() if _HASHED.match(path.name))
    found = bytearray()
    for path in paths:
        try:
            with open(path, "rb") as opened:
                found += opened.read(_AUTHORITIES_LIMIT - len(found)) + b"\n"
        except OSError:
            continue
    if not found.strip():
        raise SendFailed("there are no authorities to trust", again=True)
    return bytes(found)
