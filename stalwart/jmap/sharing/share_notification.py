"""The data type ShareNotification (RFC 9670 3): what changed in what somebody may do with things of others.

They are made with the change (``groupware.granting``), and can only be destroyed; old ones go by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.sharing.capability import PRINCIPALS
from stalwart.jmap.sharing.rights import ADDRESS_BOOK, CALENDAR, FILE_NODE, MAILBOX, Vocabulary
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.containers import MapOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Boolean, Id, Json, Nullable, PropertyType, String
from stalwart.jmap.standard.sorting import Sort
from stalwart.jmap.standard.source import Found, Query
from stalwart.store import object_types
from stalwart.store.object_types import SHARE_NOTIFICATION as NUMBER
from stalwart.store.store import Transaction

TYPES: Final[Mapping[int, tuple[str, Vocabulary]]] = {
    object_types.MAILBOX: ("Mailbox", MAILBOX),
    object_types.CALENDAR: ("Calendar", CALENDAR),
    object_types.ADDRESS_BOOK: ("AddressBook", ADDRESS_BOOK),
    object_types.FILE_NODE: ("FileNode", FILE_NODE),
}
"""What can be shared: its name over JMAP and its rights."""


@frozen
class NotificationSource(ObjectSource):
    """What is stored, in the words of JMAP."""

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        return [(object.id, _shown(object.data or {})) for object in self._objects(tx, asking, ids, limit)]

    def _results(self, tx: Transaction, asking: Asking, query: Query) -> list[int]:
        """The newest first, if nothing else is asked for."""
        results = super()._results(tx, asking, query)
        return results if query.sort else results[::-1]


class NotificationRules(Rules):
    """They say what has happened; nobody makes or changes them."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, SetRefused]:
        refused = SetRefused("forbidden", "Notifications can only be destroyed.")
        return dict.fromkeys((*arguments.create, *arguments.update), refused)


def _shown(data: Mapping[str, Any]) -> dict[str, Any]:
    name, vocabulary = TYPES[data["objectType"]]
    return {
        "created": utc_date(data["created"]),
        "changedBy": data["changedBy"],
        "objectType": name,
        "objectAccountId": encode_id(data["objectAccountId"]),
        "objectId": encode_id(data["objectId"]),
        "oldRights": _rights(vocabulary, data["oldRights"]),
        "newRights": _rights(vocabulary, data["newRights"]),
        "name": data["name"],
    }


def _rights(vocabulary: Vocabulary, rights: int) -> dict[str, bool] | None:
    """Null where there were none."""
    return vocabulary.shown(Rights(rights)) if rights else None


def _fixed(type: PropertyType) -> Property:
    return Property(type, server_set=True, immutable=True)


def _at(name: str, before: bool) -> Condition:
    def matches(notification: Mapping[str, Any], moment: str) -> bool:
        created: str = notification[name]
        return created < moment if before else created >= moment

    return Condition(UTCDate(), matches, (name,))


def _is(name: str, type: PropertyType) -> Condition:
    return Condition(type, lambda notification, value: notification[name] == value, (name,))


_RIGHTS = Nullable(MapOf(String(), Boolean()))

SHARE_NOTIFICATION = DataType(
    Declaration(
        name="ShareNotification",
        capability=PRINCIPALS,
        properties={
            "created": _fixed(UTCDate()),
            "changedBy": _fixed(Json()),
            "objectType": _fixed(String()),
            "objectAccountId": _fixed(Id()),
            "objectId": _fixed(Id()),
            "oldRights": _fixed(_RIGHTS),
            "newRights": _fixed(_RIGHTS),
            "name": _fixed(String()),
        },
        conditions={
            "after": _at("created", before=False),
            "before": _at("created", before=True),
            "objectType": _is("objectType", String()),
            "objectAccountId": _is("objectAccountId", Id()),
        },
        sorts={"created": Sort.by("created")},
    ),
    source=NotificationSource(NUMBER),
    rules=NotificationRules(),
)
