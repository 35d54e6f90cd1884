"""The data type Thread (RFC 8621 3): get and changes. Which e-mails belong together was decided when they came."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import belongs
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.passing import thread_changes, thread_state
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import computed
from stalwart.jmap.standard.rules import Repeated
from stalwart.jmap.standard.scalars import Id
from stalwart.jmap.standard.source import Found
from stalwart.jmap.standard.states import State
from stalwart.store.object_types import MAILBOX
from stalwart.store.object_types import THREAD as NUMBER
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction


@frozen
class ThreadSource(ObjectSource):
    """The states and changes of the object store, the e-mails of the mail repository."""

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        account_id, sight = asking.account_id, Sight.of(tx, asking.access, asking.account_id)
        if ids is None:
            most = limit if sight.is_whole else None
            ids = [object.id for object in tx.objects.list(account_id, self.number, limit=most)]
        found = tx.mail.threads(account_id, ids)
        if sight.is_whole:
            return [(id, _wire(emails)) for id, emails in found.items()]
        seen = sight.seen(tx, account_id, [email for emails in found.values() for email in emails])
        shown = {id: tuple(email for email in emails if email in seen) for id, emails in found.items()}
        return [(id, _wire(emails)) for id, emails in shown.items() if emails][:limit]

    def state(self, tx: Transaction, asking: Asking) -> int:
        if belongs(asking.access, asking.account_id):
            return super().state(tx, asking)
        return thread_state(tx, asking)

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        if belongs(asking.access, asking.account_id):
            return super().changes(tx, asking, since, limit)
        return thread_changes(tx, asking, since, limit)


def _wire(emails: tuple[int, ...]) -> dict[str, Any]:
    return {"emailIds": [encode_id(id) for id in emails]}


THREAD = DataType(
    Declaration(
        name="Thread",
        capability=MAIL,
        properties={"emailIds": computed(ListOf(Id()))},
        shared=MAILBOX,
    ),
    source=ThreadSource(NUMBER),
    supports=("get", "changes"),
    repeated=Repeated(NUMBER),
)
