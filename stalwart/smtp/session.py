"""The dialogue of SMTP (RFC 5321) and LMTP (RFC 2033) as a state machine: command lines in, replies out, no socket.

The connection (``connection``) hands over one line after the other and does what ``Outcome.then`` says. What has to ask
the reception may have to wait: such a step is an awaitable of an ``Outcome``, and nothing is handed over meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from traceback import extract_tb
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.commands import Ask, Auth, Bdat, Hello, Mail, Rcpt, Verb, parse
from stalwart.codec.smtp.data_decoder import ChunkDecoder, DataDecoder
from stalwart.codec.smtp.paths import POSTMASTER, Path
from stalwart.codec.smtp.replies import reply
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.envelope import Envelope, Peer, Recipient
from stalwart.smtp.faults import is_expected, reply_to
from stalwart.smtp.incoming import Incoming
from stalwart.smtp.outcome import HANGS_UP, Outcome, Step, Then, begun_step, refused
from stalwart.smtp.policy import Policy
from stalwart.smtp.reception import Refusal
from stalwart.smtp.role import parameters_of
from stalwart.smtp.sign_in import SignIn
from stalwart.telemetry import events
from stalwart.telemetry.events import Event
from stalwart.telemetry.refusal_events import SMTP_NOT_SIGNED_IN

_HELP = reply(
    214,
    "2.0.0",
    "EHLO HELO LHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP QUIT",
    "See RFC 5321 and RFC 2033",
)


_OK = Outcome((replies.OK,))
_SENDER_OK = Outcome((replies.SENDER_OK,))
_RECIPIENT_OK = Outcome((replies.RECIPIENT_OK,))


class Session:
    """The dialogue with ``peer``."""

    def __init__(self, policy: Policy, peer: Peer) -> None:
        self.policy = policy
        self.peer = peer
        self.envelope: Envelope | None = None
        self.incoming: Incoming | None = None
        self.chunk_left = 0
        self.messages = 0
        self.is_ending = False
        """Whether a message is complete, and has no answer yet."""
        self.is_delivering = False
        """Whether it is beyond recall."""
        self._answered: Envelope | None = None
        """The last message, as long as nothing shows that the client has read the answer."""
        self._is_left = False
        self._errors = 0
        self._failed = 0
        self._asked_postmaster = False
        self._idled = 0
        self._tried_recipient = False
        self._named: set[Path] = set()
        self._sign_in = SignIn(self)
        self._parameters: frozenset[str]
        self._know_parameters()
        self._chunk: tuple[Bdat, Outcome | None] | None = None

    # What the connection calls

    async def begin(self) -> Outcome:
        """The greeting, or why there is none."""
        answer = await self._ask(self.policy.reception.connect(self.peer))
        if answer is not None:
            return Outcome((answer,), Then.CLOSE)
        return Outcome((reply(220, None, self.peer.greeting or self.policy.greeting),))

    def command(self, line: bytes | Reply) -> Step:
        """One command line, without its end; or the reply to what is none."""
        if self._answered is not None:
            self._settle(True)
        if self._sign_in.exchange is not None:
            return self._sign_in.line(line)
        command = parse(line, self._parameters) if isinstance(line, bytes) else line
        if isinstance(command, Verb):
            return _VERBS[command](self) if command in _LEAD_ON else self._idle(command)
        if isinstance(command, Reply):
            return self._malformed(command, line)
        return _COMMANDS[type(command)](self, command)

    def data(self, octets: bytes) -> Deferred[None] | None:
        """Some of the message; with a Deferred no more until it fires."""
        incoming = self.incoming
        if incoming is None or (self._chunk is not None and self._chunk[1] is not None):
            return None
        return incoming.feed(octets)

    def chunk_ended(self) -> Step:
        """All octets that BDAT has announced are there (RFC 3030 2)."""
        assert self._chunk is not None
        (chunk, wrong), self._chunk = self._chunk, None
        if wrong is not None:
            return wrong
        incoming = self.incoming
        assert incoming is not None
        if chunk.is_last:
            return self.finish()
        if incoming.refusal is not None:
            self._note_refusal(incoming)
            self._reset()
            return refused(incoming.refusal)
        return Outcome((reply(250, "2.0.0", f"{chunk.size} octets received"),))

    def finish(self) -> Step:
        """The message is complete."""
        return begun_step(self._finish())

    def tls_started(self) -> None:
        """Begin anew (RFC 3207 4.2): what was said in clear may have been said by somebody else."""
        self._reset()
        peer = self.peer
        peer.hello = peer.login = peer.grant = peer.offers = None
        peer.is_extended = False
        peer.is_tls = True
        self._sign_in.exchange = None

    def lost(self, in_good_order: bool | None = None) -> None:
        """The client is gone, ``in_good_order`` or not; None: it is sent away."""
        if in_good_order is not None:
            self._is_left = True
            if self.is_delivering and self.incoming is not None:
                self.policy.reception.settle(self.incoming.envelope, is_told=False)
            elif self._answered is not None:
                self._settle(in_good_order)
        if not self.is_delivering:
            self._reset()

    def _settle(self, is_told: bool) -> None:
        envelope, self._answered = self._answered, None
        if envelope is not None:
            self.policy.reception.settle(envelope, is_told=is_told)

    def tell(self, event: Event, **keys: Any) -> None:
        """Emit an event of this connection."""
        peer = self.peer
        self.policy.telemetry.emit(event, spanId=peer.span, remoteIp=peer.remote_ip, **keys)

    # Commands

    def _hello(self, command: Hello) -> Step:
        peer, policy = self.peer, self.policy
        if policy.role.is_lmtp != (command.verb == "LHLO"):
            return self.misplaced(
                replies.USE_LHLO if policy.role.is_lmtp else replies.USE_EHLO, events.SMTP_INVALID_COMMAND
            )
        if peer.role.demands_full_name and "." not in command.name and command.name[0] != "[":
            self.tell(events.SMTP_INVALID_EHLO, hostname=command.name)
            return self.misplaced(replies.NOT_FULL_NAME, None)
        self._reset()
        peer.hello, peer.is_extended = command.name, command.verb != "HELO"
        self.tell(events.SMTP_EHLO, hostname=command.name, method=command.verb)
        return begun_step(self._greet())

    async def named(self) -> Reply | None:
        """It is known who the client is, or another one than before: find what it is offered; the reply if it is not
        served.
        """
        answer = await self._ask(self.policy.reception.hello(self.peer))
        self._know_parameters()
        return answer

    def _know_parameters(self) -> None:
        keywords = ("AUTH",) if self.policy.authenticator is not None else ()
        self._parameters = parameters_of((*self.peer.announces, *keywords))

    async def _greet(self) -> Outcome:
        peer, policy = self.peer, self.policy
        hostname = peer.hostname or policy.hostname
        answer = await self.named()
        if answer is not None:
            peer.hello = None
            return refused(answer)
        if not peer.is_extended:
            return Outcome((reply(250, None, hostname),))
        offers = [hostname, *peer.announces, f"SIZE {peer.limits.message_size}"]
        if policy.tls is not None and not peer.is_tls:
            offers.append("STARTTLS")
        if mechanisms := self._sign_in.mechanisms():
            offers.append(f"AUTH {' '.join(mechanisms)}")
        return Outcome((reply(250, None, *offers),))

    def _mail(self, command: Mail) -> Step:
        peer = self.peer
        role = peer.role
        if peer.hello is None and role.demands_hello:
            return self.misplaced(
                replies.LHLO_FIRST if role.is_lmtp else replies.GREET_FIRST, events.SMTP_DID_NOT_SAY_EHLO
            )
        if self.envelope is not None:
            return self.misplaced(replies.SENDER_TWICE, events.SMTP_MULTIPLE_MAIL_FROM)
        if role.demands_tls and not peer.is_tls:
            return self.misplaced(replies.NEEDS_TLS, events.SMTP_INVALID_COMMAND)
        if role.demands_login and peer.login is None:
            return self.misplaced(replies.NEEDS_LOGIN, SMTP_NOT_SIGNED_IN)
        if peer.limits.messages is not None and self.messages >= peer.limits.messages:
            self.tell(events.SMTP_TOO_MANY_MESSAGES, limit=peer.limits.messages)
            return Outcome((replies.TOO_MANY_MESSAGES,), Then.CLOSE)
        size = command.parameters.size
        if size is not None and size > peer.limits.message_size:  # RFC 1870 6.1
            self._tell_too_large(command.path, size)
            return self.misplaced(replies.TOO_LARGE, None)
        if not command.path.is_ascii and not command.parameters.smtputf8:
            return self.misplaced(replies.NEEDS_UTF8_FROM, events.SMTP_SYNTAX_ERROR)
        return begun_step(self._ask_sender(command))

    async def _ask_sender(self, command: Mail) -> Outcome:
        envelope = Envelope(self.peer, command.path, command.parameters)
        answer = await self._ask(self.policy.reception.sender(envelope, command.path, command.parameters))
        if answer is not None:
            self._tell_refused(answer, **{"from": command.path.text})
            return self.misplaced(answer, None)
        self.envelope = envelope
        self.tell(events.SMTP_MAIL_FROM, size=command.parameters.size, **{"from": lambda: command.path.text})
        return _SENDER_OK

    def _rcpt(self, command: Rcpt) -> Step:
        envelope, limits = self.envelope, self.peer.limits
        if envelope is None:
            return self.misplaced(replies.NO_SENDER, events.SMTP_MAIL_FROM_MISSING)
        if self.incoming is not None:
            return self.misplaced(replies.IN_CHUNKS, events.SMTP_INVALID_COMMAND)
        self._tried_recipient = True
        path = command.path
        if path in self._named:
            self.tell(events.SMTP_RCPT_TO_DUPLICATE, to=lambda: path.text)
            return _RECIPIENT_OK
        if len(envelope.recipients) >= limits.recipients:  # RFC 5321 4.5.3.1.10
            self.tell(events.SMTP_TOO_MANY_RECIPIENTS, limit=limits.recipients)
            return Outcome((replies.TOO_MANY_RECIPIENTS,))
        if not path.is_ascii and not envelope.parameters.smtputf8:
            return self.misplaced(replies.NEEDS_UTF8_TO, events.SMTP_SYNTAX_ERROR)
        return begun_step(self._ask_recipient(envelope, command))

    async def _ask_recipient(self, envelope: Envelope, command: Rcpt) -> Outcome:
        path = command.path
        answer = await self._ask(self.policy.reception.recipient(envelope, path, command.parameters))
        if answer is not None:
            return await self._recipient_refused(envelope, path, answer)
        envelope.recipients.append(Recipient(path, command.parameters))
        if not self.policy.role.is_lmtp:
            self._named.add(path)
        self.tell(events.SMTP_RCPT_TO, to=lambda: path.text)
        return _RECIPIENT_OK

    async def _recipient_refused(self, envelope: Envelope, path: Path, answer: Reply) -> Outcome:
        self._tell_refused(answer, to=path.text, **{"from": envelope.sender.text})
        limits = self.peer.limits
        if limits.failure_delay and not self._is_first_postmaster(path):
            await deferLater(self.policy.clock, limits.failure_delay)  # type: ignore[arg-type]  # is IReactorTime
        self._failed += 1
        if limits.failed_recipients is not None and self._failed > limits.failed_recipients:
            self.tell(events.SMTP_TOO_MANY_INVALID_RCPT, limit=limits.failed_recipients)
            return Outcome((replies.TOO_MANY_FAILED_RECIPIENTS,), Then.CLOSE)
        return refused(answer)

    def _is_first_postmaster(self, path: Path) -> bool:
        """Whoever asks for postmaster need not be guessing names: it should be there (RFC 5321 4.5.1)."""
        if self._asked_postmaster or path.local.lower() != POSTMASTER.local:
            return False
        self._asked_postmaster = True
        return True

    def _data(self) -> Step:
        if self.incoming is not None:
            return self.misplaced(replies.IN_CHUNKS, events.SMTP_INVALID_COMMAND)
        wrong = self._not_ready() or self._open(DataDecoder())
        if wrong is not None:
            return wrong
        return Outcome((replies.START_MESSAGE,), Then.MESSAGE)

    def _bdat(self, command: Bdat) -> Step:
        if "CHUNKING" not in self.peer.announces:
            return Outcome((replies.NOT_IMPLEMENTED,), Then.CLOSE)  # what follows cannot be told from commands
        if command.size > 2 * self.peer.limits.message_size:  # more than is thrown away in order to go on
            if self.envelope is not None:
                self._tell_too_large(self.envelope.sender, command.size)
            return Outcome((replies.TOO_LARGE,), Then.CLOSE)
        wrong = None
        if self.incoming is None:
            wrong = self._not_ready() or self._open(ChunkDecoder())
        self.chunk_left = command.size
        self._chunk = (command, wrong)
        return Outcome((), Then.CHUNK)

    def _not_ready(self) -> Outcome | None:
        """Why there can be no message now (RFC 5321 3.3, RFC 2033 4.2)."""
        if self.envelope is None:
            return self.misplaced(replies.NO_SENDER, events.SMTP_MAIL_FROM_MISSING)
        if self.envelope.recipients:
            return None
        tried = self._tried_recipient and not self.policy.role.is_lmtp
        return self.misplaced(
            replies.NO_VALID_RECIPIENT if tried else replies.NO_RECIPIENT, events.SMTP_RCPT_TO_MISSING
        )

    def _open(self, decoder: DataDecoder | ChunkDecoder) -> Outcome | None:
        assert self.envelope is not None
        try:
            spool = self.policy.reception.spool(self.envelope)
        except Exception as error:
            return refused(self.fault(error))
        self.incoming = Incoming(self.envelope, spool, decoder, self.peer.limits.message_size, self.fault)
        return None

    def _idle(self, command: Verb) -> Step:
        """Carry out what leads to nothing, if there were not too many of them (RFC 5321 7.8)."""
        self._idled += 1
        most = self.peer.limits.idle_commands
        if most is not None and self._idled > most:
            return self.misplaced(replies.TOO_MANY_IDLE, events.SMTP_INVALID_COMMAND)
        return _VERBS[command](self)

    def _rset(self) -> Step:
        self._reset()
        return _OK

    def _noop(self) -> Step:
        return _OK

    def _help(self) -> Step:
        return Outcome((_HELP,))

    def _who(self, command: Ask) -> Step:
        self._idled += 1
        most, offers = self.peer.limits.idle_commands, self.peer.offers
        if most is not None and self._idled > most:
            return self.misplaced(replies.TOO_MANY_IDLE, events.SMTP_INVALID_COMMAND)
        if offers is not None and (offers.vrfy if command.verb == "VRFY" else offers.expn):
            return begun_step(self._answer(command))
        if command.verb == "VRFY":
            return Outcome((replies.CANNOT_VERIFY,))  # RFC 5321 7.3: says nothing about who is here
        self.tell(events.SMTP_COMMAND_NOT_IMPLEMENTED, method=command.verb)
        return self.misplaced(replies.NOT_IMPLEMENTED, None)

    async def _answer(self, command: Ask) -> Outcome:
        try:
            return refused(await self.policy.reception.ask(self.peer, command.verb, command.text))
        except Exception as error:
            return refused(self.fault(error))

    def _quit(self) -> Step:
        return Outcome((replies.BYE,), Then.CLOSE)

    def _starttls(self) -> Step:
        if self.peer.is_tls:
            return self.misplaced(replies.TLS_ALREADY, events.SMTP_INVALID_COMMAND)
        if self.policy.tls is None:
            return self.misplaced(replies.NOT_IMPLEMENTED, events.SMTP_COMMAND_NOT_IMPLEMENTED)
        return Outcome((replies.START_TLS,), Then.TLS)

    def _auth(self, command: Auth) -> Step:
        return self._sign_in.command(command)

    # The message

    async def _finish(self) -> Outcome:
        incoming, began = self.incoming, self.policy.clock.seconds()
        assert incoming is not None
        self.is_ending = True
        try:
            waiting = incoming.close()
            if waiting is not None:
                await waiting
            answers = await self._delivered(incoming)
        finally:
            self.is_ending = False
        self.messages += 1
        self._idled = 0
        self.incoming = None  # it is in other hands, or aborted
        self._reset()
        self.tell(
            events.SMTP_MESSAGE_TAKEN,
            code=answers[0].code,
            size=incoming.size,
            total=len(incoming.envelope.recipients),
            elapsed=int((self.policy.clock.seconds() - began) * 1000),
            **{"from": lambda: incoming.envelope.sender.text},
        )
        hangs_up = any(answer.code in HANGS_UP for answer in answers)
        return Outcome(answers, Then.CLOSE if hangs_up else Then.COMMAND)

    async def _delivered(self, incoming: Incoming) -> tuple[Reply, ...]:
        envelope = incoming.envelope
        count = len(envelope.recipients) if self.policy.role.is_lmtp else 1
        if incoming.decoder.has_bare_line_end and self.policy.role.refuses_bare_line_ends:
            incoming.refuse(replies.BARE_LINE_END)
        if incoming.refusal is not None:
            self._note_refusal(incoming)
            return (incoming.refusal,) * count
        try:
            await incoming.spool.commit()
            self.is_delivering = True
            answers = tuple(await self.policy.reception.deliver(envelope, incoming.spool))
            if len(answers) != count:
                raise AssertionError(f"{len(answers)} answers for {count}")
            if not self._is_left:
                self._answered = envelope
        except Exception as error:
            answers = (self.fault(error),) * count
            incoming.abort()
        finally:
            self.is_delivering = False
        for answer in answers:
            if not answer.positive:
                self._tell_refused(answer, **{"from": envelope.sender.text})
        return answers

    def _note_refusal(self, incoming: Incoming) -> None:
        sender = incoming.envelope.sender
        if incoming.refusal is replies.TOO_LARGE:
            self._tell_too_large(sender, incoming.size)
        elif incoming.refusal is replies.BARE_LINE_END:
            self.tell(events.SMTP_BARE_LINE_END, **{"from": sender.text})
        elif incoming.refusal is not None:
            self._tell_refused(incoming.refusal, **{"from": sender.text})

    def _reset(self) -> None:
        """End the transaction (RFC 5321 4.1.1.5)."""
        incoming, self.incoming, self.envelope = self.incoming, None, None
        self._tried_recipient = False
        if self._named:
            self._named = set()
        if incoming is not None and incoming.refusal is None:
            incoming.abort()

    # Refusals

    async def _ask(self, question: Coroutine[Any, Any, Refusal | None]) -> Reply | None:
        try:
            refusal = await question
        except Exception as error:
            return self.fault(error)
        return None if refusal is None else refusal.reply

    def fault(self, error: BaseException) -> Reply:
        if not is_expected(error):
            self.tell(events.SMTP_ERROR, reason=f"{type(error).__name__}: {error}", trace=lambda: _places(error))
        return reply_to(error)

    def _malformed(self, answer: Reply, line: bytes | Reply) -> Outcome:
        if answer is replies.LINE_TOO_LONG:
            self.tell(events.SMTP_REQUEST_TOO_LARGE)
        elif answer is replies.NOT_IMPLEMENTED:
            verb = line[:4].decode("ascii", "replace").upper() if isinstance(line, bytes) else None
            self.tell(events.SMTP_COMMAND_NOT_IMPLEMENTED, method=verb)
        elif answer.code == 555:
            self.tell(events.SMTP_UNSUPPORTED_PARAMETER, reason=answer.text)
        elif answer is replies.UNKNOWN_COMMAND or answer is replies.WRONG_PROTOCOL:
            self.tell(events.SMTP_INVALID_COMMAND, reason=answer.text)
        else:
            self.tell(events.SMTP_SYNTAX_ERROR, reason=answer.text)
        if isinstance(line, bytes) and line[:4].upper() == b"BDAT":
            return Outcome((answer,), Then.CLOSE)  # nobody knows how much is not a command
        return self.misplaced(answer, None)

    def misplaced(self, answer: Reply, event: Event | None) -> Outcome:
        """Count an error of the client, or what it might go on with for ever, and tell of it."""
        if event is not None:
            keys = {"reason": answer.text} if "reason" in event.fields else {}
            self.tell(event, **keys)
        self._errors += 1
        most = self.peer.limits.errors
        if most is not None and self._errors > most:
            self.tell(events.SMTP_TOO_MANY_ERRORS, limit=most)
            return Outcome((replies.TOO_MANY_ERRORS,), Then.CLOSE)
        return refused(answer)

    def _tell_refused(self, answer: Reply, **keys: Any) -> None:
        self.tell(events.SMTP_REFUSED, code=answer.code, reason=answer.text, **keys)

    def _tell_too_large(self, sender: Path, size: int) -> None:
        limit = self.peer.limits.message_size
        self.tell(events.SMTP_MESSAGE_TOO_LARGE, size=size, limit=limit, **{"from": sender.text})


def _places(error: BaseException) -> str:
    """Where ``error`` came up, innermost last."""
    frames = extract_tb(error.__traceback__)[-8:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)


_VERBS: dict[Verb, Callable[[Session], Step]] = {
    Verb.DATA: Session._data,
    Verb.RSET: Session._rset,
    Verb.NOOP: Session._noop,
    Verb.HELP: Session._help,
    Verb.QUIT: Session._quit,
    Verb.STARTTLS: Session._starttls,
}
_LEAD_ON = frozenset((Verb.DATA, Verb.QUIT, Verb.STARTTLS))
_COMMANDS: dict[type, Callable[[Session, Any], Step]] = {
    Hello: Session._hello,
    Mail: Session._mail,
    Rcpt: Session._rcpt,
    Bdat: Session._bdat,
    Auth: Session._auth,
    Ask: Session._who,
}
