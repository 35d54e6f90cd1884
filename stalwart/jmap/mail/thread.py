"""The data type Thread (RFC 8621 3): get and changes. Which e-mails belong together was decided when they came."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import computed
from stalwart.jmap.standard.rules import Repeated
from stalwart.jmap.standard.scalars import Id
from stalwart.jmap.standard.source import Found
from stalwart.store.object_types import THREAD as NUMBER
from stalwart.store.store import Transaction


@frozen
class ThreadSource(ObjectSource):
    """The states and changes of the object store, the e-mails of the mail repository."""

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        if ids is None:
            ids = [object.id for object in tx.objects.list(asking.account_id, self.number, limit=limit)]
        found = tx.mail.threads(asking.account_id, ids)
        return [(id, _wire(emails)) for id, emails in found.items()]


def _wire(emails: tuple[int, ...]) -> dict[str, Any]:
    return {"emailIds": [encode_id(id) for id in emails]}


THREAD = DataType(
    Declaration(
        name="Thread",
        capability=MAIL,
        properties={"emailIds": computed(ListOf(Id()))},
    ),
    source=ThreadSource(NUMBER),
    supports=("get", "changes"),
    repeated=Repeated(NUMBER),
)
