"""Reads an event stream of another server over HTTP or HTTPS, event by event, as it happens.

Certificates are verified unless the caller says otherwise; redirects are not followed, because the request carries
credentials. An answer that is no event stream is given back as a status and a problem text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import treq
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from stalwart.codec.event_stream import EventStreamParser, ReceivedEvent

PROBLEM_LIMIT = 16 * 1024
CONNECT_LIMIT = 30.0


class StreamRefused(Exception):
    """The server answered with ``status`` and ``text`` instead of a stream."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP status {status}: {text}")
        self.status = status
        self.text = text


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
    """
    policy: Any = _Unverified() if insecure else BrowserLikePolicyForHTTPS()
    agent: Any = Agent(reactor, contextFactory=policy, connectTimeout=CONNECT_LIMIT)
    sent: Any = {"Accept": "text/event-stream", **headers}
    response = await treq.get(url, headers=sent, agent=agent, allow_redirects=False, unbuffered=True)
    if response.code != 200:
        raise StreamRefused(response.code, await _problem_text(response))
    parser = EventStreamParser()

    def received(chunk: bytes) -> None:
        for event in parser.feed(chunk):
            on_event(event)

    await treq.collect(response, received)


async def _problem_text(response: Any) -> str:
    parts: list[bytes] = []

    def keep(chunk: bytes) -> None:
        if sum(map(len, parts)) < PROBLEM_LIMIT:
            parts.append(chunk)

    waiting: Deferred[None] = treq.collect(response, keep)
    await waiting
    return b"".join(parts)[:PROBLEM_LIMIT].decode("utf-8", "replace")
