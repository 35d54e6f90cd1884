"""What is said on a connection to an LDAP server: requests out, messages in, at most one coroutine that waits
(RFC 4511 3.1, 4.4).

Whatever is not an answer to the one request that is on its way ends the connection, and so do silence, nonsense, more
entries than were asked for, and failed TLS. Who asks for what is the business of ``net.ldap``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from attrs import define, field
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.net import ldap_messages
from stalwart.net.ldap_messages import Entry, EntryMessage, Malformed, Reference, Result
from stalwart.net.reasons import tls_reason
from stalwart.net.tls import ClientOptions

Kind = Literal["timeout", "closed", "io", "tls", "malformed", "refused"]

SUCCESS = 0
SIZE_LIMIT_EXCEEDED = 4
NO_SUCH_OBJECT = 32

MOST_OCTETS = 2 * 1024 * 1024
"""What the entries of one search may have together."""

_LINGER = 1.0
_LONGEST_WORDS = 200

# RFC 4511 appendix A, as far as an administrator can do something about it.
_CODES = {
    3: "it took longer than the server allows",
    7: "it does not take a simple bind",
    8: "it wants stronger authentication",
    10: "it refers to another server, which is not followed",
    11: "it would exceed a limit of the server",
    13: "it wants TLS first",
    16: "it does not know an attribute",
    18: "it does not know a matching rule",
    NO_SUCH_OBJECT: "there is no entry with that DN",
    34: "the DN is not well-formed",
    48: "it does not take this kind of sign-in for the entry",
    49: "name or password is wrong",
    50: "it needs more rights",
    51: "the server is busy",
    52: "the server is shutting down or unavailable",
    53: "the server is unwilling",
}


class LdapFailed(Exception):
    """``reason`` is half a sentence for an administrator; ``code`` is the result code where ``kind`` is ``refused``.

    Other kinds, after which the connection is gone: ``timeout``, ``closed`` by the server, ``io`` of the network,
    ``tls``, ``malformed`` answers.
    """

    def __init__(self, reason: str, kind: Kind = "io", code: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: Kind = kind
        self.code = code


def told(result: Result) -> str:
    """What a result code says, and what the server says to it."""
    meaning = _CODES.get(result.code, f"result code {result.code}")
    words = result.text.strip().rstrip(".")[:_LONGEST_WORDS]
    return f"{meaning} ({words})" if words else meaning


@define
class Asked:
    """The request that is on its way: what ends it, and what has come of it."""

    operation: int
    most: int = 0
    id: int = 0
    octets: int = 0
    entries: list[Entry] = field(factory=list)


class DialogueFactory(Factory):
    """Makes dialogues that take the time from ``clock``."""

    noisy = False

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def buildProtocol(self, addr: Any) -> Dialogue:
        return Dialogue(self._clock)


@implementer(IHandshakeListener)
class Dialogue(Protocol):
    """The side that Twisted calls: bytes become messages, at most one coroutine waits."""

    transport: Any

    def __init__(self, clock: Any) -> None:
        self.failure: LdapFailed | None = None
        self._clock = clock
        self._buffer = ldap_messages.MessageBuffer()
        self._asked: Asked | None = None
        self._waiter: Deferred[Any] | None = None
        self._last_id = 0
        self._shaking_hands = False
        self._linger: Any = None

    async def ask(self, make: Callable[[int], bytes], asked: Asked, timeout: float) -> Result:
        """Send a request and wait for what ends it."""
        self._check()
        self._last_id += 1
        asked.id = self._last_id
        self._asked = asked
        self.transport.write(make(asked.id))
        result: Result = await self._wait(timeout, "there is no answer in time")
        return result

    async def secure(self, options: ClientOptions, timeout: float) -> None:
        """Shake hands, provided that the server said nothing since its last answer."""
        if self._buffer.pending:
            self.fail(LdapFailed("there is data before the TLS handshake", "tls"))
        self._check()
        self._shaking_hands = True
        try:
            self.transport.startTLS(options)
        except (SSL.Error, ValueError) as problem:
            self.fail(LdapFailed(tls_reason(problem), "tls"))
        await self._wait(timeout, "the TLS handshake does not end in time")

    def close(self) -> None:
        """Take leave (RFC 4511 4.3)."""
        if self.failure is None:
            self.transport.write(ldap_messages.unbind_request(self._last_id + 1))
            self.failure = LdapFailed("the connection is closed", "closed")
            self._linger = self._clock.callLater(_LINGER, self._abort)
            self.transport.loseConnection()

    def fail(self, failure: LdapFailed) -> None:
        """Drop the connection because of ``failure``, which is what a waiting coroutine gets."""
        if self.failure is None:
            self.failure = failure
            self._abort()
            self._settle(failure)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()

    def _check(self) -> None:
        if self.failure is not None:
            raise LdapFailed(self.failure.reason, self.failure.kind)

    def _wait(self, timeout: float, late: str) -> Awaitable[Any]:
        self._check()
        if self._waiter is not None:
            raise RuntimeError("one request at a time")
        waiter: Deferred[Any] = Deferred(self._cancelled)
        self._waiter = waiter
        timer = self._clock.callLater(max(0.0, timeout), self.fail, LdapFailed(late, "timeout"))

        def stop(result: Any) -> Any:
            if timer.active():
                timer.cancel()
            return result

        return waiter.addBoth(stop)

    def _cancelled(self, waiter: Deferred[Any]) -> None:
        self._waiter = None  # so that the waiting coroutine sees the cancellation and not its consequence
        self.fail(LdapFailed("the connection was given up", "closed"))

    def _settle(self, outcome: Any) -> None:
        waiter, self._waiter = self._waiter, None
        self._asked = None
        if waiter is None:
            return
        if isinstance(outcome, Exception):
            waiter.errback(outcome)
        else:
            waiter.callback(outcome)

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)

    def dataReceived(self, data: bytes) -> None:
        if self.failure is not None:
            return
        results = []
        try:
            for message in self._buffer.feed(data):
                if isinstance(message, Result):
                    results.append(message)
                else:
                    self._keep(message)
        except Malformed as problem:
            self._malformed(str(problem))
            return
        for result in results:  # all is read by now: the one who waits may begin TLS
            self._ended(result)

    def _keep(self, message: EntryMessage | Reference) -> None:
        """What belongs to the search that goes on. Raises Malformed."""
        asked = self._asked
        if asked is None or message.id != asked.id or asked.operation != ldap_messages.SEARCH_DONE:
            raise Malformed("the server talks out of turn")
        if isinstance(message, EntryMessage):
            asked.octets += message.size
            if len(asked.entries) >= asked.most or asked.octets > MOST_OCTETS:
                raise Malformed("the server sends more than was asked for")
            asked.entries.append(message.entry)

    def _ended(self, result: Result) -> None:
        if self.failure is not None:
            return
        if result.id == 0:  # RFC 4511 4.4.1: notice of disconnection
            self.fail(LdapFailed(f"the server closes the connection: {told(result)}", "closed"))
        elif self._asked is None or (result.id, result.operation) != (self._asked.id, self._asked.operation):
            self._malformed("the server talks out of turn")
        else:
            self._settle(result)

    def _malformed(self, why: str) -> None:
        self.fail(LdapFailed(f"its answer is not understood: {why}", "malformed"))

    def handshakeCompleted(self) -> None:
        self._shaking_hands = False
        self._settle(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        if self.failure is None:
            self.failure = self._loss(reason.value)
        self._settle(self.failure)

    def _loss(self, problem: BaseException | None) -> LdapFailed:
        if isinstance(problem, SSL.Error):
            return LdapFailed(tls_reason(problem), "tls")
        if self._shaking_hands:
            return LdapFailed("the server ends the TLS handshake", "tls")
        if isinstance(problem, ConnectionDone):
            return LdapFailed("the server has closed the connection", "closed")
        return LdapFailed("the connection is lost", "io")
