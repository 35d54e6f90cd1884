"""What comes back about submissions (RFC 8621 7): reports of delivery and of display, noted in the submission that they
are about, in the transaction that stores the report.

A report names the submission by its ENVID, else by the Message-ID of what was sent. Anybody can write one: it only
fills in what is not known of those recipients whom it names, and nothing of those for whom the queue still has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stalwart.codec.feedback import Feedback
from stalwart.store import Transaction
from stalwart.store.object_types import EMAIL_SUBMISSION, ENV_ID, MESSAGE_ID

MOST_REPORTS: Final = 100
"""Reports of one kind that a submission remembers."""
MOST_FOUND: Final = 20
"""Submissions of one message that a report is noted in."""

_BLOBS: Final = {"dsn": "dsnBlobIds", "mdn": "mdnBlobIds"}
_DELIVERED: Final = {"delivered": "yes", "failed": "no"}


def find_submissions(tx: Transaction, account_id: int, feedback: Feedback) -> tuple[int, ...]:
    """The submissions of an account that a report is about. All of them are looked through: in a read transaction."""
    for name, value in ((ENV_ID, feedback.env_id), (MESSAGE_ID, feedback.message_id)):
        if value is not None:
            found = tx.objects.with_member(account_id, EMAIL_SUBMISSION, name, value, MOST_FOUND)
            ids = tuple(each.id for each in found if (each.data or {}).get(name) == value)
            if ids:
                return ids
    return ()


def note_feedback(tx: Transaction, account_id: int, id: int, feedback: Feedback, blob_id: str | None, now: int) -> bool:
    """Write what a report says into the submission ``id``, with the blob of the report if there is one; False if it
    says nothing of it.
    """
    found = tx.objects.get(account_id, id)
    if found is None or found.type != EMAIL_SUBMISSION or found.data is None:
        return False
    data, statuses = found.data, found.data["deliveryStatus"]
    about = {email: said for addresses, said in feedback.recipients for email in statuses if email.lower() in addresses}
    if not about:
        return False
    tell = _TELLS[feedback.kind]
    new = {**data, "deliveryStatus": {**statuses, **{email: tell(statuses[email], about[email]) for email in about}}}
    blobs, name = data[_BLOBS[feedback.kind]], _BLOBS[feedback.kind]
    if blob_id is not None and blob_id not in blobs and len(blobs) < MOST_REPORTS:
        new[name] = [*blobs, blob_id]
    if new != data:
        tx.objects.update(account_id, id, now=now, data=new)
    return new != data


def _of_delivery(status: Mapping[str, Any], action: str) -> dict[str, Any]:
    """What was known before stays: who has got it here, or whom the queue has given up, has no better witness."""
    if status["delivered"] == "unknown" and action in _DELIVERED:
        return {**status, "delivered": _DELIVERED[action]}
    return dict(status)


def _of_display(status: Mapping[str, Any], type: str) -> dict[str, Any]:
    got_it = status["delivered"] in ("unknown", "yes")
    return {**status, "displayed": "yes"} if type == "displayed" and got_it else dict(status)


_TELLS: Final[Mapping[str, Callable[[Mapping[str, Any], str], dict[str, Any]]]] = {
    "dsn": _of_delivery,
    "mdn": _of_display,
}
