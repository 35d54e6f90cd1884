"""The HTTPS client for small documents on hosts that strangers name, such as MTA-STS policies (RFC 8461 3.3,
RFC 9110).

Addresses come from the given resolver and each passes a check before it is connected to, so that a name
cannot lead into the local network. The certificate must be right, redirects are not followed, and time, head
and body are bounded. Content codings are not undone: none is asked for, and a small body could unfold to
gigabytes. That is why this uses Twisted's Agent and not treq, which undoes them unasked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from attrs import frozen
from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionDone
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IHandshakeListener, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseDone, _HTTP11ClientFactory
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from stalwart.net.dns import LookupFailed, Resolver
from stalwart.net.reasons import connect_reason, tls_reason
from stalwart.net.side_by_side import side_by_side
from stalwart.net.tls import ClientOptions, TrustStore

Kind = Literal["timeout", "connect", "tls", "too-large", "protocol"]

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_.])?\Z")
_PATH = re.compile(r"/[\x21-\x7e]*\Z")
_MOST_ADDRESSES = 8
_HEAD_LIMIT = 64 * 1024
_FRAMING = 8  # octets received for each octet of a body in the smallest chunks


@frozen
class Fetched:
    """What the host answered, whatever the status; ``content_type`` as sent."""

    status: int
    content_type: str | None
    body: bytes


class FetchFailed(Exception):
    """There is no answer. ``kind`` tells silence, unreachability, distrust, size and nonsense apart."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind: Kind = kind
        self.reason = reason


def any_address(_ip: str) -> bool:
    """The rule that allows every address."""
    return True


class PolicyFetcher:
    """Fetches documents over verified HTTPS; ``allow`` is asked for each address before it is used."""

    def __init__(
        self,
        reactor: Any,
        trust_store: TrustStore,
        resolver: Resolver,
        *,
        allow: Callable[[str], bool] = any_address,
        port: int = 443,
    ) -> None:
        self._reactor = reactor
        self._trust_store = trust_store
        self._resolver = resolver
        self._allow = allow
        self._port = port

    async def fetch(self, host: str, path: str, limit: int, timeout: float) -> Fetched:
        """GET ``https://host/path`` within ``timeout`` seconds in all, the body at most ``limit`` bytes.

        :raises FetchFailed: what went wrong.
        """
        if not _HOST.match(host) or not _PATH.match(path):
            raise FetchFailed("connect", "not a host name")
        work = Deferred.fromCoroutine(self._fetch(host, path, limit, timeout))
        work.addTimeout(timeout, self._reactor, onTimeoutCancel=_too_late)
        return await work

    async def _fetch(self, host: str, path: str, limit: int, timeout: float) -> Fetched:
        addresses = await self._addresses(host)
        problem = FetchFailed("connect", f"{host} has no address")
        for ip in addresses:
            if not self._allow(ip):
                problem = FetchFailed("connect", f"address {ip} is not allowed")
                continue
            try:
                return await self._ask(host, path, limit, ip, timeout / len(addresses))
            except FetchFailed as failure:
                if failure.kind != "connect":
                    raise
                problem = failure
        raise problem

    async def _addresses(self, host: str) -> Sequence[str]:
        results = await side_by_side(self._lookup(host, "A"), self._lookup(host, "AAAA"))
        found = [ip for result in results if not isinstance(result, LookupFailed) for ip in result]
        if not found:
            raise FetchFailed("connect", str(results[0]) if isinstance(results[0], LookupFailed) else "no address")
        return found[:_MOST_ADDRESSES]

    async def _lookup(self, host: str, rtype: str) -> Sequence[str] | LookupFailed:
        try:
            return (await self._resolver.lookup(host, rtype)).records
        except LookupFailed as failure:
            return failure

    async def _ask(self, host: str, path: str, limit: int, ip: str, timeout: float) -> Fetched:
        endpoint_type: Any = TCP6ClientEndpoint if ":" in ip else TCP4ClientEndpoint
        options: Any = self._trust_store.verifying_options(host)
        endpoint = wrapClientTLS(options, endpoint_type(self._reactor, ip, self._port, timeout=timeout))
        watched = Watched(endpoint, _HEAD_LIMIT + _FRAMING * limit)
        try:
            return await self._exchange(watched, f"https://{host}{path}", limit)
        except ConnectingCancelledError as cancelled:
            raise CancelledError from cancelled
        except (FetchFailed, CancelledError):
            raise
        except Exception as problem:
            causes = list(causes_of(problem))
            if any(isinstance(cause, CancelledError) for cause in causes):
                raise CancelledError from problem
            raise failure_of(problem, causes, options, watched) from problem
        finally:
            watched.abort()

    async def _exchange(self, watched: Watched, url: str, limit: int) -> Fetched:
        pool = QuietPool(self._reactor, persistent=False)
        agent = Agent.usingEndpointFactory(self._reactor, watched, pool)
        headers = Headers({b"Accept": [b"text/plain, */*;q=0.1"], b"User-Agent": [b"Stalwart"]})
        response = await agent.request(b"GET", url.encode("ascii"), headers)
        if isinstance(response.length, int) and response.length > limit:
            raise FetchFailed("too-large", f"the document has more than {limit} bytes")
        body = Body(limit, watched)
        response.deliverBody(body)
        content_type = response.headers.getRawHeaders(b"content-type", [None])[0]
        shown = content_type.decode("latin-1")[:256] if content_type is not None else None
        return Fetched(response.code, shown, await body.finished)


def _too_late(value: object, seconds: float) -> object:
    raise FetchFailed("timeout", f"no complete answer within {seconds:g} seconds")


@implementer(IAgentEndpointFactory, IStreamClientEndpoint)
class Watched:
    """An endpoint for one connection that can be cut off, and is when it brings more than ``budget`` bytes.

    It also passes for the factory of itself, as the Agent asks for one.
    """

    def __init__(self, endpoint: Any, budget: int) -> None:
        self._endpoint = endpoint
        self._connection: _Counted | None = None
        self.budget = budget
        self.exceeded = False
        self.secured = False
        self.clean = False

    def endpointForURI(self, uri: Any) -> Watched:
        """IAgentEndpointFactory."""
        return self

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """IStreamClientEndpoint; fires with the protocol of ``protocolFactory``."""
        connected: Deferred[Any] = self._endpoint.connect(_CountingFactory(protocolFactory, self))
        return connected.addCallback(self._remember)

    def _remember(self, connection: _Counted) -> Any:
        self._connection = connection
        return connection.wrappedProtocol

    def abort(self) -> None:
        """Drop the connection, if there is one."""
        if self._connection is not None:
            self._connection.cut()


class _CountingFactory(WrappingFactory):
    noisy = False

    def __init__(self, wrapped: Any, watched: Watched) -> None:
        super().__init__(wrapped)
        self.watched = watched

    def buildProtocol(self, addr: Any) -> _Counted:
        return _Counted(self, self.wrappedFactory.buildProtocol(addr), self.watched)


@implementer(IHandshakeListener)
class _Counted(ProtocolWrapper):
    """Counts what arrives, in plain text."""

    def __init__(self, factory: Any, wrapped: Any, watched: Watched) -> None:
        super().__init__(factory, wrapped)
        self._watched = watched

    def handshakeCompleted(self) -> None:
        self._watched.secured = True

    def dataReceived(self, data: bytes) -> None:
        self._watched.budget -= len(data)
        if self._watched.budget < 0:
            self._watched.exceeded = True
            self.cut()
        else:
            super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._watched.clean = reason.check(ConnectionDone) is not None
        super().connectionLost(reason)

    def cut(self) -> None:
        if self.connected:
            self.abortConnection()


class _QuietFactory(_HTTP11ClientFactory):
    noisy = False


class QuietPool(HTTPConnectionPool):
    """Connections without two log lines each."""

    _factory = _QuietFactory


class Body(Protocol):
    """Collects a body up to its limit."""

    def __init__(self, limit: int, watched: Watched) -> None:
        self.finished: Deferred[bytes] = Deferred(lambda _: watched.abort())
        self._limit = limit
        self._watched = watched
        self._parts: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        self._limit -= len(data)
        self._parts.append(data)
        if self._limit < 0:
            self._parts.clear()
            self._end(FetchFailed("too-large", "the document is too long"))
            self._watched.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        complete = reason.check(ResponseDone) or (reason.check(PotentialDataLoss) and self._watched.clean)
        self._end(None if complete else FetchFailed("protocol", "the document is incomplete"))

    def _end(self, problem: FetchFailed | None) -> None:
        if self.finished.called:
            return
        if problem is not None:
            self.finished.errback(problem)
        else:
            self.finished.callback(b"".join(self._parts))


def causes_of(problem: BaseException | None) -> Iterator[BaseException]:
    """What is behind an error of Twisted's client, which collects the reasons it was given."""
    for failure in getattr(problem, "reasons", None) or ():
        yield failure.value
        yield from causes_of(failure.value)


def failure_of(
    problem: Exception, causes: Sequence[BaseException], options: ClientOptions | None, watched: Watched
) -> FetchFailed:
    """The failure that an error of Twisted stands for; ``options`` None: it was not over TLS."""
    if watched.exceeded:
        return FetchFailed("too-large", "the answer is too long")
    if isinstance(problem, ConnectTimeout):
        return FetchFailed("connect", "Connection timeout")
    if isinstance(problem, ConnectError):
        return FetchFailed("connect", connect_reason(problem))
    distrust = options.problem() if options is not None else None
    if distrust is not None:
        return FetchFailed("tls", f"TLS error: invalid peer certificate: {distrust}")
    for cause in causes:
        if isinstance(cause, SSL.Error):
            return FetchFailed("tls", tls_reason(cause))
    if options is not None and not watched.secured:
        return FetchFailed("tls", "I/O error: tls handshake eof")
    words = [str(cause) for cause in causes if not isinstance(cause, ConnectionDone)]
    return FetchFailed("protocol", "; ".join(words)[:200] or "the host closed the connection without an answer")
