"""Sends requests to an OpenTelemetry collector over HTTP (OTLP 1.x, "OTLP/HTTP", in protobuf).

The administrator names the collector, so it may be in the local network and need no TLS; but credentials go to others
than the own machine over TLS only, and certificates must be right. Redirects are not followed. Time and answer are
bounded. Whether a failure passes by itself is told by ``SendFailed``; sending again is the caller's decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol
from urllib.parse import SplitResult, urlsplit

from twisted.web.http_headers import Headers

from stalwart.codec.retry_after import seconds_to_wait
from stalwart.codec.web_addresses import is_own_machine, is_web_address
from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from stalwart.net.web_requests import WebRequests

Signal = Literal["traces", "logs", "metrics"]

ANSWER_LIMIT = 64 * 1024

_LONGEST_WAIT = 300.0
_SIGNAL = re.compile(r"/v1/(?:traces|logs|metrics)/?\Z")
_PASSES = frozenset({429, 502, 503, 504})
_OURS = frozenset({"content-length", "content-type", "transfer-encoding", "connection", "user-agent"})


class SendFailed(Exception):
    """The collector did not take it. ``again``: it may take it later, after ``wait`` seconds if it has said so."""

    def __init__(self, reason: str, *, again: bool, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.wait = wait


class Sender(Protocol):
    """A way to a collector."""

    async def send(self, signal: Signal, content: bytes, headers: Mapping[str, str]) -> bytes:
        """Have the collector take the request ``content``; its answer. Raises SendFailed."""

    def close(self) -> None:
        """Nothing more will be sent."""


class HttpSender:
    """The ``Sender`` for the collector at ``endpoint``; each request is over within ``timeout`` seconds."""

    def __init__(self, reactor: Any, trust_store: TrustStore, endpoint: str, timeout: float) -> None:
        self._reactor = reactor
        self._requests = WebRequests(reactor, trust_store, limit=ANSWER_LIMIT, timeout=timeout)
        self._endpoint = endpoint

    async def send(self, signal: Signal, content: bytes, headers: Mapping[str, str]) -> bytes:
        """See ``Sender``."""
        parts = endpoint_of(self._endpoint)
        check_credentials(parts, headers)
        try:
            answer = await self._requests.send(b"POST", signal_url(parts, signal), _fields(headers), content)
        except FetchFailed as failed:
            raise SendFailed(failed.reason, again=failed.kind != "too-large") from None
        if 200 <= answer.status < 300:
            return answer.body
        again = answer.status in _PASSES
        wait = seconds_to_wait(answer.retry_after, self._reactor.seconds(), _LONGEST_WAIT) if again else None
        raise SendFailed(f"it answers with status {answer.status}", again=again, wait=wait)

    def close(self) -> None:
        """See ``Sender``: no connection outlives its request."""


def endpoint_of(endpoint: str) -> SplitResult:
    """The parts of the address of a collector. Raises SendFailed, which does not pass, if it is none."""
    if is_web_address(endpoint):
        return urlsplit(endpoint)
    if "@" in endpoint:
        raise SendFailed("the endpoint has credentials in it, which belong into httpAuth", again=False)
    raise SendFailed("the endpoint is no http: or https: URL of a host", again=False)


def check_credentials(parts: SplitResult, headers: Mapping[str, str]) -> None:
    """Raises SendFailed if credentials would be sent in the clear."""
    clear = parts.scheme != "https" and not is_own_machine(parts.hostname or "")
    if clear and any(name.lower() == "authorization" for name in headers):
        raise SendFailed("credentials are sent over https: only", again=False)


def signal_url(parts: SplitResult, signal: Signal) -> str:
    """Where requests with ``signal`` go: beside those of another signal, else below the address that is given."""
    path = f"{_SIGNAL.sub('', parts.path).rstrip('/')}/v1/{signal}"
    return parts._replace(path=path).geturl()


def _fields(headers: Mapping[str, str]) -> Headers:
    fields = Headers({b"Content-Type": [b"application/x-protobuf"], b"User-Agent": [b"Stalwart"]})
    for name, value in headers.items():
        if name.lower() not in _OURS:
            fields.setRawHeaders(name.encode("ascii"), [value.encode("utf-8")])
    return fields
