"""Whether somebody may read what objects of an account hold of which only some are shared with him (RFC 8620 6.2)."""

from __future__ import annotations

from collections.abc import Collection

from stalwart.codec.dav.rights import Rights
from stalwart.directory.access import Access
from stalwart.groupware.guarded_events import Discretion
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.mail.sight import Sight
from stalwart.store.object_types import CALENDAR_EVENT, CONTACT_CARD, EMAIL, FILE_NODE
from stalwart.store.store import Transaction


def sees_any(tx: Transaction, access: Access, account_id: int, object_ids: Collection[int]) -> bool:
    """Whether he may read any of these objects."""
    return any(_sees(tx, access, account_id, id) for id in object_ids)


def _sees(tx: Transaction, access: Access, account_id: int, id: int) -> bool:
    object, viewer = tx.objects.get(account_id, id), Viewer.of(access)
    if object is None:
        return False
    if object.type == EMAIL:
        return bool(Sight.of(tx, access, account_id).seen(tx, account_id, (id,)))
    if object.type == FILE_NODE:
        return Rights.READ in viewer.rights_on(tx, account_id, id)
    if object.type in (CALENDAR_EVENT, CONTACT_CARD):
        is_mine = object.type != CALENDAR_EVENT or viewer.belongs_to(account_id)
        if not is_mine and Discretion.of(tx, account_id).hides(id):
            return False
        places = [each.collection_id for each in tx.collections.places(account_id, id)]
        rights = viewer.rights_on_some(tx, account_id, places)
        return any(Rights.READ_ITEMS in held for held in rights.values())
    return False
