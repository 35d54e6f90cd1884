"""Which data types hold blobs: what ``Blob/lookup`` can be asked about (RFC 9404 4.3).

A data type's module declares a ``BlobHolder``; nothing has to be added here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.jmap.accounts import belongs
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.sharing.blobs import sees_any
from stalwart.schema import collect
from stalwart.store import Transaction

Find = Callable[[Transaction, Access, int, BlobId, int], Iterable[str]]
"""``(tx, access, account_id, blob, now)`` -> the ids of the objects that hold the blob and may be read."""


@frozen
class BlobHolder:
    """A data type by its name on the wire, such as ``Email``; who asks must be using ``capability``."""

    type_name: str
    find: Find
    capability: str


def linked_objects(type: int) -> Find:
    """For types whose objects hold whole blobs by links of the store."""

    def find(tx: Transaction, access: Access, account_id: int, blob: BlobId, now: int) -> list[str]:
        owners = [link.owner_id for link in tx.blobs.links(blob.hash, account_id, now) if link.owner_id > 0]
        objects = [tx.objects.get(account_id, owner) for owner in owners] if blob.section is None else []
        if not belongs(access, account_id):
            objects = [each for each in objects if each is not None and sees_any(tx, access, account_id, (each.id,))]
        return [encode_id(each.id) for each in objects if each is not None and each.type == type]

    return find


@cache
def known_holders() -> Mapping[str, BlobHolder]:
    """All that the modules of this face declare, by type name."""
    found = [each for each in collect("stalwart.jmap", BlobHolder) if isinstance(each, BlobHolder)]
    return {each.type_name: each for each in found}
