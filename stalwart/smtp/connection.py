"""A connection of an SMTP or LMTP client: bytes to lines and messages, replies in the order of the commands.

Commands that arrive together are answered together (RFC 2920 3.2). While a step waits nothing more is carried out, and
beyond a small buffer nothing more is read; the same if the client does not read its replies. One timer serves all
time-outs.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHandshakeListener,
    IPushProducer,
    ISSLTransport,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.command_lines import CommandLines
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.alarm import Alarm
from stalwart.smtp.authentication import LONGEST_RESPONSE
from stalwart.smtp.envelope import Peer
from stalwart.smtp.outcome import Outcome, Step, Then, begun_step
from stalwart.smtp.session import Session
from stalwart.telemetry import events
from stalwart.telemetry.spans import CURRENT
from stalwart.tls.contexts import reason_of
from stalwart.web.connection import connect
from stalwart.web.socket_writer import SocketWriter

if TYPE_CHECKING:
    from stalwart.smtp.server import SmtpFactory

AHEAD = 65536  # octets that may wait while a step does
WRITTEN_AT_ONCE = 16384  # octets of replies that are written at once
LINGER = 3.0  # seconds in which a client that is sent away may go on sending, so that it reads why
CLOSING = 15.0  # seconds to flush what was written
LEAVING = 3.0  # the same when the server stops, and to end TLS together
HANDSHAKE = 60.0  # seconds for TLS
INSISTING = 30.0  # seconds that a cancelled step has to end
IN_A_TURN = 500  # commands, then it is the turn of another connection

_WRITE_FULL, _BUSY, _NEXT_TURN = 1, 2, 4
_STOPS = _WRITE_FULL | _NEXT_TURN


@implementer(IPushProducer, IHandshakeListener)
class Connection(Protocol):
    """A connection that ``factory`` has accepted from ``address``."""

    transport: Any

    def __init__(self, factory: SmtpFactory, address: Any, key: str) -> None:
        self.factory: Any = factory
        self.key = key
        self.received = 0
        self.session: Session
        self._address = address
        self._lines = CommandLines()
        self._out: list[bytes] = []
        self._out_size = 0
        self._then: Then | None = None  # None: before the greeting
        self._running: Deferred[Any] | None = None
        self._working = False
        self._held = 0
        self._closing = self._gone = self._leaving = self._overdue = self._registered = self._shaking = False
        self._greeting: Any = None
        self._opened = 0.0
        self._writer: SocketWriter

    # Twisted calls these

    def connectionMade(self) -> None:
        """Twisted calls this."""
        policy, clock = self.factory.policy, self.factory.policy.clock
        tls = ISSLTransport.providedBy(self.transport)
        self._opened = now = clock.seconds()
        who = connect(self.factory.listener, self._address, self.transport.getHost(), tls, now)
        peer = Peer(
            policy.role,
            policy.limits,
            who.listener,
            who.remote_ip,
            who.remote_port,
            who.local_ip,
            who.local_port,
            is_tls=who.is_tls,
            span=who.span,
        )
        self._clock = clock
        self._alarm = Alarm(clock, self._late, self._over, INSISTING)
        self.session = Session(policy, peer)
        if policy.authenticator is not None:
            self._lines.longest = LONGEST_RESPONSE
        if tls:
            peer.tls = _agreed(self.transport)
        self._writer = SocketWriter(self.transport)
        if self.factory.listener.no_delay and ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._registered = True
        policy.telemetry.emit(
            events.SMTP_CONNECTION_START,
            spanId=peer.span,
            listenerId=peer.listener,
            localPort=peer.local_port,
            remoteIp=peer.remote_ip,
            remotePort=peer.remote_port,
        )
        delay = peer.limits.greet_delay
        self._alarm.expect(now + peer.limits.checking + (delay or 0))
        if delay is None:
            self._begin()
        else:  # two turns of the reactor: what has arrived before the second is read before the greeting
            self._greeting = clock.callLater(delay, self._wait_once_more)

    def handshakeCompleted(self) -> None:
        """Twisted calls this when STARTTLS has succeeded."""
        peer = self.session.peer
        self._shaking = False
        peer.tls = _agreed(self.transport)
        version, _, cipher = (peer.tls or "").partition(" ")
        self.session.tell(events.SMTP_START_TLS, version=version, details=cipher)
        self._expect(self._clock.seconds())

    def dataReceived(self, data: bytes) -> None:
        """Twisted calls this."""
        self.received += len(data)
        if self._closing:
            return
        limits = self.session.peer.limits
        if limits.transfer is not None and self.received > limits.transfer:
            self.session.tell(events.SMTP_TRANSFER_LIMIT, limit=limits.transfer)
            self._hang_up(replies.TOO_MUCH)
            return
        if self._then is None:  # RFC 5321 4.3.1: clients wait for the greeting
            self.session.tell(events.SMTP_SPOKE_TOO_EARLY)
            self._hang_up(replies.TOO_EARLY)
            return
        begins = self._then is not Then.COMMAND or not self._lines.pending
        self._lines.feed(data)
        if self._running is None and not self._held & _NEXT_TURN:
            if begins:  # a command that comes octet by octet has no more time than another
                self._expect(self._clock.seconds())
            self._work()
        elif self._lines.pending > AHEAD:
            self._hold(_BUSY)

    def pauseProducing(self) -> None:
        """The client does not read: carry out no more."""
        self._hold(_WRITE_FULL)

    def resumeProducing(self) -> None:
        """The client has read."""
        self._release(_WRITE_FULL)
        self._work()

    def stopProducing(self) -> None:
        """Twisted calls this when the connection is lost; ``connectionLost`` follows."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted calls this."""
        if self._gone:
            return
        self._gone = self._closing = True
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None
        peer, policy = self.session.peer, self.session.policy
        self.session.lost(reason.check(ConnectionDone) is not None)
        if self._shaking:
            policy.telemetry.emit(
                events.TLS_HANDSHAKE_ERROR,
                spanId=peer.span,
                listenerId=peer.listener,
                remoteIp=peer.remote_ip,
                reason=_reason(reason.value),
            )
        elapsed = self._clock.seconds() - self._opened
        policy.telemetry.emit(
            events.SMTP_CONNECTION_END,
            spanId=peer.span,
            listenerId=peer.listener,
            remoteIp=peer.remote_ip,
            remotePort=peer.remote_port,
            size=self.received,
            total=self.session.messages,
            elapsed=int(elapsed * 1000),
        )
        self._lines.clear()
        self._out.clear()
        if not self.is_delivering:  # else it has its time still
            self._alarm.stop()
            if self._running is not None:
                self._running.cancel()
        self.factory.closed(self, elapsed)

    # Shutting down

    def shut_down(self) -> None:
        """Take no more messages; one that has begun is taken to its end."""
        self._leaving = True
        if not self._closing and self._running is None and self._then in (None, Then.COMMAND):
            self._hang_up(replies.CLOSING, linger=False)

    def abort(self) -> None:
        """Close at once."""
        self.transport.abortConnection()

    @property
    def is_delivering(self) -> bool:
        """Whether a message is being delivered, be the client gone or not."""
        return self._running is not None and self.session.is_delivering

    # The dialogue

    def _wait_once_more(self) -> None:
        self._greeting = self._clock.callLater(0, self._begin)

    def _begin(self) -> None:
        self._greeting = None
        if not self._closing:
            self._follow(begun_step(self.session.begin()))
            self._flush()

    def _work(self) -> None:
        """Carry out what has arrived."""
        if self._working:
            return
        self._working = True
        before = CURRENT.set(self.session.peer.span)
        steps = 0
        try:
            while self._running is None and not self._closing and not self._held & _STOPS and self._step():
                steps += 1
                if self._out_size > WRITTEN_AT_ONCE:
                    self._flush()
                if steps == IN_A_TURN and self._lines.pending and not self._closing:
                    self._hold(_NEXT_TURN)  # others want to be served too
                    self._clock.callLater(0, self._take_turn)
        except Exception:
            self._broken(Failure())
        finally:
            CURRENT.reset(before)
            self._working = False
        if self._running is None or self._out_size > WRITTEN_AT_ONCE:
            self._flush()

    def _take_turn(self) -> None:
        if not self._closing:
            self._release(_NEXT_TURN)
            self._expect(self._clock.seconds())
            self._work()

    def _step(self) -> bool:
        """One command or piece of a message; False if there is not enough for it yet."""
        session, lines = self.session, self._lines
        if self._then is Then.COMMAND:
            line = lines.next()
            if line is None:
                return False
            self._follow(session.command(line))
            return True
        if self._then is Then.CHUNK:
            if not session.chunk_left:
                self._follow(session.chunk_ended())
                return True
            data = lines.take(session.chunk_left)
            session.chunk_left -= len(data)
            self._wait(session.data(data))
            return bool(data)
        incoming = session.incoming
        if self._then is not Then.MESSAGE or incoming is None:
            return False
        if incoming.is_complete:
            self._follow(session.finish())
            return True
        data = lines.take()
        if not data:
            return False
        waiting = session.data(data)
        if incoming.is_complete:
            lines.feed(incoming.rest)
        self._wait(waiting)
        return True

    def _wait(self, waiting: Deferred[None] | None) -> None:
        """Go on when the spool has taken what it was given."""
        if waiting is None:
            return
        self._running = waiting
        self._hold(_BUSY)
        self._expect(self._clock.seconds())
        waiting.addBoth(self._went_on)

    def _went_on(self, result: Any) -> None:
        self._running = None
        if not self._closing:
            self._expect(self._clock.seconds())
            self._release(_BUSY)
            self._work()

    def _follow(self, step: Step) -> None:
        if isinstance(step, Outcome):
            self._carry_out(step)
            return
        self._running = running = Deferred.fromCoroutine(_rest(step))
        self._expect(self._clock.seconds())
        running.addCallbacks(self._carry_on, self._broken).addErrback(self._broken)

    def _carry_on(self, outcome: Outcome) -> None:
        self._running = None
        if self._closing:
            self._look_whether_gone()
            return
        self._carry_out(outcome)
        if not self._closing:
            self._expect(self._clock.seconds())
            self._release(_BUSY)
            self._work()

    def _broken(self, failure: Failure) -> None:
        """A fault of ours: what the reception raises is a reply already."""
        self._running = None
        if not self._closing:
            if not failure.check(CancelledError):
                self.session.tell(events.SMTP_ERROR, reason=failure.getErrorMessage(), trace=failure.getBriefTraceback)
            self._hang_up(replies.OUT_OF_ORDER)
        self._look_whether_gone()

    def _look_whether_gone(self) -> None:
        if self._gone:
            self._alarm.stop()
            self.factory.delivered(self)

    def _carry_out(self, outcome: Outcome) -> None:
        if outcome.then is Then.TLS:
            self._start_tls(outcome)
            return
        for answer in outcome.replies:
            self._say(answer)
        if self._then is None:
            duration = self.session.peer.limits.duration  # as the reception wants it
            self._alarm.end_at(None if duration is None else self._opened + duration)
        self._then = outcome.then
        if outcome.then is Then.CLOSE:
            self._close(linger=self._lines.pending > 0 or outcome.replies != (replies.BYE,))
        elif outcome.then is Then.COMMAND and (self._leaving or self._overdue):
            self._hang_up(replies.CLOSING if self._leaving else replies.LASTED_TOO_LONG)

    def _start_tls(self, outcome: Outcome) -> None:
        if self._lines.pending:  # RFC 3207 4.2, and nobody can tell who has said it
            self.session.tell(events.SMTP_INVALID_COMMAND, reason=replies.TLS_PIPELINED.text)
            self._hang_up(replies.TLS_PIPELINED)
            return
        for answer in outcome.replies:
            self._say(answer)
        self._flush()
        self._writer.begin_tls()
        self._lines.clear()
        self.session.tls_started()
        self._shaking = True
        self._then = Then.COMMAND
        self._alarm.expect(self._clock.seconds() + HANDSHAKE)
        self.transport.startTLS(self.session.policy.tls)

    # Writing and closing

    def _say(self, answer: Reply) -> None:
        text = replies.encode(answer)
        self._out.append(text)
        self._out_size += len(text)

    def _flush(self) -> None:
        if self._out and not self._gone:
            out, self._out, self._out_size = self._out, [], 0
            self._writer.write(b"".join(out) if len(out) > 1 else out[0])

    def _hang_up(self, answer: Reply, linger: bool = True) -> None:
        """Say a last thing."""
        self._say(answer)
        self._close(linger)

    def _close(self, linger: bool) -> None:
        """Close when all is written; lingering, so that what the client still sends does not destroy it."""
        if self._closing:
            return
        self._closing = True
        self._flush()
        running = self._running
        if running is not None and not self.session.is_delivering:
            running.cancel()
        self.session.lost()
        self._lines.clear()
        transport, now = self.transport, self._clock.seconds()
        if self._registered:
            self._registered = False
            transport.unregisterProducer()
        self._held = 0
        transport.resumeProducing()  # to hear when the client closes
        half_close = getattr(transport, "loseWriteConnection", None)
        if linger and half_close is not None and not ISSLTransport.providedBy(transport):
            half_close()
            self._alarm.expect(now + LINGER)
        else:
            transport.loseConnection()
            self._alarm.expect(now + (LEAVING if self._leaving else CLOSING))

    def _hold(self, reason: int) -> None:
        if not self._held and not self._closing:
            self.transport.pauseProducing()
        self._held |= reason

    def _release(self, reason: int) -> None:
        if self._held & reason:
            self._held &= ~reason
            if not self._held and not self._closing:
                self.transport.resumeProducing()

    # Time

    def _expect(self, now: float) -> None:
        """Note until when something must happen."""
        limits = self.session.peer.limits
        if self._running is None:
            wait = limits.command if self._then is Then.COMMAND else limits.data
        else:
            wait = limits.delivering if self.session.is_ending else limits.checking
        self._alarm.expect(now + wait)

    def _over(self) -> None:
        """The session has lasted as long as it may."""
        if self._closing:
            return
        self._overdue = True
        self.session.tell(events.SMTP_TIME_LIMIT, reason=replies.LASTED_TOO_LONG.text)
        if self._running is None:  # else when that has ended
            self._hang_up(replies.LASTED_TOO_LONG)

    def _late(self) -> None:
        """Nothing has happened for too long."""
        if self._running is not None and (self._gone or not self._closing):
            self._running.cancel()
        elif self._closing:
            self.transport.abortConnection()
        else:
            self.session.tell(events.SMTP_TIME_LIMIT, reason=replies.TIMED_OUT.text)
            self._hang_up(replies.TIMED_OUT)


def _reason(problem: BaseException | None) -> str:
    """Why there was no handshake."""
    return reason_of(problem) if isinstance(problem, SSL.Error) else "the client closed the connection"


async def _rest(step: Awaitable[Outcome]) -> Outcome:
    return await step


def _agreed(transport: Any) -> str | None:
    """Version and cipher suite of TLS."""
    handle = transport.getHandle()
    version = getattr(handle, "get_protocol_version_name", None)
    return f"{version()} {handle.get_cipher_name()}" if version is not None else None
