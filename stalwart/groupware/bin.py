"""The bin: what people delete is kept for ``x:DataRetention.archiveDeletedItemsFor`` and can be restored.

It is no part of anybody's quota, so it is bounded: an account keeps no more in it than ``MOST`` octets, the oldest go
first. What is larger than that by itself is gone at once.
"""

from __future__ import annotations

from typing import Any, Final

from stalwart.config.storage.retention import DataRetention
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member

MOST: Final = 1 << 30


class Bin:
    """Deletes in a way that can be taken back."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def remove(self, tx: Transaction, found: Resource, now: int) -> Member:
        """Delete what ``found`` names, and keep a copy. Raises NotFound."""
        account_id = found.account_id
        kept_for = self._settings.of(DataRetention).archive_deleted_items_for
        is_last = found.member is not None and len(tx.collections.places(account_id, found.member.item_id)) < 2
        if kept_for and is_last:
            until = now + kept_for // 1000
            kept = tx.archive.keep(account_id, found.place, found.name, now=now, expires_at=until)
            self._make_room(tx, account_id, kept, now)
        return tx.collections.remove(account_id, found.place, found.name, now=now)

    def _make_room(self, tx: Transaction, account_id: int, last: int, now: int) -> None:
        excess = tx.archive.used(account_id) - MOST
        if excess <= 0:
            return
        newest = tx.archive.get(account_id, last)
        if newest is not None and newest.size > MOST:
            tx.archive.remove(account_id, last, now)
            excess -= newest.size
        for archived in tx.archive.kept(account_id) if excess > 0 else ():
            tx.archive.remove(account_id, archived.id, now)
            excess -= archived.size
            if excess <= 0:
                break
