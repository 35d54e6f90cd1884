"""Sends requests to an OpenTelemetry collector over HTTP (OTLP 1.x, "OTLP/HTTP", in protobuf).

The administrator names the collector, so it may be in the local network and need no TLS; but credentials go to others
than the own machine over TLS only, and certificates must be right. Redirects are not followed. Time and answer are
bounded. Whether a failure passes by itself is told by ``SendFailed``; sending again is the caller's decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol
from urllib.parse import SplitResult, urlsplit

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError, DNSLookupError
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from stalwart.net.https import Body, FetchFailed, QuietPool, Watched, causes_of, failure_of
from stalwart.net.json_fetch import is_own_machine
from stalwart.net.tls import TrustStore

Signal = Literal["traces", "logs", "metrics"]

ANSWER_LIMIT = 64 * 1024

_HEAD_LIMIT = 64 * 1024
_FRAMING = 8
_LONGEST_URL = 2048
_LONGEST_WAIT = 300.0
_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")
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
        self._trust_store = trust_store
        self._endpoint = endpoint
        self._timeout = timeout

    async def send(self, signal: Signal, content: bytes, headers: Mapping[str, str]) -> bytes:
        """See ``Sender``."""
        parts = endpoint_of(self._endpoint)
        check_credentials(parts, headers)
        sending = Deferred.fromCoroutine(self._send(parts, signal_url(parts, signal), content, headers))
        sending.addTimeout(self._timeout, self._reactor, onTimeoutCancel=_too_late)
        try:
            return await sending
        except FetchFailed as failed:
            raise SendFailed(failed.reason, again=failed.kind != "too-large") from None

    def close(self) -> None:
        """See ``Sender``: no connection outlives its request."""

    async def _send(self, parts: SplitResult, url: str, content: bytes, headers: Mapping[str, str]) -> bytes:
        host = parts.hostname or ""
        options: Any = self._trust_store.verifying_options(host) if parts.scheme == "https" else None
        port = parts.port or (80 if options is None else 443)
        plain: Any = HostnameEndpoint(self._reactor, host, port, timeout=self._timeout)
        watched = Watched(
            plain if options is None else wrapClientTLS(options, plain), _HEAD_LIMIT + _FRAMING * ANSWER_LIMIT
        )
        try:
            agent = Agent.usingEndpointFactory(self._reactor, watched, QuietPool(self._reactor, persistent=False))
            response = await agent.request(b"POST", url.encode("ascii"), _fields(headers), _Content(content))
            status = response.code
            again = response.headers.getRawHeaders("retry-after")
            body = Body(ANSWER_LIMIT, watched)
            response.deliverBody(body)
            if 200 <= status < 300:
                return await body.finished
            body.finished.addErrback(lambda _: None)  # what else it says does not matter
            wait = wait_of(again[0], self._reactor.seconds()) if again and status in _PASSES else None
            raise SendFailed(f"it answers with status {status}", again=status in _PASSES, wait=wait)
        except (FetchFailed, SendFailed, CancelledError):
            raise
        except ConnectingCancelledError as cancelled:
            raise CancelledError from cancelled
        except DNSLookupError:
            raise FetchFailed("connect", "the host has no address") from None
        except Exception as problem:
            causes = list(causes_of(problem))
            if any(isinstance(cause, CancelledError) for cause in causes):
                raise CancelledError from problem
            raise failure_of(problem, causes, options, watched) from problem
        finally:
            watched.abort()


def endpoint_of(endpoint: str) -> SplitResult:
    """The parts of the address of a collector. Raises SendFailed, which does not pass, if it is none."""
    fault = SendFailed("the endpoint is no http: or https: URL of a host", again=False)
    if len(endpoint) > _LONGEST_URL or not _VISIBLE.match(endpoint):
        raise fault
    try:
        parts = urlsplit(endpoint)
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError:
        raise fault from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise fault
    if "@" in parts.netloc:
        raise SendFailed("the endpoint has credentials in it, which belong into httpAuth", again=False)
    return parts


def check_credentials(parts: SplitResult, headers: Mapping[str, str]) -> None:
    """Raises SendFailed if credentials would be sent in the clear."""
    clear = parts.scheme != "https" and not is_own_machine(parts.hostname or "")
    if clear and any(name.lower() == "authorization" for name in headers):
        raise SendFailed("credentials are sent over https: only", again=False)


def signal_url(parts: SplitResult, signal: Signal) -> str:
    """Where requests with ``signal`` go: beside those of another signal, else below the address that is given."""
    path = f"{_SIGNAL.sub('', parts.path).rstrip('/')}/v1/{signal}"
    return parts._replace(path=path).geturl()


def wait_of(field: str, now: float) -> float | None:
    """The seconds that Retry-After asks for (RFC 9110 10.2.3), five minutes at the most; None if it is malformed."""
    field = field.strip()
    if re.fullmatch(r"[0-9]{1,10}", field):
        return min(float(field), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(field[:40]).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment - now, 0.0), _LONGEST_WAIT)


def _fields(headers: Mapping[str, str]) -> Headers:
    fields = Headers({b"Content-Type": [b"application/x-protobuf"], b"User-Agent": [b"Stalwart"]})
    for name, value in headers.items():
        if name.lower() not in _OURS:
            fields.setRawHeaders(name.encode("ascii"), [value.encode("utf-8")])
    return fields


@implementer(IBodyProducer)
class _Content:
    """The body of a request."""

    def __init__(self, content: bytes) -> None:
        self.length = len(content)
        self._content = content

    def startProducing(self, consumer: Any) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        consumer.write(self._content)
        done.callback(None)
        return done

    def pauseProducing(self) -> None:
        """Nothing is left."""

    resumeProducing = stopProducing = pauseProducing


def _too_late(_value: object, seconds: float) -> Any:
    raise FetchFailed("timeout", f"no complete answer within {seconds:g} seconds")
