"""A reception in memory, and a client that speaks with a connection of ours without a socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import Factory, define, evolve
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.parameters import MailParameters, RcptParameters
from stalwart.codec.smtp.paths import Path
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.envelope import Envelope, Offers, Peer
from stalwart.smtp.limits import Limits
from stalwart.smtp.policy import Policy
from stalwart.smtp.reception import Refusal
from stalwart.smtp.role import MX, Role
from stalwart.smtp.server import SmtpFactory
from stalwart.telemetry import Telemetry
from stalwart.web.connection import Listener

UNKNOWN = Refusal(550, "5.1.1", "There is nobody of that name")
NOW = 1_800_000_000.0


@define(eq=False)
class TwinSpool:
    """Keeps the octets. ``slow`` gives a Deferred for each write; ``full`` is raised by the next one."""

    reception: TwinReception
    pieces: list[bytes] = Factory(list)
    committed: bool = False
    aborted: bool = False
    waits: list[Deferred[None]] = Factory(list)

    def write(self, data: bytes) -> Deferred[None] | None:
        problem = self.reception.problems.get("write")
        if problem is not None:
            raise problem
        self.pieces.append(data)
        if not self.reception.slow:
            return None
        self.waits.append(Deferred())
        return self.waits[-1]

    async def commit(self) -> None:
        await self.reception.reached("commit")
        self.committed = True

    def abort(self) -> None:
        self.aborted = True
        if "abort" in self.reception.problems:
            raise self.reception.problems["abort"]

    @property
    def octets(self) -> bytes:
        return b"".join(self.pieces)


@define(eq=False)
class TwinReception:
    """Takes all mail but that for ``unknown@...`` and from ``nobody@...``; remembers it in ``messages``.

    ``problems`` are raised, and ``waits`` waited for, by the name of the step: connect, sender, recipient, spool,
    write, commit, deliver.
    """

    messages: list[tuple[Envelope, bytes]] = Factory(list)
    spools: list[TwinSpool] = Factory(list)
    problems: dict[str, Exception] = Factory(dict)
    waits: dict[str, Deferred[None]] = Factory(dict)
    answers: dict[str, Reply] = Factory(dict)
    slow: bool = False
    settled: list[tuple[Envelope, bool]] = Factory(list)
    answers_less: bool = False
    offers: Offers | None = None

    async def reached(self, step: str) -> None:
        wait = self.waits.pop(step, None)
        if wait is not None:
            await wait
        if step in self.problems:
            raise self.problems[step]

    async def connect(self, peer: Peer) -> Refusal | None:
        await self.reached("connect")
        return Refusal(554, "5.7.1", "Not you") if peer.remote_ip == "203.0.113.66" else None

    async def hello(self, peer: Peer) -> Refusal | None:
        await self.reached("hello")
        peer.offers = self.offers
        return None

    async def ask(self, peer: Peer, verb: str, text: str) -> Reply:
        await self.reached("ask")
        return Reply(250, "2.1.5", (f"{verb} {text}",))

    async def sender(self, envelope: Envelope, path: Path, parameters: MailParameters) -> Refusal | None:
        await self.reached("sender")
        return Refusal(550, "5.7.1", "Not from them") if path.local == "nobody" else None

    async def recipient(self, envelope: Envelope, path: Path, parameters: RcptParameters) -> Refusal | None:
        await self.reached("recipient")
        return UNKNOWN if path.local == "unknown" else None

    def spool(self, envelope: Envelope) -> TwinSpool:
        if "spool" in self.problems:
            raise self.problems["spool"]
        self.spools.append(TwinSpool(self))
        return self.spools[-1]

    async def deliver(self, envelope: Envelope, spool: Any) -> Sequence[Reply]:
        await self.reached("deliver")
        self.messages.append((envelope, spool.octets))
        if not envelope.peer.role.is_lmtp:
            return [replies.ACCEPTED]
        if self.answers_less:
            return []
        return [self.answers.get(each.path.local, replies.ACCEPTED) for each in envelope.recipients]

    def settle(self, envelope: Envelope, *, is_told: bool) -> None:
        self.settled.append((envelope, is_told))

    @property
    def octets(self) -> list[bytes]:
        return [octets for _, octets in self.messages]


@implementer(ITCPTransport)
class Wire(StringTransport):
    """A transport that remembers how it was closed and whether it is read from."""

    def __init__(self, host: str = "198.51.100.7") -> None:
        super().__init__(hostAddress=IPv4Address("TCP", "127.0.0.1", 25), peerAddress=IPv4Address("TCP", host, 40000))
        self.half_closed = self.aborted = self.reading = False
        self.reading = True
        self.tls: Any = None
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.writes += 1
        super().write(data)

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = self.disconnecting = True

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def startTLS(self, context: Any) -> None:
        self.tls = context


class Client:
    """A client of ``server``."""

    def __init__(self, server: SmtpServer, connection: Any, wire: Wire) -> None:
        self.server, self.connection, self.wire = server, connection, wire

    def send(self, data: bytes) -> list[str]:
        """Send octets; the lines that came back."""
        self.connection.dataReceived(data)
        return self.lines()

    def say(self, *lines: str) -> list[str]:
        """Send command lines at once; the lines that came back."""
        return self.send("".join(f"{line}\r\n" for line in lines).encode())

    def codes(self, *lines: str) -> list[str]:
        """Like ``say``: the codes of the replies, with the enhanced ones."""
        return [" ".join(line.split(" ")[:2]) for line in self.say(*lines) if line[3] == " "]

    def lines(self) -> list[str]:
        data: bytes = self.wire.value()
        self.wire.clear()
        return data.decode("ascii").split("\r\n")[:-1]

    @property
    def has_ended(self) -> bool:
        return bool(self.wire.disconnecting or self.wire.half_closed)

    def lose(self) -> None:
        self.connection.connectionLost(Failure(ConnectionDone()))


class SmtpServer:
    """A server in memory: ``reception``, ``clock``, ``events`` (their ids) and what they told."""

    def __init__(self, role: Role = MX, tls: Any = None, **limits: Any) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.reception = TwinReception()
        self.telemetry = Telemetry()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.told.append((event.id, values)))
        self.policy = Policy(
            role,
            self.reception,
            self.telemetry,
            self.clock,
            "mx.example.test",
            "mx.example.test ready",
            evolve(Limits(), **limits),
            tls,
        )
        self.factory = SmtpFactory(Listener("smtp"), self.policy)

    @property
    def events(self) -> list[str]:
        return [id for id, _ in self.told]

    def connect(self, host: str = "198.51.100.7", greet: bool = True) -> Client:
        wire = Wire(host)
        connection: Any = self.factory.buildProtocol(wire.getPeer())
        connection.makeConnection(wire)
        client = Client(self, connection, wire)
        if greet:
            self.clock.pump([0, 0])
        return client

    def greeted(self, hello: str | None = None, **connect: Any) -> Client:
        """A client that has said EHLO or LHLO."""
        client = self.connect(**connect)
        client.say(hello or ("LHLO a.test" if self.policy.role.is_lmtp else "EHLO a.test"))
        return client
