"""The SMTP client: one connection, one command at a time, every wait bounded (RFC 5321, RFC 3207).

The caller holds the dialogue; nothing is sent on its own, and a reply that refuses is a value, not an error.
Errors are what ends the connection: silence, closing, nonsense, failed TLS. Each coroutine has its own
time-out for all it does, and cancelling it aborts the connection at once. Replies are bounded by
``codec.smtp_reply``; a server that talks when nobody asked is cut off. TLS only records what is wrong with a
certificate (``net.tls``), the caller judges it.

Left out: sending a message. DATA and BDAT will stream through the transport of ``_Dialogue`` as its producer,
between a ``command`` and a wait for the reply; pipelining needs a queue in place of its single waiter.
"""

from __future__ import annotations

import socket
from typing import Any, Literal

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionDone
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.codec.smtp_reply import LINE_LIMIT, Capabilities, MalformedReply, Reply, ReplyParser
from stalwart.codec.smtp_transcript import Side, Transcript
from stalwart.net.reasons import connect_reason, tls_reason
from stalwart.net.tls import ClientOptions, Recorded, TlsReport, report_of

Kind = Literal["timeout", "closed", "reply", "malformed", "io", "tls"]

COMMAND_LIMIT = 2048  # RFC 5321 4.5.3.1.4 says 512 octets, which extensions and long addresses exceed
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


class SmtpConnection:
    """A connection to one address of a mail server.

    ``capabilities`` are those of the latest EHLO, ``tls`` is set once TLS is up, ``closed`` fires with
    ``None`` when the connection is gone.
    """

    def __init__(self, dialogue: _Dialogue) -> None:
        self._dialogue = dialogue
        self.capabilities = Capabilities()
        self.tls: TlsReport | None = None

    @classmethod
    async def connect(
        cls, reactor: Any, ip: str, port: int, *, timeout: float, source: str | None = None
    ) -> SmtpConnection:
        """Open a connection to ``ip``; ``source`` is the local address to come from.

        :raises SmtpFailed: ``timeout`` or ``io``.
        """
        endpoint_type: Any = TCP6ClientEndpoint if ":" in ip else TCP4ClientEndpoint
        endpoint = endpoint_type(reactor, ip, port, timeout=timeout, bindAddress=(source, 0) if source else None)
        try:
            return cls(await endpoint.connect(_DialogueFactory(reactor)))
        except ConnectingCancelledError as cancelled:
            raise CancelledError from cancelled
        except ConnectTimeout as late:
            raise SmtpFailed("Connection timeout", "timeout") from late
        except ConnectError as problem:
            raise SmtpFailed(connect_reason(problem), "io") from problem

    @property
    def transcript(self) -> list[tuple[Side, str]]:
        """What was said: ``>`` by us, ``<`` by the server; bounded and without credentials."""
        return self._dialogue.transcript.lines

    @property
    def closed(self) -> Deferred[None]:
        """Fires with ``None`` when the connection is gone."""
        return self._dialogue.closed

    async def greeting(self, timeout: float) -> Reply:
        """What the server says first; any code is returned (RFC 5321 3.1)."""
        return await self._dialogue.reply(timeout, "Connection failed: Timeout while reading greeting")

    async def command(self, line: str | bytes, timeout: float) -> Reply:
        """Send a command, without its line end, and return the reply, whatever it is.

        :raises ValueError: the line would be several commands, or is too long. :raises SmtpFailed: no reply;
            or kind ``reply`` if it needs SMTPUTF8 that is not offered (RFC 6531 3.1).
        """
        return await self._dialogue.ask(self._encode(line), timeout, "Connection timeout")

    async def ehlo(self, name: str, timeout: float) -> Reply:
        """Say who we are; a positive reply sets ``capabilities`` (RFC 5321 4.1.1.1). HELO is not tried."""
        self.capabilities = Capabilities()
        reply = await self._dialogue.ask(self._encode(f"EHLO {name}"), timeout, "Timed out reading response")
        if reply.positive:
            self.capabilities = Capabilities.from_reply(reply)
        return reply

    async def starttls(self, options: ClientOptions, timeout: float) -> Reply:
        """Ask for TLS and, if the reply is 220, shake hands; ``tls`` is then set and ``capabilities`` are
        forgotten.

        :raises SmtpFailed: ``tls`` with OpenSSL's words, or if the server sent more than its reply before
            TLS.
        """
        clock = self._dialogue.clock
        ends = clock.seconds() + timeout
        reply = await self.command("STARTTLS", timeout)
        if reply.code != 220:
            return reply
        self.capabilities = Capabilities()  # RFC 3207 4.2: what was learned before TLS does not count
        await self._dialogue.secure(options, ends - clock.seconds())
        self.tls = report_of(self._dialogue.handle(), options.hostname)
        self._dialogue.transcript.remark(f"{self.tls.protocol} {self.tls.cipher}")
        return reply

    async def quit(self, timeout: float = 10) -> None:
        """Take leave and close, whatever the server answers. Never fails."""
        try:
            await self._dialogue.ask(b"QUIT", timeout, "Connection timeout")
        except SmtpFailed:
            self.abort()
        else:
            self._dialogue.close()

    def abort(self) -> None:
        """Drop the connection at once; after ``quit`` it is left to close in good order, which takes a second
        at most.
        """
        self._dialogue.fail(SmtpFailed("The connection was given up", "closed"))

    def _encode(self, line: str | bytes) -> bytes:
        if isinstance(line, str):
            if not line.isascii() and not self.capabilities.smtputf8:
                raise SmtpFailed("SMTPUTF8 not advertised by host", "reply")
            line = line.encode("utf-8")
        if any(octet in line for octet in b"\r\n\0"):
            raise ValueError("a command is one line")
        if len(line) + 2 > COMMAND_LIMIT:
            raise ValueError(f"a command has at most {COMMAND_LIMIT} bytes")
        return line


class _DialogueFactory(Factory):
    noisy = False

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def buildProtocol(self, addr: Any) -> _Dialogue:
        return _Dialogue(self._clock)


@implementer(IHandshakeListener)
class _Dialogue(Protocol):
    """The side that Twisted calls: bytes become replies, at most one coroutine waits for the next."""

    transport: Any

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.closed: Deferred[None] = Deferred()
        self.transcript = Transcript()
        self._parser = ReplyParser()
        self._buffer = b""
        self._unasked: list[Reply] = []
        self._waiter: Deferred[Any] | None = None
        self._failure: SmtpFailed | None = None
        self._shaking_hands = False
        self._linger: Any = None

    async def ask(self, line: bytes, timeout: float, late: str) -> Reply:
        """Send a line and wait for its reply; ``late`` is the reason when there is none in time."""
        if self._buffer or self._parser.pending:
            self.fail(SmtpFailed("Unparseable SMTP reply: the server talks out of turn", "malformed"))
        if not self._unasked:
            self._check()
            self.transcript.sent(line)
            self.transport.write(line + b"\r\n")
        elif self._unasked[0].code != 421:  # RFC 5321 3.8: 421 may come at any time
            self.fail(SmtpFailed("Unparseable SMTP reply: the server talks out of turn", "malformed"))
        return await self.reply(timeout, late)

    async def reply(self, timeout: float, late: str) -> Reply:
        """Wait for the next reply."""
        if self._unasked:
            return self._unasked.pop(0)
        reply: Reply = await self._wait(timeout, late)
        return reply

    async def secure(self, options: ClientOptions, timeout: float) -> None:
        """Shake hands, provided that the server said nothing after its 220 (CVE-2011-0411)."""
        self._check()
        if self._buffer or self._unasked or self._parser.pending:
            self.fail(SmtpFailed("TLS error: data before the handshake", "tls"))
        self._check()
        self._shaking_hands = True
        try:
            self.transport.startTLS(options)
        except (SSL.Error, ValueError) as problem:
            self.fail(SmtpFailed(tls_reason(problem), "tls"))
        await self._wait(timeout, "TLS error: handshake timeout")

    def handle(self) -> Recorded:
        """OpenSSL's side of the connection."""
        connection: Recorded = self.transport.getHandle()
        return connection

    def close(self) -> None:
        """Close in good order; a server that does not close its side is cut off."""
        if self._failure is None:
            self._failure = SmtpFailed("The connection is closed", "closed")
            self._unasked.clear()
            self._linger = self.clock.callLater(_LINGER, self._abort)
            self.transport.loseConnection()

    def fail(self, failure: SmtpFailed) -> None:
        """Drop the connection because of ``failure``, which is what a waiting coroutine gets."""
        if self._failure is None:
            self._failure = failure
            self._unasked.clear()
            self._abort()
            self._give_up(failure)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()

    def _check(self) -> None:
        if self._failure is not None:
            raise SmtpFailed(self._failure.reason, self._failure.kind)

    async def _wait(self, timeout: float, late: str) -> Any:
        self._check()
        if self._waiter is not None:
            raise RuntimeError("one command at a time")
        waiter: Deferred[Any] = Deferred(self._cancelled)
        self._waiter = waiter
        timer = self.clock.callLater(max(0.0, timeout), self.fail, SmtpFailed(late, "timeout"))
        try:
            return await waiter
        finally:
            if timer.active():
                timer.cancel()

    def _cancelled(self, waiter: Deferred[Any]) -> None:
        self._waiter = None  # so that the waiting coroutine sees the cancellation and not its consequence
        self.fail(SmtpFailed("The connection was given up", "closed"))

    def _answer(self, result: Reply | None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.callback(result)

    def _give_up(self, failure: SmtpFailed) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.errback(failure)

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data: bytes) -> None:
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
        if self._waiter is not None:
            self._answer(reply)
        elif len(self._unasked) < _UNASKED_LIMIT:
            self._unasked.append(reply)
        else:
            self._malformed("the server talks out of turn")

    def _malformed(self, why: str) -> None:
        self.fail(SmtpFailed(f"Unparseable SMTP reply: {why}", "malformed"))

    def handshakeCompleted(self) -> None:
        self._shaking_hands = False
        self._answer(None)
        # The next command leaves with our last handshake message. What the server sends first after it, its session
        # tickets, would hold back its reply until our delayed acknowledgement (Nagle): acknowledge at once instead,
        # as soon as the command has left, that is after the reactor's next turn.
        self.clock.callLater(0, self.clock.callLater, 0, self._acknowledge_at_once)

    def _acknowledge_at_once(self) -> None:
        opened = getattr(self.transport, "socket", None)
        if self._failure is None and opened is not None and hasattr(socket, "TCP_QUICKACK"):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
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
