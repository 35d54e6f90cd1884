"""The data type ContactCard (RFC 9610 3): get, changes, query, queryChanges, set, copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.errors import StalwartError
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.holders import BlobHolder
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.call import Call
from stalwart.jmap.collections.first import with_first
from stalwart.jmap.contacts import media, preparing
from stalwart.jmap.contacts.capability import CONTACTS
from stalwart.jmap.contacts.card_properties import CardProperties
from stalwart.jmap.contacts.card_source import CardSource
from stalwart.jmap.contacts.conditions import CONDITIONS, SORTS
from stalwart.jmap.contacts.sight import Sight
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Services
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.rules import Rules
from stalwart.store import Transaction
from stalwart.store.object_types import ADDRESS_BOOK

_first = with_first(ADDRESS_BOOKS)


class CardRules(Rules):
    """What is beside the transaction."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        return await preparing.prepare(asking, arguments)

    async def prepare_copies(
        self, origin: Asking, asking: Asking, create: Mapping[str, dict[str, Any]]
    ) -> Mapping[str, StalwartError]:
        await preparing.prepare_copies(origin, asking, create)
        return {}


async def _begin(call: Call, services: Services) -> None:
    """There is an address book; before a query, cards that were kept without being indexed are."""
    await _first(call, services)
    if call.name.partition("/")[2].startswith("query"):
        await services["contacts"].complete_index(services["store"], account_argument(call, shared=ADDRESS_BOOK))


CONTACT_CARD = DataType(
    Declaration(
        name="ContactCard",
        capability=CONTACTS,
        properties=CardProperties(),
        is_open=True,
        conditions=CONDITIONS,
        sorts=SORTS,
        shared=ADDRESS_BOOK,
    ),
    source=CardSource(),
    rules=CardRules(),
    supports=("get", "set", "changes", "query", "queryChanges", "copy"),
    services=("settings", "homes", "contacts", "placing", "bin"),
    before=_begin,
)


def _find(tx: Transaction, access: Access, account_id: int, blob: BlobId, now: int) -> Iterable[str]:
    sight = Sight.of(tx, Viewer.of(access), account_id)
    return [encode_id(id) for id in sight.places(tx, media.holders(tx, account_id, blob))]


holder = BlobHolder("ContactCard", _find, CONTACTS)
