"""The SMTP client: one connection, commands alone or in groups, every wait bounded (RFC 5321, RFC 3207, RFC 2920).

The caller holds the dialogue; nothing is sent on its own, and a reply that refuses is a value, not an error.
Errors are what ends the connection: silence, closing, nonsense, failed TLS. Each coroutine has its own
time-out for all it does, and cancelling it aborts the connection at once. Replies are bounded by
``codec.smtp_reply``; a server that talks when nobody asked is cut off. TLS only records what is wrong with a
certificate (``net.tls``), the caller judges it.

Messages are sent by ``net.smtp_message``, logins by ``net.smtp_login``; the side that Twisted calls is
``net.smtp_dialogue``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.error import TimeoutError as ConnectTimeout

from stalwart.codec.smtp_reply import Capabilities, Reply
from stalwart.codec.smtp_transcript import Side
from stalwart.net.reasons import connect_reason
from stalwart.net.smtp_dialogue import Answers, Dialogue, DialogueFactory, SmtpFailed
from stalwart.net.tls import ClientOptions, TlsReport, report_of

COMMAND_LIMIT = 2048  # RFC 5321 4.5.3.1.4 says 512 octets, which extensions and long addresses exceed


class SmtpConnection:
    """A connection to one address of a mail server.

    ``capabilities`` are those of the latest EHLO, ``tls`` is set once TLS is up, ``closed`` fires with
    ``None`` when the connection is gone.
    """

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self.capabilities = Capabilities()
        self.tls: TlsReport | None = None
        self.local_ip = str(getattr(dialogue.transport.getHost(), "host", ""))
        """The address that the connection comes from; empty where the transport does not know."""
        self.needs_reset = False
        """Whether a transaction was left in the middle: RSET goes before the next one."""

    @classmethod
    async def connect(
        cls, reactor: Any, ip: str, port: int, *, timeout: float, source: str | None = None, notes: bool = True
    ) -> SmtpConnection:
        """Open a connection to ``ip``; ``source`` is the local address to come from. Without ``notes`` there is no
        transcript.

        :raises SmtpFailed: ``timeout`` or ``io``.
        """
        endpoint_type: Any = TCP6ClientEndpoint if ":" in ip else TCP4ClientEndpoint
        endpoint = endpoint_type(reactor, ip, port, timeout=timeout, bindAddress=(source, 0) if source else None)
        try:
            return cls(await endpoint.connect(DialogueFactory(reactor, notes)))
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

    def take_transcript(self) -> list[tuple[Side, str]]:
        """The transcript so far; what follows begins a new one."""
        return self._dialogue.transcript.take()

    def now(self) -> float:
        """The time by the clock that time-outs go by."""
        return float(self._dialogue.clock.seconds())

    @property
    def usable(self) -> bool:
        """Whether a command may be sent: the connection is up and the server has not spoken unasked."""
        return self._dialogue.usable

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
        return await self._hello(f"EHLO {name}", timeout)

    async def lhlo(self, name: str, timeout: float) -> Reply:
        """The same in LMTP (RFC 2033 4.1)."""
        return await self._hello(f"LHLO {name}", timeout)

    async def _hello(self, line: str, timeout: float) -> Reply:
        self.capabilities = Capabilities()
        reply = await self._dialogue.ask(self._encode(line), timeout, "Timed out reading response")
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
        await self.begin_tls(options, ends - clock.seconds())
        return reply

    async def begin_tls(self, options: ClientOptions, timeout: float) -> None:
        """Shake hands; see ``starttls``, which asks before. Before the greeting it is implicit TLS (RFC 8314 3.3)."""
        self.capabilities = Capabilities()  # RFC 3207 4.2: what was learned before TLS does not count
        await self._dialogue.secure(options, timeout)
        self.tls = report_of(self._dialogue.handle(), options.hostname)
        self._dialogue.transcript.remark(f"{self.tls.protocol} {self.tls.cipher}")

    async def group(self, lines: Sequence[str], timeout: float, *, content: bytes = b"", replies: int = 0) -> Answers:
        """Send commands at once, with ``content`` behind the last, to a server that offers PIPELINING (RFC 2920).

        ``replies`` are expected beyond one for each command. Never raises for what the server does.

        :raises ValueError, SmtpFailed: kind ``reply``; like ``command``, before anything was sent.
        """
        said = [self._encode(line) for line in lines]
        octets = b"\r\n".join((*said, content))
        return await self._dialogue.ask_all(octets, said, len(said) + replies, timeout, "Connection timeout")

    async def pour(self, pieces: AsyncIterator[bytes], timeout: Callable[[], float]) -> bool:
        """Write the pieces of a message as fast as the server takes them, each within what ``timeout`` says then.

        False if the server spoke before the end. Nothing but ``replies`` may follow.

        :raises SmtpFailed: the connection ended.
        """
        dialogue = self._dialogue
        dialogue.begin_pouring()
        try:
            async for piece in pieces:
                await dialogue.pour(piece, timeout(), "Connection timeout")
                if dialogue.has_spoken:
                    return False
        finally:
            dialogue.end_pouring()
        return True

    async def replies(self, count: int, timeout: float) -> Answers:
        """Wait for ``count`` replies to what was sent."""
        return await self._dialogue.more(count, timeout, "Connection timeout")

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
