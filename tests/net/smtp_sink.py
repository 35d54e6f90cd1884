"""A mail server on loopback that takes messages and remembers them; what it says can be written down beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from stalwart.codec.smtp.data_decoder import DataDecoder
from tests.net.smtp_peers import ServerOptions

Answer = bytes | Callable[["SinkProtocol"], object]


@define
class Taken:
    """A message that was taken."""

    mail: str
    rcpts: list[str]
    content: bytes
    over_tls: bool = False


class SinkProtocol(Protocol):
    """One connection. Groups of commands are answered together."""

    factory: Sink
    transport: Any

    def connectionMade(self) -> None:
        self.buffer = b""
        self.out = b""
        self.mode = "command"
        self.left = 0
        self.last = False
        self.mail = ""
        self.rcpts: list[str] = []
        self.content = b""
        self.over_tls = self.factory.implicit
        self.expects = 0
        self.factory.opened += 1
        self.factory.connections.append(self)
        if self.factory.implicit:
            self.transport.startTLS(self.factory.tls)
        self.say(self.factory.greeting)
        self.flush()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.connections.remove(self)
        if not reason.check(ConnectionDone):
            self.factory.aborted += 1

    def say(self, reply: str) -> None:
        self.out += reply.replace("\n", "\r\n").encode() + b"\r\n"

    def flush(self) -> None:
        out, self.out = self.out, b""
        if out:
            self.transport.write(out)

    def dataReceived(self, data: bytes) -> None:
        self.factory.writes += 1
        self.buffer += data
        while self.buffer and self.transport is not None and getattr(self, "_" + self.mode)():
            pass
        self.flush()

    def _deaf(self) -> bool:
        self.buffer = b""
        return False

    def _command(self) -> bool:
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        text = line.decode()
        self.factory.lines.append(text)
        if self.expects:
            self.expects -= 1
            self.answer("AUTH", "334 cGFzc3dvcmQ=" if self.expects else "235 2.7.0 known")
            return True
        verb = text.split(" ", 1)[0].upper()
        handler = getattr(self, "do_" + verb, None)
        if handler is None:
            self.say("502 5.5.2 not known")
        else:
            handler(text)
        return True

    def answer(self, key: str, usual: str) -> bool:
        """Say what is written down for ``key``, or the usual; whether it is positive."""
        said = self.factory.script.get(key, usual)
        if isinstance(said, list):
            said = said.pop(0) if said else usual
        if callable(said):
            self.flush()
            said(self)
            return False
        self.say(said)
        return bool(said[0] in "23")

    def do_EHLO(self, text: str) -> None:
        keywords = [word for word in self.factory.keywords if word != "STARTTLS" or not self.over_tls]
        lines = [self.factory.name, *keywords]
        usual = "\n".join(f"250{'-' if at < len(lines) - 1 else ' '}{line}" for at, line in enumerate(lines))
        self.answer("EHLO", usual)

    do_LHLO = do_EHLO

    def do_STARTTLS(self, text: str) -> None:
        if self.answer("STARTTLS", "220 go"):
            self.flush()
            self.over_tls = True
            self.transport.startTLS(self.factory.tls)

    def do_AUTH(self, text: str) -> None:
        if text.upper() == "AUTH LOGIN":
            self.expects = 2
            self.answer("AUTH", "334 dXNlcm5hbWU=")
        else:
            self.answer("AUTH", "235 2.7.0 known")

    def do_MAIL(self, text: str) -> None:
        if self.mail:
            self.say("503 5.5.1 nested MAIL")
        elif self.answer("MAIL", "250 2.1.0 ok"):
            self.mail = text

    def do_RCPT(self, text: str) -> None:
        address = text.partition("<")[2].partition(">")[0]
        if not self.mail:
            self.say("503 5.5.1 no MAIL")
        elif self.answer(address if address in self.factory.script else "RCPT", "250 2.1.5 ok"):
            self.rcpts.append(text)

    def do_RSET(self, text: str) -> None:
        self.reset()
        self.say("250 2.0.0 ok")

    def do_QUIT(self, text: str) -> None:
        self.say("221 2.0.0 bye")
        self.flush()
        self.transport.loseConnection()

    def do_DATA(self, text: str) -> None:
        if not self.rcpts:
            self.say(self.factory.no_recipients)
            if not self.factory.no_recipients.startswith("354"):
                return
        elif not self.answer("DATA", "354 go ahead"):
            return
        self.decoder = DataDecoder()
        self.mode = "data"

    def _data(self) -> bool:
        data, self.buffer = self.buffer, b""
        self.content += self.decoder.feed(data)
        if self.decoder.ended:
            self.buffer = self.decoder.rest
            self.mode = "command"
            self.finish()
        elif "DURING" in self.factory.script:
            self.answer("DURING", "")
        return bool(self.buffer)

    def do_BDAT(self, text: str) -> None:
        words = text.split()
        self.left, self.last = int(words[1]), len(words) > 2
        self.mode = "chunk"
        self._chunk()

    def _chunk(self) -> bool:
        piece, self.buffer = self.buffer[: self.left], self.buffer[self.left :]
        self.left -= len(piece)
        self.content += piece
        if not self.left:
            self.mode = "command"
            if not self.rcpts:
                self.say("503 5.5.1 no recipients")
                self.content = b""
            elif self.last:
                self.finish()
            else:
                self.answer("BDAT", "250 2.0.0 more")
        return bool(self.buffer)

    def finish(self) -> None:
        taken = Taken(self.mail, self.rcpts, self.content, self.over_tls)
        count = len(self.rcpts) if self.factory.lmtp else 1
        if not self.rcpts:
            self.say("554 5.5.1 no recipients")
            count = 0
        good = [self.answer("END", "250 2.0.0 taken") for _ in range(count)]
        if any(good):
            self.factory.taken.append(taken)
        self.reset()

    def reset(self) -> None:
        self.mail, self.rcpts, self.content = "", [], b""


@define(eq=False, slots=False)
class Sink(Factory):
    """Listens once given to a reactor. ``script``: verb, recipient, ``END`` (of the message), ``BDAT`` or ``DURING`` ->
    a reply, a list of replies for one occasion each, or something that is called with the connection.
    """

    script: dict[str, Any] = field(factory=dict)
    keywords: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SIZE 10000000", "STARTTLS", "ENHANCEDSTATUSCODES")
    tls: ServerOptions | None = None
    lmtp: bool = False
    implicit: bool = False
    name: str = "mx.example.test"
    greeting: str = "220 mx.example.test ESMTP"
    no_recipients: str = "554 5.5.1 no recipients"
    lines: list[str] = field(factory=list)
    taken: list[Taken] = field(factory=list)
    connections: list[SinkProtocol] = field(factory=list)
    opened: int = 0
    aborted: int = 0
    writes: int = 0

    noisy = False
    protocol = SinkProtocol

    def __attrs_post_init__(self) -> None:
        if self.tls is None:
            self.keywords = tuple(word for word in self.keywords if word != "STARTTLS")

    @property
    def verbs(self) -> list[str]:
        """The first word of every command."""
        return [line.split(" ", 1)[0] for line in self.lines]


def falls_silent(connection: SinkProtocol) -> None:
    """The server says nothing more."""
    connection.mode = "deaf"


def hangs_up(connection: SinkProtocol) -> None:
    """The server closes the connection."""
    connection.mode = "deaf"
    connection.transport.loseConnection()
