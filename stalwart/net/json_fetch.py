"""Requests to web services that answer in JSON, such as identity providers (RFC 9110, RFC 6750).

The administrator names them, so they may be in the local network; certificates must be right all the same, and plain
HTTP is spoken with the own machine only. Requests carry credentials: redirects are not followed, and no error text
repeats what was sent. Time, head and body are bounded; content codings are neither asked for nor undone.

``tell`` is for web hooks: only the status counts, and what holds no credentials may be sent in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
from attrs import frozen
from twisted.web.http_headers import Headers

from stalwart.codec.web_addresses import is_safe
from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from stalwart.net.web_requests import WebAnswer, WebRequests

BODY_LIMIT = 256 * 1024
TIMEOUT = 10.0


@frozen
class JsonAnswer:
    """What the service answered, whatever the status; ``value`` None: the body is no JSON object.

    ``retry_after`` is the head field as sent (RFC 9110 10.2.3), cut to 64 octets.
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
        self._requests = WebRequests(reactor, trust_store, limit=limit, timeout=timeout, verifies=verifies)

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
        return _read(await self._requests.send(method, url, headers, content))

    async def tell(self, url: str, headers: Headers, content: bytes) -> JsonAnswer:
        """POST ``content``; also by http:, unless there are credentials. Raises FetchFailed."""
        if headers.hasHeader("authorization") and not is_safe(url):
            raise FetchFailed("connect", "credentials are sent over TLS only")
        return _read(await self._requests.send(b"POST", url, headers, content, needs_body=False))


def _read(answer: WebAnswer) -> JsonAnswer:
    return JsonAnswer(answer.status, _object(answer.body), answer.retry_after)


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
