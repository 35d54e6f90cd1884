"""Reads an event stream of another server over HTTP or HTTPS, event by event, as it happens.

Certificates are verified unless the caller says otherwise; redirects are not followed, because the request carries
credentials. An answer that is no event stream is given back as a status and a problem text. Every wait has its limit;
cancelling closes the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import treq
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.ssl import CertificateOptions
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from stalwart.codec.event_stream import EventStreamParser, ReceivedEvent

PROBLEM_LIMIT = 16 * 1024
CONNECT_LIMIT = 30.0
ANSWER_LIMIT = 60.0
SILENCE_LIMIT = 60.0  # servers of ours comment on an idle stream every 15 s


class StreamRefused(Exception):
    """The server answered with ``status`` and ``text`` instead of a stream."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP status {status}: {text}")
        self.status = status
        self.text = text


class StreamSilent(Exception):
    """The server is connected, but sends nothing any more."""


@implementer(IOpenSSLClientConnectionCreator)
class _AnyCertificate:
    """TLS without verification, because the person asked for it."""

    def __init__(self, hostname: bytes) -> None:
        self._hostname = hostname
        self._context = CertificateOptions(verify=False).getContext()

    def clientConnectionForTLS(self, _protocol: Any) -> SSL.Connection:
        connection = SSL.Connection(self._context, None)
        connection.set_tlsext_host_name(self._hostname)
        return connection


@implementer(IPolicyForHTTPS)
class _Unverified:
    """The policy for an Agent that goes with ``_AnyCertificate``."""

    def creatorForNetloc(self, hostname: bytes, port: int) -> _AnyCertificate:
        return _AnyCertificate(hostname)


async def read_events(
    reactor: Any, url: str, headers: dict[str, str], on_event: Callable[[ReceivedEvent], None], insecure: bool = False
) -> None:
    """Give every event of the stream at ``url`` to ``on_event``; returns when the stream ends.

    :raises StreamRefused: the answer is not 200.
    :raises StreamSilent: nothing comes for too long. What ``on_event`` raises ends the stream and is raised here.
    """
    policy: Any = _Unverified() if insecure else BrowserLikePolicyForHTTPS()
    agent: Any = Agent(reactor, contextFactory=policy, connectTimeout=CONNECT_LIMIT)
    sent: Any = {"Accept": "text/event-stream", **headers}
    asked = treq.get(url, headers=sent, agent=agent, allow_redirects=False, unbuffered=True)
    response = await asked.addTimeout(ANSWER_LIMIT, reactor, onTimeoutCancel=_no_answer)
    if response.code != 200:
        raise StreamRefused(response.code, await _problem_text(response, reactor))
    parser = EventStreamParser()

    def received(chunk: bytes) -> None:
        for event in parser.feed(chunk):
            on_event(event)

    await _read(response, received, reactor)


async def _problem_text(response: Any, reactor: Any) -> str:
    text = bytearray()

    def keep(chunk: bytes) -> None:
        text.extend(chunk)
        if len(text) >= PROBLEM_LIMIT:
            raise _Enough

    with suppress(_Enough, StreamSilent):  # what there is will do
        await _read(response, keep, reactor)
    return text[:PROBLEM_LIMIT].decode("utf-8", "replace")


def _no_answer(_result: Any, seconds: float) -> Any:
    raise StreamSilent(f"no answer within {seconds:g} seconds")


class _Enough(Exception):
    """The rest is of no interest."""


def _read(response: Any, received: Callable[[bytes], None], reactor: Any) -> Deferred[None]:
    """Fires at the end of the body, fails with what ``received`` raises; cancelling closes the connection."""
    body = _Body(received, reactor)
    response.deliverBody(body)
    return body.ended


class _Body(Protocol):
    """The body of a response while it arrives."""

    def __init__(self, received: Callable[[bytes], None], reactor: Any) -> None:
        self.ended: Deferred[None] = Deferred(lambda _: self._leave())
        self._received = received
        self._over = False
        self._silence = reactor.callLater(SILENCE_LIMIT, self._too_silent)

    def dataReceived(self, data: bytes) -> None:
        """Pass it on."""
        if self._over:
            return
        self._silence.reset(SILENCE_LIMIT)
        try:
            self._received(data)
        except Exception as problem:
            self._leave()
            self.ended.errback(problem)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end, a good one or not."""
        if self._over:
            return
        self._leave()
        if reason.check(ResponseDone, PotentialDataLoss):
            self.ended.callback(None)
        else:
            self.ended.errback(reason)

    def _too_silent(self) -> None:
        self._leave()
        self.ended.errback(StreamSilent(f"nothing came for {SILENCE_LIMIT:g} seconds"))

    def _leave(self) -> None:
        """Nothing more is expected: close the connection and stop the timer."""
        self._over = True
        if self._silence.active():
            self._silence.cancel()
        transport: Any = self.transport
        if transport is not None:
            transport.loseConnection()
