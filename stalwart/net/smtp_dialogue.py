"""The side of an SMTP client that Twisted calls: octets out, replies in, every wait bounded (RFC 5321, RFC 2920).

At most one coroutine waits: for one reply, for those of a group of commands that left together, for the end of a
handshake, or until more of a message can be written. A server that talks when nobody asked is cut off. What the client
wants to say is the business of ``net.smtp``.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any, Literal

from attrs import frozen
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.codec.smtp_reply import LINE_LIMIT, MalformedReply, Reply, ReplyParser
from stalwart.codec.smtp_transcript import Transcript
from stalwart.net.reasons import tls_reason
from stalwart.net.tls import ClientOptions, Recorded

Kind = Literal["timeout", "closed", "reply", "malformed", "io", "tls"]

_UNASKED_LIMIT = 4
_LINGER = 1.0


class SmtpFailed(Exception):
    """The dialogue cannot go on; ``reason`` is a text for a person.

    ``kind``: ``timeout``, ``closed`` by the server, ``malformed`` replies, ``io`` of the network, ``tls``;
    with ``reply`` the connection is still usable and only the command was not sent.
    """

    def __init__(self, reason: str, kind: Kind = "io", reply: Reply | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: Kind = kind
        self.reply = reply


@frozen
class Answers:
    """The replies to a group of commands, in order; fewer than commands if the last is 421 or the connection ended,
    which ``failure`` then says."""

    replies: tuple[Reply, ...] = ()
    failure: SmtpFailed | None = None


class DialogueFactory(Factory):
    """Makes one ``Dialogue``; without ``notes`` nothing of what is said is kept."""

    noisy = False

    def __init__(self, clock: Any, notes: bool = True) -> None:
        self._clock = clock
        self._notes = notes

    def buildProtocol(self, addr: Any) -> Dialogue:
        """Called by Twisted."""
        return Dialogue(self._clock, Transcript(keeps=self._notes))


@implementer(IHandshakeListener, IPushProducer)
class Dialogue(Protocol):
    """Bytes become replies, at most one coroutine waits."""

    transport: Any

    def __init__(self, clock: Any, transcript: Transcript) -> None:
        self.clock = clock
        self.closed: Deferred[None] = Deferred()
        self.transcript = transcript
        self._parser = ReplyParser()
        self._buffer = b""
        self._replies: list[Reply] = []
        self._wanted = 0
        self._waiter: Deferred[None] | None = None
        self._failure: SmtpFailed | None = None
        self._shaking_hands = False
        self._full = False
        self._linger: Any = None

    @property
    def usable(self) -> bool:
        """Whether a command may be sent: the connection is up, and the server has not spoken unasked."""
        return self._failure is None and not (self._replies or self._buffer or self._parser.pending)

    @property
    def has_spoken(self) -> bool:
        """Whether a reply is there that nobody has taken."""
        return bool(self._replies)

    async def ask(self, line: bytes, timeout: float, late: str) -> Reply:
        """Send a line and wait for its reply; ``late`` is the reason when there is none in time."""
        self._say(line + b"\r\n", (line,))
        return await self.reply(timeout, late)

    async def reply(self, timeout: float, late: str) -> Reply:
        """Wait for the next reply."""
        if not self._replies:
            await self._wait(1, timeout, late)
        return self._replies.pop(0)

    async def ask_all(self, octets: bytes, said: Sequence[bytes], wanted: int, timeout: float, late: str) -> Answers:
        """Send a group of commands, and what may follow them, and wait for ``wanted`` replies (RFC 2920 3.1).

        ``said`` are the lines for the transcript. Never raises for what the server does.
        """
        failure = None
        try:
            self._say(octets, said)
            if len(self._replies) < wanted and not (self._replies and self._replies[-1].code == 421):
                await self._wait(wanted, timeout, late)
        except SmtpFailed as problem:
            failure = problem
        replies, self._replies = tuple(self._replies[:wanted]), self._replies[wanted:]
        return Answers(replies, failure)

    async def more(self, wanted: int, timeout: float, late: str) -> Answers:
        """Wait for ``wanted`` replies to what was sent already."""
        return await self.ask_all(b"", (), wanted, timeout, late)

    async def pour(self, data: bytes, timeout: float, late: str) -> None:
        """Write a piece of a message and wait until there is room for more, or until the server speaks.

        Between ``begin_pouring`` and ``end_pouring``.
        """
        self._check()
        self.transport.write(data)
        if self._full and not self._replies:
            await self._wait(0, timeout, late)

    def begin_pouring(self) -> None:
        """A long message follows; the transport says when it is full."""
        self._full = False
        self.transport.registerProducer(self, True)

    def end_pouring(self) -> None:
        """The message was written."""
        if self.transport is not None:
            self.transport.unregisterProducer()

    def pauseProducing(self) -> None:
        """The transport has more than it wants to hold."""
        self._full = True

    def resumeProducing(self) -> None:
        """The transport has room again."""
        self._full = False
        if not self._wanted:
            self._wake()

    def stopProducing(self) -> None:
        """The connection is going; ``connectionLost`` says so to who waits."""

    async def secure(self, options: ClientOptions, timeout: float) -> None:
        """Shake hands, provided that the server said nothing after its 220 (CVE-2011-0411)."""
        self._check()
        if not self.usable:
            self.fail(SmtpFailed("TLS error: data before the handshake", "tls"))
        self._check()
        self._shaking_hands = True
        try:
            self.transport.startTLS(options)
        except (SSL.Error, ValueError) as problem:
            self.fail(SmtpFailed(tls_reason(problem), "tls"))
        if self._shaking_hands:
            await self._wait(0, timeout, "TLS error: handshake timeout")

    def handle(self) -> Recorded:
        """OpenSSL's side of the connection."""
        connection: Recorded = self.transport.getHandle()
        return connection

    def close(self) -> None:
        """Close in good order; a server that does not close its side is cut off."""
        if self._failure is None:
            self._failure = SmtpFailed("The connection is closed", "closed")
            self._replies.clear()
            self._linger = self.clock.callLater(_LINGER, self._abort)
            self.transport.loseConnection()

    def fail(self, failure: SmtpFailed) -> None:
        """Drop the connection because of ``failure``, which is what a waiting coroutine gets."""
        if self._failure is None:
            self._failure = failure
            if self._waiter is None:
                self._replies.clear()
            self._abort()
            self._give_up(failure)

    def _say(self, octets: bytes, said: Sequence[bytes]) -> None:
        if self._buffer or self._parser.pending:
            self.fail(SmtpFailed("Unparseable SMTP reply: the server talks out of turn", "malformed"))
        if not self._replies:
            self._check()
            for line in said:
                self.transcript.sent(line)
            if octets:
                self.transport.write(octets)
        elif said and self._replies[0].code != 421:  # RFC 5321 3.8: 421 may come at any time
            self.fail(SmtpFailed("Unparseable SMTP reply: the server talks out of turn", "malformed"))
            self._check()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()

    def _check(self) -> None:
        if self._failure is not None:
            raise SmtpFailed(self._failure.reason, self._failure.kind)

    async def _wait(self, wanted: int, timeout: float, late: str) -> None:
        """Wait for ``wanted`` replies, or for 0: until something else wakes who waits."""
        self._check()
        if self._waiter is not None:
            raise RuntimeError("one command at a time")
        self._wanted = wanted
        waiter: Deferred[None] = Deferred(self._cancelled)
        self._waiter = waiter
        timer = self.clock.callLater(max(0.0, timeout), self.fail, SmtpFailed(late, "timeout"))
        try:
            await waiter
        finally:
            self._wanted = 0
            if timer.active():
                timer.cancel()

    def _cancelled(self, waiter: Deferred[Any]) -> None:
        self._waiter = None  # so that the waiting coroutine sees the cancellation and not its consequence
        self.fail(SmtpFailed("The connection was given up", "closed"))

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.callback(None)

    def _give_up(self, failure: SmtpFailed) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.errback(failure)

    def connectionMade(self) -> None:
        """Called by Twisted."""
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data: bytes) -> None:
        """Called by Twisted."""
        self._buffer += data
        while self._failure is None:
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                if len(line) > LINE_LIMIT:
                    self._malformed(f"line of more than {LINE_LIMIT} bytes")
                return
            self._buffer = rest
            self._line(line.removesuffix(b"\r"))
        self._buffer = b""

    def _line(self, line: bytes) -> None:
        self.transcript.received(line)
        try:
            reply = self._parser.feed(line)
        except MalformedReply as problem:
            self._malformed(str(problem))
            return
        if reply is None:
            return
        self._replies.append(reply)
        if self._waiter is not None and not self._shaking_hands:
            if len(self._replies) >= self._wanted or reply.code == 421:
                self._wake()
        elif len(self._replies) > _UNASKED_LIMIT:
            self._malformed("the server talks out of turn")

    def _malformed(self, why: str) -> None:
        self.fail(SmtpFailed(f"Unparseable SMTP reply: {why}", "malformed"))

    def handshakeCompleted(self) -> None:
        """Called by Twisted."""
        self._shaking_hands = False
        self._wake()
        # The next command leaves with our last handshake message. What the server sends first after it, its session
        # tickets, would hold back its reply until our delayed acknowledgement (Nagle): acknowledge at once instead,
        # as soon as the command has left, that is after the reactor's next turn.
        self.clock.callLater(0, self.clock.callLater, 0, self._acknowledge_at_once)

    def _acknowledge_at_once(self) -> None:
        opened = getattr(self.transport, "socket", None)
        if self._failure is None and opened is not None and hasattr(socket, "TCP_QUICKACK"):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Called by Twisted."""
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        if self._failure is None:
            self._failure = self._loss(reason.value)
        self._give_up(self._failure)
        if not self.closed.called:
            self.closed.callback(None)

    def _loss(self, problem: BaseException | None) -> SmtpFailed:
        if isinstance(problem, SSL.Error):
            return SmtpFailed(tls_reason(problem), "tls")
        if self._shaking_hands:
            return SmtpFailed("I/O error: tls handshake eof", "tls")
        if isinstance(problem, ConnectionDone):
            return SmtpFailed("I/O error: connection closed by the server", "closed")
        return SmtpFailed("I/O error: connection lost", "io")
