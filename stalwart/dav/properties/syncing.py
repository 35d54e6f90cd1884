"""Where a client stands: tokens of synchronisation and the tags of collections that are older than them (RFC 6578 4,
caldav-ctag, spec/dav.md 2.2).
"""

from __future__ import annotations

from stalwart.codec.dav.multistatus import text_element
from stalwart.codec.dav.names import name
from stalwart.codec.dav.tokens import SyncToken
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown
from stalwart.groupware.kinds import KINDS
from stalwart.store import Transaction
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION

_SYNCED = On.HOME | On.COLLECTION | On.SCHEDULING


@prop(
    "D:sync-token",
    on=_SYNCED | On.ITEM | On.NOTICE,
    all_on=On.HOME,
    alike=On.ITEM | On.NOTICE,
    lasting=~On(0),
    spec="RFC 6578 4",
)
def sync_token(shown: Shown) -> bytes | None:
    """What a sync-collection goes on from; items have that of their home."""
    return text_element(name("D:sync-token"), str(SyncToken(state_shown(shown))))


@prop("C:getctag", on=_SYNCED, lasting=~On(0), spec="dav 2.2")
def collection_tag(shown: Shown) -> bytes | None:
    """Another one whenever something in the collection is another."""
    return b"<C:getctag>&quot;%d&quot;</C:getctag>" % state_shown(shown)


def state_shown(shown: Shown) -> int:
    """The number of the last change of a collection or below it, for all else that of the home."""
    collection = shown.collection
    if collection is not None:
        return collection.seq
    if shown.kind is None:
        return shown.tx.objects.state(shown.account_id, CALENDAR_EVENT_NOTIFICATION)
    return home_state(shown.tx, shown.account_id, shown.kind.service)


def home_state(tx: Transaction, account_id: int, service: str) -> int:
    """The number of the last change of a home or of anything in it."""
    return max(tx.collections.states(account_id, KINDS[service].type))
