"""Requests to web services that answer in JSON, such as identity providers (RFC 9110, RFC 6750).

The administrator names them, so they may be in the local network; certificates must be right all the same, and plain
HTTP is spoken with the own machine only. Requests carry credentials: redirects are not followed, and no error text
repeats what was sent. Time, head and body are bounded; content codings are neither asked for nor undone.

``tell`` is for web hooks: only the status counts, and what holds no credentials may be sent in the clear.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine, Mapping
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec
from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError, DNSLookupError
from twisted.python.failure import Failure
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from stalwart.net.https import Body, FetchFailed, QuietPool, Watched, causes_of, failure_of
from stalwart.net.tls import ClientOptions, TrustStore

BODY_LIMIT = 256 * 1024
TIMEOUT = 10.0
PATIENCE = 1.0
"""Seconds for a body that nobody needs: a server should not find its answer cut off."""

_HEAD_LIMIT = 64 * 1024
_FRAMING = 8
_LONGEST_URL = 2048
_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")


@frozen
class JsonAnswer:
    """What the service answered, whatever the status; ``value`` None: the body is no JSON object.

    ``retry_after`` is the head field as sent (RFC 9110 10.2.3), cut to 40 octets.
    """

    status: int
    value: dict[str, Any] | None
    retry_after: str | None = None


class Fetcher(Protocol):
    """What callers need; a test gives them something without a network."""

    async def get(self, url: str, *, bearer: str | None = None) -> JsonAnswer:
        """GET, with a bearer token if there is one. Raises FetchFailed."""

    async def post(self, url: str, form: Mapping[str, str], *, bearer: str | None = None) -> JsonAnswer:
        """POST a form. Raises FetchFailed."""


class JsonFetcher:
    """The real `Fetcher`; every request is over within ``timeout`` seconds, its body at most ``limit`` bytes.

    ``verifies`` False: any certificate will do.
    """

    def __init__(
        self,
        reactor: Any,
        trust_store: TrustStore,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = TIMEOUT,
        verifies: bool = True,
    ) -> None:
        self._reactor = reactor
        self._trust_store = trust_store
        self._limit = limit
        self._timeout = timeout
        self._verifies = verifies

    async def get(self, url: str, *, bearer: str | None = None) -> JsonAnswer:
        """See `Fetcher`."""
        return await self.request(b"GET", url, _headers(bearer))

    async def post(self, url: str, form: Mapping[str, str], *, bearer: str | None = None) -> JsonAnswer:
        """See `Fetcher`."""
        headers = _headers(bearer)
        headers.setRawHeaders(b"Content-Type", [b"application/x-www-form-urlencoded"])
        return await self.request(b"POST", url, headers, urlencode(form).encode("ascii"))

    async def request(self, method: bytes, url: str, headers: Headers, content: bytes | None = None) -> JsonAnswer:
        """Any request, with ``content`` as its body. Raises FetchFailed."""
        if not is_safe(url):
            raise FetchFailed("connect", "the address is no https: URL")
        return await self._in_time(self._ask(method, url, headers, content))

    async def tell(self, url: str, headers: Headers, content: bytes) -> JsonAnswer:
        """POST ``content``; also by http:, unless there are credentials. Raises FetchFailed."""
        if not is_web_address(url):
            raise FetchFailed("connect", "the address is no https: or http: URL of a host")
        if headers.hasHeader("authorization") and not is_safe(url):
            raise FetchFailed("connect", "credentials are sent over TLS only")
        return await self._in_time(self._ask(b"POST", url, headers, content, needs_body=False))

    async def _in_time(self, asking: Coroutine[Deferred[Any], Any, JsonAnswer]) -> JsonAnswer:
        work = Deferred.fromCoroutine(asking)
        work.addTimeout(self._timeout, self._reactor, onTimeoutCancel=_too_late)
        return await work

    async def _ask(
        self, method: bytes, url: str, headers: Headers, content: bytes | None, *, needs_body: bool = True
    ) -> JsonAnswer:
        parts = urlsplit(url)
        options = self._options(parts.hostname or "") if parts.scheme == "https" else None
        watched = Watched(self._endpoint(parts, options), _HEAD_LIMIT + _FRAMING * self._limit)
        try:
            agent = Agent.usingEndpointFactory(self._reactor, watched, QuietPool(self._reactor, persistent=False))
            sent = _Content(content) if content is not None else None
            response = await agent.request(method, url.encode("ascii"), headers, sent)
            body = Body(self._limit, watched)
            response.deliverBody(body)
            again = response.headers.getRawHeaders("retry-after")
            if not needs_body:
                body.finished.addTimeout(PATIENCE, self._reactor, onTimeoutCancel=_nothing)
                body.finished.addErrback(_without_body)
            return JsonAnswer(response.code, _object(await body.finished), again[0][:40] if again else None)
        except (FetchFailed, CancelledError):
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

    def _options(self, host: str) -> ClientOptions:
        return self._trust_store.verifying_options(host) if self._verifies else self._trust_store.client_options(host)

    def _endpoint(self, parts: SplitResult, options: ClientOptions | None) -> Any:
        assert parts.hostname is not None  # is_safe() says so
        port = parts.port or (80 if options is None else 443)
        plain: Any = HostnameEndpoint(self._reactor, parts.hostname, port, timeout=self._timeout)
        wanted: Any = options
        return plain if options is None else wrapClientTLS(wanted, plain)


def is_safe(url: str) -> bool:
    """Whether ``url`` is an https: URL with a host, or an http: URL on the own machine (a literal, or `localhost`)."""
    if not is_web_address(url):
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or is_own_machine(parts.hostname or "")


def is_web_address(url: str) -> bool:
    """Whether ``url`` is an https: or http: URL with a host, and neither credentials nor a fragment."""
    if len(url) > _LONGEST_URL or not _VISIBLE.match(url):
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme in ("https", "http")


def is_own_machine(host: str) -> bool:
    """Whether ``host`` is a loopback address, or `localhost`."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


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


def _headers(bearer: str | None) -> Headers:
    headers = Headers({b"Accept": [b"application/json"], b"User-Agent": [b"Stalwart"]})
    if bearer is not None:
        headers.setRawHeaders(b"Authorization", [f"Bearer {bearer}".encode("ascii")])
    return headers


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None


def _nothing(_value: object, _seconds: float) -> bytes:
    return b""


def _without_body(failure: Failure) -> bytes:
    failure.trap(FetchFailed)  # too long, or cut off: the head has said what counts
    return b""


def _too_late(_value: object, seconds: float) -> Any:
    raise FetchFailed("timeout", f"no complete answer within {seconds:g} seconds")
