"""One message over a connection that is open: MAIL, RCPT and the content by DATA or BDAT (RFC 5321 3.3, RFC 3030).

As much goes into one write as the server allows: to one that offers PIPELINING and CHUNKING a small message leaves in a
single group, envelope and content together. Long content is read in pieces as fast as the server takes it. What each
command was answered is returned as it came; what it means for the recipients is the caller's business. In LMTP each
accepted recipient has an answer of its own (RFC 2033 4.2).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from attrs import define, field, frozen

from stalwart.codec.smtp.data_encoder import MessageEncoder, whole_data, whole_message
from stalwart.codec.smtp_reply import Reply
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import Answers, SmtpFailed

SMALL = 128 << 10
"""Octets of content that leave in one write."""
UNASKED = 32 << 10
"""Octets of content that leave with the envelope, before a recipient has been accepted."""
LONGEST_ENVELOPE = 1800.0
"""Seconds for all commands before the content, however many there are."""
SLOWEST = 32 << 10
"""Octets of content that a server must take in a second, on the whole."""


class Content(Protocol):
    """A whole message as it is to leave."""

    @property
    def size(self) -> int:
        """Octets."""

    @property
    def held(self) -> bytes | None:
        """All of it where it is in memory."""

    def pieces(self) -> AsyncIterator[bytes]:
        """From the beginning, in pieces of bounded size; may be asked for again."""


@frozen
class Envelope:
    """The commands before the content; ``lmtp`` expects an answer for each recipient."""

    mail: str
    rcpts: tuple[str, ...]
    lmtp: bool = False


@frozen
class StepLimits:
    """Seconds for the answers (RFC 5321 4.5.3.2)."""

    mail: float
    rcpt: float
    data: float

    def content(self, size: int) -> float:
        """For all of a message of so many octets."""
        return self.data + size / SLOWEST


@define
class Transmission:
    """What was answered: ``mail``, one of ``rcpts`` for each recipient as far as they came, ``data`` where content was
    refused before it was sent, and ``final``: one for all accepted recipients, or with LMTP one for each of them.

    ``complete``: all of the content was given to the connection. ``failure``: the connection ended.
    """

    mail: Reply | None = None
    rcpts: list[Reply] = field(factory=list)
    data: Reply | None = None
    final: list[Reply] = field(factory=list)
    complete: bool = False
    failure: SmtpFailed | None = None

    @property
    def accepted(self) -> int:
        """How many recipients were accepted."""
        return sum(reply.positive for reply in self.rcpts)

    @property
    def is_pending(self) -> bool:
        """Whether the server has all of it, and has not said what it makes of it."""
        return self.complete and not self.final and self.data is None and self.failure is None

    @property
    def is_unanswered(self) -> bool:
        """Whether nothing at all came back."""
        return self.mail is None


async def transmit(
    connection: SmtpConnection,
    envelope: Envelope,
    content: Content,
    limits: StepLimits,
    transmission: Transmission | None = None,
    *,
    asks_first: bool = False,
) -> Transmission:
    """Send the message; never raises for what the server does. The connection is usable afterwards if its ``usable``
    says so. ``transmission`` is filled and answered; ``asks_first``: no content leaves before the envelope is accepted.

    :raises ValueError, SmtpFailed: kind ``reply``; an address cannot be written in a command; nothing was sent.
    """
    transmission = Transmission() if transmission is None else transmission
    run = _Run(connection, envelope, content, limits, transmission, asks_first)
    await run.go()
    return transmission


class _Run:
    def __init__(
        self,
        connection: SmtpConnection,
        envelope: Envelope,
        content: Content,
        limits: StepLimits,
        transmission: Transmission,
        asks_first: bool,
    ) -> None:
        self._connection = connection
        self._envelope = envelope
        self._content = content
        self._limits = limits
        self._done = transmission
        offered = connection.capabilities
        self._chunks = offered.chunking and not envelope.lmtp
        self._groups = offered.pipelining
        self._asks_first = asks_first
        self._ends = connection.now() + LONGEST_ENVELOPE

    async def go(self) -> None:
        """Envelope, then content as far as it is wanted."""
        connection = self._connection
        commands = [self._envelope.mail, *self._envelope.rcpts]
        if not self._groups:
            if await self._one_by_one(commands):
                await self._send_content(None)
        else:
            before = ["RSET"] if connection.needs_reset else []
            held = self._content.held
            if self._chunks and held is not None and len(held) <= UNASKED and not self._asks_first:
                await self._all_at_once(before, commands, whole_message(held))
            elif self._chunks:
                if self._take(await self._ask([*before, *commands]), len(before)):
                    await self._send_content(None)
            else:
                answers = await self._ask([*before, *commands, "DATA"])
                data = _after(answers, len(before) + len(commands))
                if self._take(answers, len(before)):
                    await self._send_content(data)
                elif data is not None and data.code == 354:  # RFC 2920 3.1: it waits for a message nevertheless
                    await connection.group([], self._limits.data, content=b".\r\n", replies=1)
        done = self._done
        connection.needs_reset = not (done.final and done.final[-1].positive)
        said = (done.mail, done.data, *done.rcpts, *done.final)
        if any(reply is not None and reply.code == 421 for reply in said):  # RFC 5321 3.8: it is closing
            connection.abort()

    def _seconds(self) -> float:
        """For a group of MAIL and RCPT: the longer limit, and a moment more for each recipient."""
        return max(self._limits.mail, self._limits.rcpt) + len(self._envelope.rcpts)

    def _within(self, seconds: float) -> float:
        """No more than is left of the step that is running."""
        return min(seconds, max(0.0, self._ends - self._connection.now()))

    async def _ask(self, lines: Sequence[str]) -> Answers:
        return await self._connection.group(lines, self._seconds())

    async def _one_by_one(self, commands: Sequence[str]) -> bool:
        """The envelope without PIPELINING; whether the content is wanted."""
        connection, done = self._connection, self._done
        try:
            if connection.needs_reset:
                await connection.command("RSET", self._within(self._limits.mail))
            done.mail = await connection.command(commands[0], self._within(self._limits.mail))
            if not done.mail.positive:
                return False
            for command in commands[1:]:
                reply = await connection.command(command, self._within(self._limits.rcpt))
                done.rcpts.append(reply)
                if reply.code == 421:
                    return False
        except SmtpFailed as failure:
            if failure.kind == "reply":
                raise
            done.failure = failure
            return False
        return done.accepted > 0

    def _take(self, answers: Answers, skipped: int) -> bool:
        """Note the answers to a group that began with the envelope; whether the content is wanted."""
        done = self._done
        replies = answers.replies[skipped:]
        if replies:
            done.mail = replies[0]
        elif answers.replies and answers.replies[-1].code == 421:
            done.mail = answers.replies[-1]
        done.rcpts = list(replies[1 : 1 + len(self._envelope.rcpts)])
        done.failure = answers.failure
        is_whole = len(done.rcpts) == len(self._envelope.rcpts)
        last = answers.replies[-1] if answers.replies else None
        is_leaving = last is not None and last.code == 421
        return done.failure is None and is_whole and not is_leaving and _positive(done.mail) and done.accepted > 0

    async def _all_at_once(self, before: list[str], commands: list[str], content: bytes) -> None:
        """Envelope and content in one group."""
        lines = [*before, *commands, f"BDAT {len(content)} LAST"]
        self._done.complete = True
        answers = await self._connection.group(lines, self._seconds() + self._limits.data, content=content)
        wanted = self._take(answers, len(before))
        final = _after(answers, len(before) + len(commands))
        if final is not None and (wanted or self._done.accepted > 0):
            self._done.final = [final]

    async def _send_content(self, data: Reply | None) -> None:
        """The content; ``data`` is the answer to DATA where it has been asked."""
        self._ends = self._connection.now() + self._limits.content(self._content.size)
        try:
            if self._chunks:
                await self._send_chunks()
            else:
                await self._send_data(data)
        except SmtpFailed as failure:
            self._done.failure = failure

    async def _send_chunks(self) -> None:
        held = self._content.held
        if held is not None and len(held) <= SMALL:
            octets = whole_message(held)
            self._done.complete = True
            self._conclude(
                await self._connection.group([f"BDAT {len(octets)} LAST"], self._limits.data, content=octets)
            )
            return
        encoder = MessageEncoder(stuffs=False)
        async for piece in self._content.pieces():
            octets = encoder.feed(piece)
            if octets and not await self._chunk(octets):
                return
        rest = encoder.finish()
        self._done.complete = True
        self._conclude(await self._connection.group([f"BDAT {len(rest)} LAST"], self._limits.data, content=rest))

    async def _chunk(self, octets: bytes) -> bool:
        """Send a piece with a BDAT of its own, whose answer is waited for; whether more may follow."""
        limit = self._within(self._limits.data)
        answers = await self._connection.group([f"BDAT {len(octets)}"], limit, content=octets)
        if answers.failure is None and answers.replies and answers.replies[0].positive:
            return True
        self._conclude(answers)
        return False

    async def _send_data(self, data: Reply | None) -> None:
        if data is None:
            data = await self._connection.command("DATA", self._limits.data)
        if data.code != 354:
            self._done.data = data
            return
        held = self._content.held
        count = self._done.accepted if self._envelope.lmtp else 1
        if held is not None and len(held) <= SMALL:
            self._done.complete = True
            octets = whole_data(held)
            self._conclude(await self._connection.group([], self._limits.data, content=octets, replies=count))
        elif await self._connection.pour(self._encoded(), lambda: self._within(self._limits.data)):
            self._conclude(await self._connection.replies(count, self._limits.data))
        else:  # the server has answered before the end: it does not want the rest
            answers = await self._connection.replies(1, self._limits.data)
            self._conclude(answers)
            self._done.final = self._done.final * count
            self._connection.abort()

    async def _encoded(self) -> AsyncIterator[bytes]:
        encoder = MessageEncoder(stuffs=True)
        async for piece in self._content.pieces():
            yield encoder.feed(piece)
        self._done.complete = True
        yield encoder.finish()

    def _conclude(self, answers: Answers) -> None:
        self._done.final = list(answers.replies)
        self._done.failure = answers.failure


def _after(answers: Answers, count: int) -> Reply | None:
    return answers.replies[count] if len(answers.replies) > count else None


def _positive(reply: Reply | None) -> bool:
    return reply is not None and reply.positive
