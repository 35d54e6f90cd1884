"""What was deleted and can still be had back: copies of the rows, the blobs of files held by the number of the copy."""

from __future__ import annotations

from typing import Any

import msgspec

from stalwart.errors import NotFound
from stalwart.store.collection_rows import Archived, ArchivedItem, Member
from stalwart.store.sql.accounts import SqlAccounts
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.collections import SqlCollections
from stalwart.store.sql.lists import bounded
from stalwart.store.sql.session import Session

_AT_ONCE = 1000
_LARGEST = (1 << 63) - 1
_ARCHIVED = "id, type, path, items, size, archived_at, expires_at"
_ITEM = "path, type, is_collection, created_at, modified_at, size, blob, octets, data"
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlArchive:
    """``store.collections.Archive`` on a session."""

    def __init__(self, session: Session, blobs: SqlBlobs, collections: SqlCollections) -> None:
        self._session = session
        self._accounts = SqlAccounts(session)
        self._blobs = blobs
        self._collections = collections

    def keep(self, account_id: int, collection_id: int, segment: str, *, now: int, expires_at: int) -> int:
        member = self._collections.member(account_id, collection_id, segment)
        above = self._collections.path(account_id, collection_id)
        if member is None or above is None:
            raise NotFound
        id = self._accounts.new_ids(account_id)[0]
        items, size = self._copy(account_id, id, member, "")
        places = [(member.item_id, "")] if member.is_collection else []
        for collection, path in places:
            after = ""
            while found := self._collections.members(account_id, collection, after=after, limit=_AT_ONCE):
                for inner in found:
                    place = f"{path}/{inner.segment}"
                    counted = self._copy(account_id, id, inner, place)
                    items, size = items + counted[0], size + counted[1]
                    if inner.is_collection:
                        places.append((inner.item_id, place))
                after = found[-1].segment
        self._session.later(
            f"INSERT INTO archived(account_id, {_ARCHIVED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(account_id, id, member.type, "/".join((*above, segment)), items, size, now, expires_at),
        )
        return id

    def kept(self, account_id: int, *, after: int = -1, limit: int | None = None) -> list[Archived]:
        rows = self._session.all(
            f"SELECT {_ARCHIVED} FROM archived WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?",
            *(account_id, after, _LARGEST if limit is None else limit),
        )
        return [Archived(*columns) for columns in rows]

    def get(self, account_id: int, id: int) -> Archived | None:
        found = self._session.one(
            f"SELECT {_ARCHIVED} FROM archived WHERE account_id = ? AND id = ?", account_id, bounded(id)
        )
        return Archived(*found) if found else None

    def items(self, account_id: int, id: int) -> list[ArchivedItem]:
        rows = self._session.all(
            f"SELECT {_ITEM} FROM archived_item WHERE account_id = ? AND archived_id = ? ORDER BY path",
            *(account_id, bounded(id)),
        )
        return [_item(columns) for columns in rows]

    def used(self, account_id: int) -> int:
        found = self._session.one("SELECT COALESCE(SUM(size), 0) FROM archived WHERE account_id = ?", account_id)
        return int(found[0])

    def remove(self, account_id: int, id: int, now: int) -> bool:
        if not self._session.changed("DELETE FROM archived WHERE account_id = ? AND id = ?", account_id, bounded(id)):
            return False
        self._session.later("DELETE FROM archived_item WHERE account_id = ? AND archived_id = ?", account_id, id)
        self._blobs.unlink(account_id, id, now)
        return True

    def purge(self, now: int, limit: int) -> int:
        over = self._session.all(
            "SELECT account_id, id FROM archived WHERE expires_at <= ? ORDER BY expires_at LIMIT ?", now, limit
        )
        return sum(self.remove(account_id, id, now) for account_id, id in over)

    def _copy(self, account_id: int, id: int, member: Member, path: str) -> tuple[int, int]:
        copied = self._session.one(
            "INSERT INTO archived_item(account_id, archived_id, path, type, is_collection, created_at, modified_at,"
            " size, blob, octets, data) SELECT o.account_id, ?, ?, o.type, ?, o.created_at, o.modified_at, o.size,"
            " o.blob, c.octets, o.data FROM obj AS o"
            " LEFT JOIN content AS c ON c.account_id = o.account_id AND c.id = o.id"
            " WHERE o.account_id = ? AND o.id = ? RETURNING size, blob",
            *(id, path, int(member.is_collection), account_id, member.item_id),
        )
        size, blob = copied
        if blob is not None:
            self._blobs.link(bytes(blob), account_id, id)
        elif not member.is_collection:
            self._blobs.hold_as(account_id, member.item_id, account_id, id)
        return 1, size


def _item(columns: tuple[Any, ...]) -> ArchivedItem:
    path, type, is_collection, created_at, modified_at, size, blob, octets, data = columns
    return ArchivedItem(
        *(path, type, bool(is_collection), created_at, modified_at, size),
        None if blob is None else bytes(blob),
        None if octets is None else bytes(octets),
        None if data is None else _decode(data),
    )
