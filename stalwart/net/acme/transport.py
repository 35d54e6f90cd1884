"""HTTPS requests to certificate authorities, over connections that are kept (RFC 8555 6.1, RFC 9110).

The certificate of the authority has to be right. Redirects are not followed, content codings neither asked for nor
undone; time, head and body of an answer are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import DNSLookupError
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory
from zope.interface import implementer

from stalwart.net.acme.head_fields import is_https
from stalwart.net.acme.problems import AcmeUnreachable, host_of
from stalwart.net.allowed_endpoint import AllowedEndpoint
from stalwart.net.https import Body, FetchFailed, QuietPool, Watched, causes_of, failure_of
from stalwart.net.tls import ClientOptions, TrustStore

TIMEOUT = 30.0
BODY_LIMIT = 1024 * 1024

_HEAD_LIMIT = 64 * 1024
_FRAMING = 2
_MOST_KEPT = 10
_KEPT_FOR = 20


@frozen
class Answer:
    """What the authority answered, whatever the status; names of ``heads`` are in lower case."""

    status: int
    heads: Mapping[str, Sequence[str]]
    body: bytes


class Transport(Protocol):
    """What the client needs; a test gives it something without a network."""

    async def request(self, method: str, url: str, heads: Mapping[str, str], body: bytes | None) -> Answer:
        """Raises AcmeUnreachable."""

    async def close(self) -> None:
        """Drop all connections."""


class HttpsTransport:
    """The real `Transport`; every request is over within ``timeout`` seconds, its body at most ``limit`` bytes.

    With ``allow``, only addresses that it approves of are connected to.
    """

    def __init__(
        self,
        reactor: Any,
        trust_store: TrustStore,
        *,
        allow: Callable[[str], bool] | None = None,
        timeout: float = TIMEOUT,
        limit: int = BODY_LIMIT,
    ) -> None:
        self._allow = allow
        self._reactor = reactor
        self._trust_store = trust_store
        self._timeout = timeout
        self._limit = limit
        self._pool = QuietPool(reactor, persistent=True)
        self._pool.maxPersistentPerHost = _MOST_KEPT
        self._pool.cachedConnectionTimeout = _KEPT_FOR
        self._pool.retryAutomatically = False
        self._under_way: set[Deferred[Answer]] = set()

    async def request(self, method: str, url: str, heads: Mapping[str, str], body: bytes | None) -> Answer:
        """See `Transport`. A connection that the authority has closed while it was idle is replaced once."""
        if not is_https(url):
            raise AcmeUnreachable(f"The address of {host_of(url)} is no https: URL.")
        if host_of(url).startswith("["):  # treq does not take it
            raise AcmeUnreachable(f"{host_of(url)} is the literal of an IPv6 address; use a name.")
        work = Deferred.fromCoroutine(self._request(method, url, heads, body))
        work.addTimeout(self._timeout, self._reactor, onTimeoutCancel=_too_late)
        self._under_way.add(work)
        try:
            return await work
        except FetchFailed as failure:
            raise AcmeUnreachable(f"{host_of(url)} cannot be reached: {failure.reason}.") from failure
        except CancelledError:
            if work in self._under_way:
                raise
            raise AcmeUnreachable(f"{host_of(url)} cannot be reached: the connection was closed here.") from None
        finally:
            self._under_way.discard(work)

    async def close(self) -> None:
        """See `Transport`. Requests that are under way fail."""
        ended, self._under_way = self._under_way, set()
        for work in ended:
            work.cancel()
        await self._pool.closeCachedConnections()

    async def _request(self, method: str, url: str, heads: Mapping[str, str], body: bytes | None) -> Answer:
        attempt = _Attempt(self)
        try:
            return await self._exchange(attempt, method, url, heads, body)
        except FetchFailed as failure:
            if failure.kind != "protocol" or not attempt.was_kept or attempt.has_answered:
                raise
        return await self._exchange(_Attempt(self, fresh=True), method, url, heads, body)

    async def _exchange(
        self, attempt: _Attempt, method: str, url: str, heads: Mapping[str, str], body: bytes | None
    ) -> Answer:
        from treq.client import HTTPClient  # loaded with the first request: many servers make none

        pool: Any = attempt
        agent: Any = _Uncoded(Agent.usingEndpointFactory(self._reactor, attempt, pool))
        client = HTTPClient(agent)
        try:
            asking = client.request(
                method, url, headers=Headers(_pairs(heads)), data=body, allow_redirects=False, unbuffered=True
            )
            response = await _cancellable(asking)
            attempt.has_answered = True
            content = Body(self._limit, attempt.watched)
            response.deliverBody(content)
            return Answer(response.code, _texts(response.headers), await content.finished)
        except (FetchFailed, CancelledError):
            attempt.watched.abort()
            raise
        except DNSLookupError:
            raise FetchFailed("connect", "the host has no address") from None
        except Exception as problem:
            causes = list(causes_of(problem))
            attempt.watched.abort()
            raise failure_of(problem, causes, attempt.options, attempt.watched) from problem

    def _endpoint(self, uri: Any) -> tuple[Watched, ClientOptions]:
        host = uri.host.decode("ascii")
        options: Any = self._trust_store.verifying_options(host)
        plain: Any
        if self._allow is None:
            plain = HostnameEndpoint(self._reactor, host, uri.port, timeout=self._timeout)
        else:
            plain = AllowedEndpoint(self._reactor, host.strip("[]"), uri.port, self._timeout, self._allow)
        return Watched(wrapClientTLS(options, plain), 0), options

    def _take(self, key: Any, watched: Any, fresh: bool) -> Deferred[Any]:
        if fresh:
            connecting: Deferred[Any] = self._pool._newConnection(key, watched)
            return connecting
        return self._pool.getConnection(key, watched)


@implementer(IAgentEndpointFactory)
class _Attempt:
    """One request: it passes for the endpoint factory and for the pool of an Agent, and so knows its connection."""

    persistent = True

    def __init__(self, transport: HttpsTransport, *, fresh: bool = False) -> None:
        self._transport = transport
        self._fresh = fresh
        self.watched = Watched(None, 0)
        self.options: ClientOptions | None = None
        self.was_kept = False
        self.has_answered = False

    def endpointForURI(self, uri: Any) -> Watched:
        """IAgentEndpointFactory."""
        self.watched, self.options = self._transport._endpoint(uri)
        return self.watched

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:
        """HTTPConnectionPool."""
        return self._transport._take(key, self.watched, self._fresh).addCallback(self._taken)

    def _taken(self, connection: Any) -> Any:
        known = vars(connection).setdefault("watched_by_acme", self.watched)
        self.was_kept = known is not self.watched
        self.watched = known
        known.budget = _HEAD_LIMIT + _FRAMING * self._transport._limit
        return connection


@implementer(IAgent)
class _Uncoded:
    """Takes back what treq asks for unasked: content codings."""

    def __init__(self, agent: Any) -> None:
        self._agent = agent

    def request(self, method: bytes, uri: bytes, headers: Any = None, bodyProducer: Any = None) -> Any:
        """IAgent."""
        headers.removeHeader(b"accept-encoding")
        answering: Deferred[Any] = self._agent.request(method, uri, headers, bodyProducer)
        return answering.addCallback(_refused_if_coded)


def acme_http(reactor: Any, trust_store: TrustStore, *, allow: Callable[[str], bool] | None = None) -> HttpsTransport:
    """The transport of one client, see ``HttpsTransport``. Call ``close`` at the end."""
    return HttpsTransport(reactor, trust_store, allow=allow)


def _cancellable(work: Deferred[Any]) -> Deferred[Any]:
    """What ``work`` gives; once cancelled, CancelledError, and not what Twisted makes of it on the way."""

    def cancel(given: Deferred[Any]) -> None:
        given.errback(CancelledError())
        work.cancel()

    given: Deferred[Any] = Deferred(cancel)
    work.addBoth(lambda result: None if given.called else given.callback(result))
    return given


def _refused_if_coded(response: Any) -> Any:
    if response.headers.hasHeader(b"content-encoding"):
        raise FetchFailed("protocol", "the answer is in a content coding that was not asked for")
    return response


def _pairs(heads: Mapping[str, str]) -> dict[bytes, list[bytes]]:
    return {name.encode("ascii"): [value.encode("ascii")] for name, value in heads.items()}


def _texts(headers: Any) -> dict[str, list[str]]:
    return {
        name.decode("latin-1").lower(): [value.decode("latin-1") for value in values]
        for name, values in headers.getAllRawHeaders()
    }


def _too_late(_value: object, seconds: float) -> Any:
    raise FetchFailed("timeout", f"no complete answer within {seconds:g} seconds")
