"""What has become of submissions (RFC 8621 7): the queue's observer, which keeps their delivery status in step.

A submission is an object of its account. Its status is written in the transaction that changes the recipient in the
queue, so that clients are told at once; what the queue is done with stays in the object.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from stalwart.codec.smtp.paths import InvalidPath, forward_path
from stalwart.store import Transaction
from stalwart.store.object_types import EMAIL_SUBMISSION
from stalwart.store.queue_rows import DELIVERED, FAILED, WAITING, Answer, QueuedLetter, QueuedRecipient

PENDING: Final = "pending"
FINAL: Final = "final"
CANCELED: Final = "canceled"

_LONGEST: Final = 500

Status = dict[str, str]


def status(reply: str, delivered: str) -> Status:
    """A DeliveryStatus."""
    return {"smtpReply": reply, "delivered": delivered, "displayed": "unknown"}


def queued() -> Status:
    """The status of a recipient whom nothing has been sent to yet."""
    return status("250 2.1.5 Queued", "queued")


def canceled(by: str = "the sender") -> Status:
    """The status of a recipient who will not get it."""
    return status(f"550 5.7.0 Canceled by {by}", "no")


def note_recipients(tx: Transaction, letter: QueuedLetter, changed: Sequence[QueuedRecipient], now: int) -> None:
    """Write what recipients of ``letter`` have come to into its submission, if it has one."""
    found = _submission_of(tx, letter)
    if found is None:
        return
    data: dict[str, Any] = found.data
    by_address = {_address(email): email for email in data["deliveryStatus"]}
    known = {
        email: _status(each)
        for each in changed
        if (email := by_address.get(each.address)) is not None
        # an attempt that ran when delivery was cancelled brings news only if it got through
        and (each.state == DELIVERED or data["deliveryStatus"][email]["delivered"] == "queued")
    }
    new = {**data, "deliveryStatus": {**data["deliveryStatus"], **known}}
    is_delivered = any(each.state == DELIVERED for each in changed)
    if is_delivered or (data["undoStatus"] == PENDING and _is_over(new["deliveryStatus"])):
        new["undoStatus"] = FINAL
    if new != data:
        tx.objects.update(found.account_id, found.id, now=now, data=new)


def note_cancellation(tx: Transaction, letter: QueuedLetter, gone: Collection[int], now: int) -> None:
    """Write that an administrator takes the recipients with the numbers ``gone`` out of ``letter``, as it was before,
    into its submission, if it has one.
    """
    found = _submission_of(tx, letter)
    if found is None:
        return
    data: dict[str, Any] = found.data
    by_address = {_address(email): email for email in data["deliveryStatus"]}
    waiting = [each for each in letter.recipients if each.state == WAITING]
    told = [by_address.get(each.address) for each in waiting if each.number in gone]
    known = {email: canceled("an administrator") for email in told if email is not None}
    new = {**data, "deliveryStatus": {**data["deliveryStatus"], **known}}
    if data["undoStatus"] == PENDING and all(each.number in gone for each in waiting):
        is_sent = letter.tried or any(each.state == DELIVERED for each in letter.recipients)
        new["undoStatus"] = FINAL if is_sent else CANCELED
    if new != data:
        tx.objects.update(found.account_id, found.id, now=now, data=new)


def _submission_of(tx: Transaction, letter: QueuedLetter) -> Any:
    """None if it is no submission, or was destroyed by its owner, which does not stop what was sent."""
    if letter.account_id is None or letter.submission_id is None:
        return None
    found = tx.objects.get(letter.account_id, letter.submission_id)
    return found if found is not None and found.type == EMAIL_SUBMISSION and found.data is not None else None


def _is_over(statuses: Mapping[str, Any]) -> bool:
    """Whether nobody will get it any more who has not got it."""
    return not any(each["delivered"] == "queued" for each in statuses.values())


def _status(recipient: QueuedRecipient) -> Status:
    answer = recipient.answer
    if recipient.state == DELIVERED:
        # Who has it in his mailbox here was not sent it over a line, so there is no reply.
        return status(_reply(answer, "250 2.1.5 Delivered"), "yes" if answer.code is None else "unknown")
    if recipient.state == FAILED:
        return status(_reply(answer, "554 5.0.0 Delivery failed"), "no")
    return status(_reply(answer, "451 4.4.0 Delivery is tried again"), "queued") if recipient.attempts else queued()


def _reply(answer: Answer, usual: str) -> str:
    """The reply on one line as SMTP has it."""
    if answer.code is not None:
        text = " ".join(filter(None, (str(answer.code), answer.enhanced, answer.text)))
    else:
        text = f"{usual}: {answer.message}" if answer.message else usual
    return " ".join(text.split())[:_LONGEST]


def _address(email: str) -> str:
    """An address of an envelope as the queue has it."""
    try:
        return forward_path(f"<{email}>")[0].text
    except InvalidPath:
        return email
