"""Where submissions are kept: objects of the account, put into the queue in the transaction that makes them.

Of an account with as many as it may have, the oldest that are over make room (x:Email maxSubmissions).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.config.collaboration.email import Email
from stalwart.config.identity.account import Account
from stalwart.errors import OverQuota
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.source import Found
from stalwart.jmap.submission.sending import Ready, Sending
from stalwart.mail.queue.letter import Letter
from stalwart.mail.submissions import FINAL, PENDING
from stalwart.store.object_types import ENV_ID, MESSAGE_ID, QUEUE_ID
from stalwart.store.store import Transaction

_PAGE: Final = 20
_QUOTA: Final = "maxEmailSubmissions"
_LIVE: Final = frozenset(("undoStatus", "deliveryStatus"))


@frozen
class Prepared:
    """A submission that can be made: the number of its e-mail, and what the queue gets."""

    email_id: int
    ready: Ready


@define
class Work:
    """What one call has prepared, and put into the queue under which number, by creation id; ``emails`` are the ids of
    e-mails by those of the submissions that were changed or destroyed.
    """

    sending: Sending
    prepared: dict[str, Prepared] = field(factory=dict)
    letters: dict[str, tuple[Letter, int]] = field(factory=dict)
    emails: dict[str, str] = field(factory=dict)


def work_of(asking: Asking) -> Work:
    """That of the call."""
    work: Work = asking.services["work"]
    return work


@frozen
class SubmissionSource(ObjectSource):
    """Their undo status is what the queue says at the moment."""

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        found = super().fetch(tx, asking, ids, names, limit)
        if not _LIVE.isdisjoint(names):
            for id, properties in found:
                if properties.get("undoStatus", PENDING) == PENDING:
                    properties.update(_live(tx, asking, id, properties))
        return found

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        self._make_room(tx, asking)
        work = work_of(asking)
        id = tx.accounts.new_ids(asking.account_id)[0]
        ready = work.prepared[change.key].ready
        letter = ready.letter(asking.request, asking.account_id, id, "authenticated")
        queue_id = work.sending.queue.add(tx, letter, asking.now)
        work.letters[change.key] = letter, queue_id
        data = {**change.new, QUEUE_ID: queue_id, MESSAGE_ID: ready.message_id, ENV_ID: letter.env_id}
        tx.objects.insert(asking.account_id, self.number, now=asking.now, id=id, data=data)
        return id

    def _make_room(self, tx: Transaction, asking: Asking) -> None:
        """Raises OverQuota if everything that there is still waits."""
        account_id = asking.account_id
        row = tx.registry.get(Account.type_name, account_id)
        quota: int | None = (row.data.get("quotas") or {}).get(_QUOTA) if row is not None else None
        most = work_of(asking).sending.settings.of(Email).max_submissions if quota is None else quota
        if most is None:
            return
        excess, after = tx.objects.count(account_id, self.number) - most + 1, -1
        while excess > 0:
            page = tx.objects.list(account_id, self.number, after, _PAGE)
            if not page:
                raise OverQuota(f"An account can have at most {most} submissions that wait.")
            over = [each.id for each in page if _is_over(tx, asking, each.data or {})]
            for id in over[:excess]:
                tx.objects.kill(account_id, id, now=asking.now)
            excess, after = excess - len(over), page[-1].id


def _is_over(tx: Transaction, asking: Asking, data: dict[str, Any]) -> bool:
    queue = asking.services["jmap_sending"].queue
    return data.get("undoStatus") != PENDING or queue.find(tx, data.get(QUEUE_ID, 0)) is None


def _live(tx: Transaction, asking: Asking, id: int, properties: dict[str, Any]) -> dict[str, Any]:
    """What is otherwise than it was stored: a letter that is gone is final."""
    stored = tx.objects.get(asking.account_id, id)
    data = (stored.data if stored is not None else None) or {}
    if not _is_over(tx, asking, data) or data.get("undoStatus") != PENDING:
        return {}
    statuses = {
        email: {**each, "delivered": "unknown"} if each["delivered"] == "queued" else each
        for email, each in data.get("deliveryStatus", {}).items()
    }
    live = {"undoStatus": FINAL, "deliveryStatus": statuses}
    return {name: value for name, value in live.items() if name in properties}
