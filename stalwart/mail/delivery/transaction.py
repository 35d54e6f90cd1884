"""What the answers of one transaction mean for each recipient (RFC 5321 4.2.1, 4.5.3.1.10, RFC 2033 4.2, RFC 3463)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import frozen

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery.session import error_type
from stalwart.mail.delivery.shipment import Kind, RecipientOutcome, ShipmentRecipient
from stalwart.net.smtp_message import Envelope, Transmission

Next = Literal["done", "again", "elsewhere", "later"]
"""What remains to do for a recipient in this attempt: nothing; another transaction with the same host; another host may
take it; nothing, as what has failed would fail again or has left the outcome open."""

TOO_MANY = (452, 552)
"""Answers to RCPT alone that mean the recipients are too many for one transaction (RFC 5321 4.5.3.1.10)."""
CONTENT_COMMANDS = ("DATA", "BDAT")
"""The commands of a transaction that are about the message itself."""


@frozen
class Verdict:
    """The outcome for one recipient so far, and what may be done about it."""

    outcome: RecipientOutcome
    next: Next


def verdicts(
    sent: Transmission, envelope: Envelope, recipients: Sequence[ShipmentRecipient], hostname: str, *, tells: bool
) -> list[Verdict]:
    """One for each recipient, in their order; ``tells``: the host sends success reports itself (RFC 3461 4)."""
    judge = _Judge(sent, envelope, hostname, tells)
    return [judge.verdict(at, recipient) for at, recipient in enumerate(recipients)]


class _Judge:
    def __init__(self, sent: Transmission, envelope: Envelope, hostname: str, tells: bool) -> None:
        self._sent = sent
        self._envelope = envelope
        self._hostname = hostname
        self._tells = tells
        self._accepted_before = 0

    def verdict(self, at: int, recipient: ShipmentRecipient) -> Verdict:
        sent = self._sent
        if sent.mail is None:
            return self._lost(recipient, self._envelope.mail)
        if not sent.mail.positive:
            return self._refused(recipient, sent.mail, self._envelope.mail)
        reply = sent.rcpts[at] if at < len(sent.rcpts) else None
        command = self._envelope.rcpts[at]
        if reply is None:
            last = sent.rcpts[-1] if sent.rcpts else None
            if last is not None and last.code == 421:
                return self._refused(recipient, last, command)
            return self._lost(recipient, command)
        if reply.code in TOO_MANY:
            outcome = self._outcome(recipient, "temporary", reply, command)
            return Verdict(outcome, "again" if sent.accepted and sent.failure is None else "elsewhere")
        if not reply.positive:
            return self._refused(recipient, reply, command)
        return self._after_content(recipient)

    def _after_content(self, recipient: ShipmentRecipient) -> Verdict:
        sent = self._sent
        command = "BDAT" if sent.complete and sent.data is None else "DATA"
        if sent.data is not None:
            return self._refused(recipient, sent.data, "DATA")
        at = self._accepted_before if self._envelope.lmtp else 0
        self._accepted_before += 1
        if at >= len(sent.final):
            last = sent.final[-1] if sent.final else None
            if last is not None and last.code == 421:
                return self._refused(recipient, last, command)
            return self._lost(recipient, command)
        reply = sent.final[at]
        if not reply.positive:
            return self._refused(recipient, reply, command)
        wanted = "SUCCESS" in recipient.notify
        outcome = RecipientOutcome(
            recipient.address,
            "delivered",
            status_of(reply, "delivered"),
            hostname=self._hostname,
            reply=reply,
            relayed_without_dsn=wanted and not self._tells,
            arrived=self._envelope.lmtp and not self._tells,
        )
        return Verdict(outcome, "done")

    def _refused(self, recipient: ShipmentRecipient, reply: Reply, command: str) -> Verdict:
        is_final = reply.permanent
        outcome = self._outcome(recipient, "permanent" if is_final else "temporary", reply, command)
        return Verdict(outcome, "done" if is_final else "elsewhere")

    def _outcome(self, recipient: ShipmentRecipient, kind: Kind, reply: Reply, command: str) -> RecipientOutcome:
        return RecipientOutcome(
            recipient.address,
            kind,
            status_of(reply, kind),
            hostname=self._hostname,
            reply=reply,
            error_type="unexpectedResponse",
            message=f"{self._hostname} said: {reply.code} {reply.text}",
            command=command,
            unreachable=reply.code == 421,
            in_transaction=reply.code == 421,
        )

    def _lost(self, recipient: ShipmentRecipient, command: str) -> Verdict:
        """The connection ended before the answer came."""
        failure = self._sent.failure
        outcome = RecipientOutcome(
            recipient.address,
            "temporary",
            "4.4.2",
            hostname=self._hostname,
            error_type=error_type(failure) if failure is not None else "unexpectedResponse",
            message=failure.reason if failure is not None else "The host left in the middle",
            command=command,
            unreachable=True,
            in_transaction=True,  # also if no answer to MAIL was read: a reset takes it away
            sure=not self._sent.complete,
        )
        return Verdict(outcome, "elsewhere" if outcome.sure else "later")


def status_of(reply: Reply, kind: Kind) -> str:
    """The enhanced status code of a reply, or the general one of its kind (RFC 3463 2)."""
    digit = {"delivered": "2", "temporary": "4", "permanent": "5"}[kind]
    if reply.enhanced is not None and reply.enhanced[0] == digit:
        return reply.enhanced
    return f"{digit}.0.0"
