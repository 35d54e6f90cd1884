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
from stalwart.codec.dns_records import MX, SOA, TLSA, TYPES
from stalwart.net.dns_answers import Answer, Denied, Found, LookupFailed, Resolver
from stalwart.net.dns_exchange import Answered, Exchanges, Question, Unanswered
from stalwart.net.dns_message import Reply
from stalwart.net.dns_race import Exhausted, race
from stalwart.net.dns_transport import NameServer, Transport

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
_GRACE = 0.25  # so that the attempts time out first: they know what else went wrong
_GRAVEST = ("servfail", "refused", "malformed", "error", "timeout")

_bits = random.SystemRandom().getrandbits


@frozen
class Resolution:
    """An answer with the replies that it was read from, in the order of the aliases."""

    answer: Answer
    replies: tuple[Reply, ...]


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
        self._tcp_on_error = tcp_on_error
        transport = transport if transport is not None else Transport(reactor)
        self._exchanges = Exchanges(transport, bits, edns=edns, tcp_on_error=tcp_on_error)
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
        whole.addTimeout(self._timeout * self._attempts + _GRACE, self._reactor)
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
            seen = frozenset([asked, *aliases]) - {current}
            answered = await self._ask(Question(current, code, checking_disabled, seen))
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

    async def _ask(self, question: Question) -> Answered:
        """The first usable reply of any server."""
        stagger = min(_STAGGER, self._timeout / 4)
        try:
            return await race(self._reactor, self._attempt_each(question), stagger=stagger, width=self._width)
        except Exhausted as exhausted:
            raise _gravest(exhausted.errors) from exhausted

    def _attempt_each(self, question: Question) -> Iterator[Callable[[], Deferred[Answered]]]:
        """Attempts in the order to start them; a server that refused is not asked twice, and after two of
        them nobody is.
        """
        settled: set[NameServer] = set()

        def start(server: NameServer, stream: bool) -> Deferred[Answered]:
            attempt = Deferred.fromCoroutine(self._exchanges.ask(server, question, stream))
            attempt.addTimeout(self._timeout, self._reactor)
            attempt.addErrback(note, server)
            return attempt

        def note(failure: Failure, server: NameServer) -> Failure:
            if isinstance(failure.value, DeferredTimeout):
                raise Unanswered("timeout", _TIMED_OUT) from failure.value
            if isinstance(failure.value, Unanswered) and failure.value.settled:
                settled.add(server)
            return failure

        for turn in range(self._attempts):
            for server in self.servers:
                if len(settled) >= 2:
                    return
                if server not in settled:
                    stream = server.protocol != "udp" or (turn > 0 and self._tcp_on_error)
                    yield partial(start, server, stream)


_TIMED_OUT = "DNS resolution error: request timed out"


def _gravest(errors: tuple[BaseException | None, ...]) -> BaseException:
    """The failure of the lookup: a fault of ours before what a server said, and that before silence."""
    unanswered = []
    for error in errors:
        if isinstance(error, Unanswered):
            unanswered.append(error)
        elif error is not None:
            return error
    if not unanswered:
        return LookupFailed("error", "DNS resolution error: no name server is configured")
    worst = min(unanswered, key=lambda error: _GRAVEST.index(error.kind))
    return LookupFailed(worst.kind, worst.reason)
