"""A message that a program in this process hands to a reception, in the terms of ``twisted.mail``: its addresses, its
errors.
"""

from __future__ import annotations

from typing import Any

from attrs import define, frozen
from twisted.mail.smtp import SMTPServerError
from twisted.python.failure import Failure

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.parameters import NO_MAIL_PARAMETERS, NO_RCPT_PARAMETERS
from stalwart.codec.smtp.paths import NULL, InvalidPath, Path, forward_path
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.envelope import Envelope, Peer, Recipient
from stalwart.smtp.faults import reply_to
from stalwart.smtp.limits import DEFAULT, Limits
from stalwart.smtp.reception import Reception, Refusal, Spool

INVALID_ADDRESS = replies.reply(501, "5.1.3", "The address cannot be understood")


@frozen
class Receiving:
    """What messages are handed to. ``listener`` is what rules call this way; ``limits`` hold where the settings say
    nothing. ``clock`` is the reactor.
    """

    reception: Reception
    clock: Any
    listener: str = "twisted.mail"
    limits: Limits = DEFAULT


@define(eq=False)
class Transaction:
    """One message. All methods raise SMTPServerError for whatever is wrong, and nothing else."""

    receiving: Receiving
    envelope: Envelope
    spool: Spool | None = None
    size: int = 0
    refusal: Reply | None = None
    is_over: bool = False

    @classmethod
    async def begin(cls, receiving: Receiving, peer: Peer, path: Path) -> Transaction:
        """Begin one from ``path``."""
        reception, envelope = receiving.reception, Envelope(peer, path, NO_MAIL_PARAMETERS)
        try:
            _accept(await reception.connect(peer))
            _accept(await reception.hello(peer))
            _accept(await reception.sender(envelope, path, NO_MAIL_PARAMETERS))
        except Exception as problem:
            raise translated(problem) from problem
        return cls(receiving, envelope)

    async def add(self, path: Path) -> None:
        """Add a recipient."""
        envelope = self.envelope
        if len(envelope.recipients) >= envelope.peer.limits.recipients:
            raise server_error(replies.TOO_MANY_RECIPIENTS)
        try:
            _accept(await self.receiving.reception.recipient(envelope, path, NO_RCPT_PARAMETERS))
        except Exception as problem:
            raise translated(problem) from problem
        envelope.recipients.append(Recipient(path))

    def open(self) -> None:
        """The message comes now."""
        if self.spool is None:
            try:
                self.spool = self.receiving.reception.spool(self.envelope)
            except Exception as problem:
                raise translated(problem) from problem

    def write(self, octets: bytes) -> Any:
        """Take octets; with a Deferred no more, until it fires. What is wrong is said by ``end``."""
        self.size += len(octets)
        if self.size > self.envelope.peer.limits.message_size:
            self.refuse(replies.TOO_LARGE)
        if self.refusal is not None or self.spool is None:
            return None
        try:
            waiting = self.spool.write(octets)
        except Exception as problem:
            self.refuse(reply_to(problem))
            return None
        return None if waiting is None else waiting.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.refuse(reply_to(failure.value or RuntimeError()))

    def refuse(self, answer: Reply) -> None:
        """Nobody wants it any more."""
        if self.refusal is None:
            self.refusal = answer
            self.abandon()

    def abandon(self) -> None:
        """Drop what is there."""
        if self.spool is not None and not self.is_over:
            self.is_over = True
            self.spool.abort()

    async def end(self) -> None:
        """Hand the message over."""
        answer = self.refusal or await self._delivered()
        self.is_over = True
        if not answer.positive:
            raise server_error(answer)

    async def _delivered(self) -> Reply:
        assert self.spool is not None
        try:
            await self.spool.commit()
            (answer,) = await self.receiving.reception.deliver(self.envelope, self.spool)
            self.receiving.reception.settle(self.envelope, is_told=True)
        except Exception as problem:
            answer = reply_to(problem)
            self.abandon()
        return answer


def path_of(address: Any, *, may_be_null: bool = True) -> Path:
    """The path of an ``Address`` of Twisted, which is ASCII. Raises SMTPServerError."""
    if may_be_null and not address.local and not address.domain:
        return NULL
    try:
        path, rest = forward_path(f"<{(address.local + b'@' + address.domain).decode('ascii')}>")
    except (InvalidPath, UnicodeDecodeError) as problem:
        raise server_error(INVALID_ADDRESS) from problem
    if rest:
        raise server_error(INVALID_ADDRESS)
    return path


def server_error(answer: Reply) -> SMTPServerError:
    """A reply as an error of ``twisted.mail``, which wants an ASCII text."""
    text = f"{answer.enhanced or ''} {answer.text}".strip()
    return SMTPServerError(answer.code, text.encode("ascii", "replace").decode())


def translated(problem: Exception) -> SMTPServerError:
    """Any error as one of ``twisted.mail``."""
    return problem if isinstance(problem, SMTPServerError) else server_error(reply_to(problem))


def too_late(result: Any, timeout: float) -> Any:
    """What becomes of a wait that was too long (``Deferred.addTimeout``)."""
    raise server_error(replies.TOOK_TOO_LONG)


def _accept(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise server_error(refusal.reply)
