"""One request to a web service that an administrator names, and its answer (RFC 9110).

The service may be in the local network, unless ``allow`` forbids it; its certificate must be right all the same, unless
any will do. Redirects are not followed, and no error text repeats what was sent. Time, head and body are bounded;
content codings are neither asked for nor undone. No connection outlives its request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError, DNSLookupError
from twisted.python.failure import Failure
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from stalwart.codec.web_addresses import is_web_address
from stalwart.net.allowed_endpoint import AllowedEndpoint
from stalwart.net.https import Body, FetchFailed, QuietPool, Watched, causes_of, failure_of
from stalwart.net.tls import ClientOptions, TrustStore

PATIENCE = 1.0
"""Seconds for a body that nobody needs: a server should not find its answer cut off."""

_HEAD_LIMIT = 64 * 1024
_LONGEST_URL = 8192
_FRAMING = 8
_SHARE = 3  # so many addresses that do not answer fit into the time of a request


@frozen
class WebAnswer:
    """What the service answered, whatever the status; ``retry_after`` is the field as sent, cut to 64 octets;
    ``location`` that of a redirection, which whoever asked may follow."""

    status: int
    body: bytes
    retry_after: str | None = None
    location: str | None = None


class WebRequests:
    """Sends requests; each is over within ``timeout`` seconds, the body of its answer at most ``limit`` bytes.

    ``verifies`` False: any certificate will do. With ``allow`` only addresses that it lets be used are connected to,
    for services that others than administrators name.
    """

    def __init__(
        self,
        reactor: Any,
        trust_store: TrustStore,
        *,
        limit: int,
        timeout: float,
        verifies: bool = True,
        allow: Callable[[str], bool] | None = None,
    ) -> None:
        self._reactor = reactor
        self._trust_store = trust_store
        self._limit = limit
        self._timeout = timeout
        self._verifies = verifies
        self._allow = allow

    async def send(
        self, method: bytes, url: str, headers: Headers, content: bytes | None = None, *, needs_body: bool = True
    ) -> WebAnswer:
        """The answer to a request with ``content`` as its body; one that ``needs_body`` fails without it.

        :raises FetchFailed: there is no answer, or more of it than may be.
        """
        if not is_web_address(url):
            raise FetchFailed("connect", "the address is no https: or http: URL of a host")
        work = Deferred.fromCoroutine(self._send(method, url, headers, content, needs_body))
        work.addTimeout(self._timeout, self._reactor, onTimeoutCancel=_too_late)
        return await work

    async def _send(
        self, method: bytes, url: str, headers: Headers, content: bytes | None, needs_body: bool
    ) -> WebAnswer:
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
            found = response.headers.getRawHeaders("location")
            location = found[0][:_LONGEST_URL] if found else None
            return WebAnswer(response.code, await body.finished, again[0][:64] if again else None, location)
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
        assert parts.hostname is not None  # is_web_address() says so
        port = parts.port or (80 if options is None else 443)
        plain: Any
        if self._allow is None:
            plain = HostnameEndpoint(self._reactor, parts.hostname, port, timeout=self._timeout)
        else:
            plain = AllowedEndpoint(self._reactor, parts.hostname, port, self._timeout / _SHARE, self._allow)
        wanted: Any = options
        return plain if options is None else wrapClientTLS(wanted, plain)


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


def _nothing(_value: object, _seconds: float) -> bytes:
    return b""


def _without_body(failure: Failure) -> bytes:
    failure.trap(FetchFailed)  # too long, or cut off: the head has said what counts
    return b""


def _too_late(_value: object, seconds: float) -> Any:
    raise FetchFailed("timeout", f"no complete answer within {seconds:g} seconds")
