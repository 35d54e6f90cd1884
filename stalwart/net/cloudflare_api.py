"""Requests to version 4 of Cloudflare's API: JSON both ways, credentials in the head, lists page by page.

Certificates must be right, redirects are not followed, and time, head, body and pages are bounded. No error text
repeats what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError, DNSLookupError
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from stalwart.net.dns_publisher import DnsUpdateRefused
from stalwart.net.https import Body, FetchFailed, QuietPool, Watched, causes_of, failure_of
from stalwart.net.json_fetch import is_safe
from stalwart.net.tls import TrustStore

PER_PAGE = 50
MOST_PAGES = 40
_BODY_LIMIT = 1024 * 1024
_HEAD_LIMIT = 64 * 1024
_FRAMING = 8
_LONGEST_WORDS = 300
_CREDENTIALS = "check the token: it has to be valid and to have Zone:Read and DNS:Edit for the zone"
_GLOBAL_KEY = "check email and global API key of the account"


class Refused(DnsUpdateRefused):
    """The API said no; ``code`` is its first error code, 0 for none."""

    def __init__(self, detail: str, code: int, *, temporary: bool) -> None:
        super().__init__(detail, temporary=temporary)
        self.code = code


@frozen
class _Answered:
    status: int
    value: Mapping[str, Any]
    retry_after: str | None


class Api:
    """Asks ``url`` with an API token, or with the global key of ``email``. Every request ends within ``timeout``."""

    def __init__(
        self, reactor: Any, trust_store: TrustStore, *, secret: str, email: str | None, timeout: float, url: str
    ) -> None:
        self._reactor = reactor
        self._trust_store = trust_store
        self._secret = secret
        self._email = email
        self._timeout = timeout
        self._url = url

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """The whole answer.

        :raises Refused: the API says no. DnsUpdateRefused: it cannot be asked.
        """
        work = Deferred.fromCoroutine(self._ask(method, f"{path}?{urlencode(query)}" if query else path, body))
        work.addTimeout(self._timeout, self._reactor)
        try:
            answered = await work
        except DeferredTimeout:
            why = f"no complete answer within {self._timeout:g} seconds"
            raise DnsUpdateRefused(f"Cloudflare cannot be asked: {why}.", temporary=True) from None
        except FetchFailed as problem:
            raise DnsUpdateRefused(f"Cloudflare cannot be asked: {problem.reason}.", temporary=True) from problem
        if answered.status >= 300 or answered.value.get("success") is not True:
            raise self._refusal(answered)
        return answered.value

    async def pages(self, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All entries of a list, page after page. Raises as ``call``."""
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            value = await self.call("GET", path, {**query, "per_page": PER_PAGE, "page": page})
            entries, told = value.get("result"), value.get("result_info")
            if not isinstance(entries, list):
                raise DnsUpdateRefused("Cloudflare answered something that is not understood.", temporary=True)
            found += [entry for entry in entries if isinstance(entry, dict)]
            last = told.get("total_pages") if isinstance(told, dict) else None
            if not entries or not isinstance(last, int) or page >= last:
                break
        return found

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> _Answered:
        url = self._url + path
        if not is_safe(url):
            raise FetchFailed("connect", "its address is no https: URL")
        parts = urlsplit(url)
        host = parts.hostname or ""
        options = self._trust_store.verifying_options(host) if parts.scheme == "https" else None
        endpoint: Any = HostnameEndpoint(
            self._reactor, host, parts.port or (80 if options is None else 443), timeout=self._timeout
        )
        wanted: Any = options
        watched = Watched(
            endpoint if options is None else wrapClientTLS(wanted, endpoint), _HEAD_LIMIT + _FRAMING * _BODY_LIMIT
        )
        try:
            return await self._exchange(watched, method, url, body)
        except (FetchFailed, CancelledError):
            raise
        except ConnectingCancelledError as cancelled:
            raise CancelledError from cancelled
        except DNSLookupError:
            raise FetchFailed("connect", f"{host} has no address") from None
        except Exception as problem:
            causes = list(causes_of(problem))
            if any(isinstance(cause, CancelledError) for cause in causes):
                raise CancelledError from problem
            raise failure_of(problem, causes, options, watched) from problem
        finally:
            watched.abort()

    async def _exchange(self, watched: Watched, method: str, url: str, body: Mapping[str, Any] | None) -> _Answered:
        agent = Agent.usingEndpointFactory(self._reactor, watched, QuietPool(self._reactor, persistent=False))
        content = _Content(msgspec.json.encode(body)) if body is not None else None
        response = await agent.request(method.encode(), url.encode("ascii"), self._headers(content), content)
        collected = Body(_BODY_LIMIT, watched)
        response.deliverBody(collected)
        retry = response.headers.getRawHeaders("retry-after")
        return _Answered(response.code, _object(await collected.finished), retry[0][:40] if retry else None)

    def _headers(self, content: _Content | None) -> Headers:
        headers = Headers({b"Accept": [b"application/json"], b"User-Agent": [b"Stalwart"]})
        if content is not None:
            headers.setRawHeaders(b"Content-Type", [b"application/json"])
        if self._email is None:
            headers.setRawHeaders(b"Authorization", [f"Bearer {self._secret}".encode()])
        else:
            headers.setRawHeaders(b"X-Auth-Email", [self._email.encode()])
            headers.setRawHeaders(b"X-Auth-Key", [self._secret.encode()])
        return headers

    def _refusal(self, answered: _Answered) -> Refused:
        status = answered.status
        code, words = _first_error(answered.value)
        said = f"{words} (code {code})" if code else words or f"status {status} without a reason"
        advice = ""
        if status in (401, 403) or (status == 400 and code in (6003, 6111)):  # the latter: a token that is none
            advice = f"; {_GLOBAL_KEY if self._email is not None else _CREDENTIALS}"
        elif status == 429:
            advice = f"; try again {f'after {answered.retry_after} seconds' if answered.retry_after else 'later'}"
        return Refused(f"Cloudflare refused: {said}{advice}.", code, temporary=status == 429 or status >= 500)


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


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return {}


def _first_error(value: Mapping[str, Any]) -> tuple[int, str]:
    """Code and words of the first error, with those that led to it."""
    errors = value.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return 0, ""
    code, words = first.get("code"), [first.get("message")]
    chain = first.get("error_chain")
    if isinstance(chain, list):
        words += [link.get("message") for link in chain if isinstance(link, dict)]
    text = ": ".join(str(word) for word in words if word)
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return (code if isinstance(code, int) else 0), printable[:_LONGEST_WORDS].rstrip(". ")
