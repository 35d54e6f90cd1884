"""The stub resolver: asks name servers of its settings and follows aliases (RFC 1034 5.3.1, RFC 1035 7, RFC
5452).

A lookup asks the servers in their order, each again over TCP if the first round brings nothing. While an
answer is awaited the next server is asked after a second, so that a dead one costs little. The AD bit counts
only from servers that are marked as trusted; where such a server fails, the same question with checking
disabled tells a forged or broken zone from a dead one. Caching and validation wrap this resolver:
``net.dns_cache`` and ``net.dnssec``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.python.failure import Failure

from stalwart.codec.dns_names import InvalidName, absolute, name_to_wire
from stalwart.codec.dns_records import MX, SOA, TLSA, TYPES, MalformedRecord
from stalwart.net.dns_answers import (
    QUERY_REFUSED,
    SERVER_FAILURE,
    VALIDATION_FAILED,
    Answer,
    Denied,
    Elsewhere,
    Found,
    Kind,
    Lame,
    LookupFailed,
    Resolver,
    read_answer,
)
from stalwart.net.dns_message import (
    MalformedMessage,
    Match,
    Query,
    Rcode,
    Reply,
    is_truncated,
    make_query,
    read_reply,
)
from stalwart.net.dns_race import Exhausted, race
from stalwart.net.dns_transport import NameServer, Transport, Unreachable

__all__ = [
    "MX",
    "SOA",
    "TLSA",
    "Answer",
    "LookupFailed",
    "NameServer",
    "Resolution",
    "Resolver",
    "StubResolver",
]

MOST_SERVERS = 8
MOST_ATTEMPTS = 5
_STAGGER = 1.0
_GRAVEST = ("servfail", "refused", "malformed", "error", "timeout")

_bits = random.SystemRandom().getrandbits


@frozen
class Resolution:
    """An answer with the replies that it was read from, in the order of the aliases."""

    answer: Answer
    replies: tuple[Reply, ...]


@frozen
class _Answered:
    """What a server said, and the reading of it: a failure if it is final, whatever other servers say."""

    reply: Reply
    reading: Found | Elsewhere | Denied | LookupFailed
    trusted: bool


@frozen
class _Question:
    name: str
    rtype: int
    checking_disabled: bool
    seen: frozenset[str]


class _Unanswered(Exception):
    """This server, this time, gave nothing that can be used. ``settled``: asking it again is pointless."""

    def __init__(self, kind: Kind, reason: str, settled: bool = False) -> None:
        super().__init__(reason)
        self.kind: Kind = kind
        self.reason = reason
        self.settled = settled


class StubResolver:
    """Looks names up at ``servers``.

    ``timeout`` is in seconds for one attempt at one server; a lookup takes ``timeout * attempts`` at most,
    however many servers and aliases there are. ``concurrency`` bounds how many servers one lookup waits for
    at a time. ``transport`` and ``bits`` (unpredictable bits) are for tests.
    """

    def __init__(
        self,
        reactor: Any,
        servers: Sequence[NameServer],
        *,
        timeout: float = 5.0,
        attempts: int = 2,
        edns: bool = True,
        tcp_on_error: bool = True,
        concurrency: int = 2,
        transport: Any = None,
        bits: Callable[[int], int] = _bits,
    ) -> None:
        self.servers = tuple(servers)[:MOST_SERVERS]
        self._reactor = reactor
        self._timeout = timeout
        self._attempts = max(1, min(attempts, MOST_ATTEMPTS))
        self._edns = edns
        self._tcp_on_error = tcp_on_error
        self._transport = transport if transport is not None else Transport(reactor)
        self._bits = bits
        # An untrusted server must not overtake a trusted one that is still validating.
        alike = len({server.trusted for server in self.servers}) == 1
        self._width = max(1, concurrency) if alike else 1

    async def lookup(self, name: str, rtype: str) -> Answer:
        """The records of ``rtype`` at ``name``; see :class:`Resolver`."""
        return (await self.resolve(name, rtype)).answer

    async def resolve(self, name: str, rtype: str, *, checking_disabled: bool = False) -> Resolution:
        """Like :meth:`lookup`, with the replies. ``checking_disabled`` asks the servers not to validate (CD).

        :raises LookupFailed: see :class:`Resolver`.
        """
        whole = Deferred.fromCoroutine(self._resolve(name, rtype, checking_disabled))
        whole.addTimeout(self._timeout * self._attempts, self._reactor)
        try:
            return await whole
        except DeferredTimeout as late:
            raise LookupFailed("timeout", _TIMED_OUT) from late

    async def _resolve(self, name: str, rtype: str, checking_disabled: bool) -> Resolution:
        code = TYPES[rtype]
        try:
            asked = current = absolute(name)
            name_to_wire(asked)
        except InvalidName as problem:
            raise LookupFailed("malformed", f"DNS resolution error: {problem}") from problem
        replies: list[Reply] = []
        aliases: list[str] = []
        secure, ttl = True, 0x7FFFFFFF
        while True:
            seen = frozenset([asked, *aliases])
            answered = await self._ask(_Question(current, code, checking_disabled, seen))
            reading = answered.reading
            replies.append(answered.reply)
            secure = secure and answered.trusted and answered.reply.authentic and not checking_disabled
            if isinstance(reading, Denied):
                raise reading.failure(secure)
            if isinstance(reading, LookupFailed):
                raise reading
            aliases += reading.aliases
            ttl = min(ttl, reading.ttl)
            if isinstance(reading, Found):
                answer = Answer(
                    asked, rtype, reading.records, secure, "ad-bit" if secure else None, tuple(aliases), ttl
                )
                return Resolution(answer, tuple(replies))
            current = aliases[-1]

    async def _ask(self, question: _Question) -> _Answered:
        """The first usable reply of any server."""
        stagger = min(_STAGGER, self._timeout / 4)
        try:
            return await race(self._reactor, self._attempt_each(question), stagger=stagger, width=self._width)
        except Exhausted as exhausted:
            raise _gravest(exhausted.errors) from exhausted

    def _attempt_each(self, question: _Question) -> Iterator[Callable[[], Deferred[_Answered]]]:
        """Attempts in the order to start them; a server that refused is not asked twice, and after two of
        them nobody is.
        """
        settled: set[NameServer] = set()

        def start(server: NameServer, stream: bool) -> Deferred[_Answered]:
            attempt = Deferred.fromCoroutine(self._attempt(server, question, stream))
            attempt.addTimeout(self._timeout, self._reactor)
            attempt.addErrback(note, server)
            return attempt

        def note(failure: Failure, server: NameServer) -> Failure:
            if isinstance(failure.value, DeferredTimeout):
                raise _Unanswered("timeout", _TIMED_OUT) from failure.value
            if isinstance(failure.value, _Unanswered) and failure.value.settled:
                settled.add(server)
            return failure

        for turn in range(self._attempts):
            for server in self.servers:
                if len(settled) >= 2:
                    return
                if server not in settled:
                    stream = server.protocol != "udp" or (turn > 0 and self._tcp_on_error)
                    yield partial(start, server, stream)

    async def _attempt(self, server: NameServer, question: _Question, stream: bool) -> _Answered:
        try:
            reply = await self._exchange(server, question, stream)
            if reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
                return _Answered(reply, _read(reply, question), server.trusted)
            if reply.rcode == Rcode.SERVFAIL and server.trusted and not question.checking_disabled:
                return await self._suspect(server, question, stream, reply)
        except Unreachable as problem:
            raise _Unanswered("error", f"DNS resolution error: {problem}") from problem
        except (MalformedMessage, MalformedRecord) as problem:
            raise _Unanswered("malformed", f"DNS resolution error: malformed answer: {problem}") from problem
        except Lame as problem:
            raise _Unanswered("error", _LAME, settled=True) from problem
        raise _refusal(reply.rcode)

    async def _suspect(
        self, server: NameServer, question: _Question, stream: bool, failed: Reply
    ) -> _Answered:
        """RFC 4035 3.2.2 and 5.5: a validating server fails for what it can find but not believe."""
        unchecked = _Question(question.name, question.rtype, True, question.seen)
        found = await self._exchange(server, unchecked, stream)
        if found.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return _Answered(failed, LookupFailed("bogus", VALIDATION_FAILED), True)
        raise _refusal(failed.rcode)

    async def _exchange(self, server: NameServer, question: _Question, stream: bool) -> Reply:
        reply = await self._send(server, question, stream, self._edns)
        if self._edns and reply.rcode in (Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS):
            return await self._send(server, question, stream, False)  # RFC 6891 7
        return reply

    async def _send(self, server: NameServer, question: _Question, stream: bool, edns: bool) -> Reply:
        query = make_query(
            question.name, question.rtype, self._bits, edns=edns, checking_disabled=question.checking_disabled
        )
        if not stream:
            reply = await self._from_datagram(server, query)
            if reply is not None:
                return reply
        return read_reply(await self._transport.stream(server, query))

    async def _from_datagram(self, server: NameServer, query: Query) -> Reply | None:
        """The reply in a datagram; ``None`` if a stream has to bring it: cut off (RFC 7766 5), or perhaps
        forged.
        """
        wire = await self._transport.datagram(server, query)
        if is_truncated(wire) or query.match(wire) is not Match.FULL:
            return None
        try:
            return read_reply(wire)
        except MalformedMessage:
            if self._tcp_on_error:
                return None
            raise


_TIMED_OUT = "DNS resolution error: request timed out"
_LAME = "DNS resolution error: the name server neither answers nor looks names up for others"
_RCODE_TEXTS: dict[int, str] = {
    Rcode.FORMERR: "Form Error",
    Rcode.NOTIMP: "Not Implemented",
    Rcode.BADVERS: "Bad OPT Version",
}


def _read(reply: Reply, question: _Question) -> Found | Elsewhere | Denied | LookupFailed:
    try:
        return read_answer(reply, question.name, question.rtype, question.seen)
    except LookupFailed as failure:
        return failure


def _refusal(rcode: int) -> _Unanswered:
    if rcode == Rcode.SERVFAIL:
        return _Unanswered("servfail", SERVER_FAILURE, settled=True)
    if rcode == Rcode.REFUSED:
        return _Unanswered("refused", QUERY_REFUSED, settled=True)
    text = _RCODE_TEXTS.get(rcode, f"Unknown response code {rcode}")
    return _Unanswered("error", f"DNS resolution error: DNS error: error response: {text}", settled=True)


def _gravest(errors: tuple[BaseException | None, ...]) -> BaseException:
    """The failure of the lookup: a fault of ours before what a server said, and that before silence."""
    unanswered = []
    for error in errors:
        if isinstance(error, _Unanswered):
            unanswered.append(error)
        elif error is not None:
            return error
    if not unanswered:
        return LookupFailed("error", "DNS resolution error: no name server is configured")
    worst = min(unanswered, key=lambda error: _GRAVEST.index(error.kind))
    return LookupFailed(worst.kind, worst.reason)
