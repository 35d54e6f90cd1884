"""From the outcome of an attempt to what a recipient is from now on. Pure."""

from __future__ import annotations

from typing import Final

from attrs import frozen
from msgspec.structs import replace

from stalwart.mail.delivery.shipment import RecipientOutcome
from stalwart.mail.queue.schedules import Plan
from stalwart.store.queue_rows import DELIVERED, FAILED, WAITING, Answer, LaneRow, QueuedRecipient, Settled

HELD_UP: Final = frozenset(("rateLimited", "concurrencyLimited"))
"""Errors of attempts that were none: they do not count."""
LONGEST_TEXT: Final = 1000
"""Characters that are kept of what a host says."""
EXPIRED: Final = "5.4.7"
"""The status of a recipient whose time is over (RFC 3463 3.5)."""


@frozen
class Ended:
    """A recipient after an attempt: ``recipient`` as it is from now on, ``outcome`` as it counts."""

    recipient: QueuedRecipient
    outcome: RecipientOutcome

    @property
    def has_failed(self) -> bool:
        """Whether delivery is given up."""
        return self.recipient.state == FAILED


def answer_to(outcome: RecipientOutcome) -> Answer:
    """What is kept of an outcome."""
    reply = outcome.reply
    return Answer(
        error=(outcome.error_type or "io") if outcome.kind != "delivered" else "",
        message=(outcome.message or "")[:LONGEST_TEXT],
        hostname=(outcome.hostname or "")[:255],
        code=reply.code if reply is not None else None,
        enhanced=reply.enhanced if reply is not None else None,
        text=reply.text[:LONGEST_TEXT] if reply is not None else "",
        command=(outcome.command or "")[:LONGEST_TEXT],
    )


def ended(
    recipient: QueuedRecipient, outcome: RecipientOutcome, plan: Plan, now: int, *, held_until: int | None = None
) -> Ended:
    """What becomes of a recipient that waited. ``held_until`` is when an attempt may be made that was held up."""
    answer = answer_to(outcome)
    if outcome.kind == "delivered":
        return Ended(replace(recipient, state=DELIVERED, attempts=recipient.attempts + 1, answer=answer), outcome)
    if outcome.kind == "temporary" and outcome.error_type in HELD_UP:
        due = max(held_until if held_until is not None else now + plan.wait(1), now + 1)
        return Ended(replace(recipient, due=due, answer=answer), outcome)
    attempts = recipient.attempts + 1
    left = recipient.attempts_left - 1 if recipient.attempts_left is not None else None
    if outcome.kind == "permanent" or (left is not None and left <= 0):
        return Ended(replace(recipient, state=FAILED, attempts=attempts, attempts_left=left, answer=answer), outcome)
    due = now + plan.wait(attempts)
    return Ended(replace(recipient, due=due, attempts=attempts, attempts_left=left, answer=answer), outcome)


def given_up(recipient: QueuedRecipient, lane: LaneRow | None) -> Ended:
    """A recipient whose time is over, with what was heard last, of itself or of its destination."""
    answer = recipient.answer
    if not answer.error and lane is not None:
        answer = lane.answer
    last = f"{answer.code} {answer.enhanced or ''} {answer.text}".replace("  ", " ") if answer.code else answer.message
    message = f"Delivery was tried until its time was over. The last answer: {last.strip()}" if last else ""
    outcome = RecipientOutcome(
        address=recipient.address,
        kind="permanent",
        status=EXPIRED,
        hostname=answer.hostname or None,
        error_type=answer.error or "io",
        message=message or "Delivery was not possible until its time was over.",
    )
    return Ended(replace(recipient, state=FAILED, answer=answer), outcome)


def settled(recipient: QueuedRecipient) -> Settled:
    """A recipient as the store is to have it."""
    return Settled(
        number=recipient.number,
        state=recipient.state,
        due=recipient.due,
        attempts=recipient.attempts,
        answer=recipient.answer,
        notice_at=recipient.notice_at if recipient.state == WAITING else None,
        notices=recipient.notices,
        expires_at=recipient.expires_at,
        attempts_left=recipient.attempts_left,
        queue=recipient.queue,
    )
