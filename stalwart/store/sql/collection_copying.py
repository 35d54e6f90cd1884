"""Calendars, address books, folders and what is in them: copies, in the same account or in another one.

A tree is read as a whole and written in few statements, however many things are in it. Copies begin a life of their
own: numbers, times and changes are new, and nobody but the owner may use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stalwart.errors import Conflict, NotFound
from stalwart.store.collection_rows import Member
from stalwart.store.sql.accounts import SqlAccounts
from stalwart.store.sql.collection_writing import MEMBER, CollectionWriting, as_member
from stalwart.store.sql.file_nodes import collated
from stalwart.store.sql.lists import insert_new
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.session import Session

_INSIDE = "A collection cannot be copied into itself."
_OBJECT = "account_id, id, type, created_seq, seq, prop_seq, uid, blob, size, created_at, modified_at, data"
_BINDING = (
    "account_id, collection_id, segment, item_id, home, type, is_collection, added_seq, bound_seq, seq, dead, mark,"
    " size, created_at, modified_at, collated"
)
_WITH_ITEMS = (
    "INSERT INTO content(account_id, id, octets) SELECT ?, ?, octets FROM content WHERE account_id = ? AND id = ?",
    "INSERT INTO span(account_id, id, kind, first_at, last_at, alarm_at, periods)"
    " SELECT ?, ?, kind, first_at, last_at, alarm_at, periods FROM span WHERE account_id = ? AND id = ?",
    "INSERT INTO indexed_value(account_id, property, id, number, value)"
    " SELECT ?, property, ?, number, value FROM indexed_value WHERE account_id = ? AND id = ?",
    "INSERT INTO blob_link(account_id, owner_id, hash) SELECT ?, ?, hash FROM blob_link"
    " WHERE account_id = ? AND owner_id = ?",
)


class CollectionCopying:
    """What copies members of collections."""

    def __init__(self, session: Session, writing: CollectionWriting) -> None:
        self._session = session
        self._objects = SqlObjects(session)
        self._accounts = SqlAccounts(session)
        self._writing = writing

    def copy(
        self,
        account_id: int,
        collection_id: int,
        segment: str,
        to_account_id: int,
        to_collection_id: int,
        to_segment: str,
        *,
        now: int,
        levels: int | None = None,
    ) -> Member:
        """See ``store.collections``."""
        source = self._writing.named(account_id, collection_id, segment)
        if source is None:
            raise NotFound
        home_type = self._writing.type_of(to_account_id, to_collection_id)
        self._writing.refuse_taken(to_account_id, to_collection_id, to_segment)
        can_be_inside = source.is_collection and account_id == to_account_id
        if can_be_inside and self._writing.is_inside(account_id, to_collection_id, source.item_id):
            raise Conflict(_INSIDE, "segment")
        tree = self._tree(account_id, source, levels)
        ids = self._accounts.new_ids(to_account_id, len(tree))
        seqs = self._objects.allocate(to_account_id, len(tree))
        number = {member.item_id: id for member, id in zip(tree, ids, strict=True)}
        copies = [
            msgspec.structs.replace(
                member,
                item_id=id,
                collection_id=number.get(member.collection_id, to_collection_id),
                added_seq=seq,
                seq=seq,
                created_at=now,
                modified_at=now,
            )
            for member, id, seq in zip(tree, ids, seqs, strict=True)
        ]
        copies[0] = msgspec.structs.replace(copies[0], collection_id=to_collection_id, segment=to_segment)
        self._write_objects(account_id, tree, to_account_id, copies)
        self._write_collections(to_account_id, copies)
        self._writing.bind(to_account_id, home_type, copies[0])
        insert_new(
            self._session,
            f"INSERT INTO binding({_BINDING})",
            [(to_account_id, *_bound(copy, home_type)) for copy in copies[1:]],
        )
        return copies[0]

    def _tree(self, account_id: int, source: Member, levels: int | None) -> list[Member]:
        """The member and what is below it, collections before what is in them."""
        found, outer = [source], [source.item_id] if source.is_collection else []
        while outer and (levels is None or levels > 0):
            rows = self._session.all(
                f"SELECT {MEMBER} FROM binding AS b WHERE b.account_id = ? AND b.dead = 0"
                f" AND b.collection_id IN ({self._session.dialect.numbers})",
                *(account_id, msgspec.json.encode(outer).decode()),
            )
            inner = [as_member(columns) for columns in rows]
            found += inner
            outer = [member.item_id for member in inner if member.is_collection]
            levels = None if levels is None else levels - 1
        return found

    def _write_objects(
        self, account_id: int, tree: Sequence[Member], to_account_id: int, copies: Sequence[Member]
    ) -> None:
        rows = self._session.all(
            "SELECT id, uid, blob, size, data FROM obj WHERE account_id = ? AND dead = 0"
            f" AND id IN ({self._session.dialect.numbers})",
            *(account_id, msgspec.json.encode([member.item_id for member in tree]).decode()),
        )
        known = {columns[0]: columns[1:] for columns in rows}
        objects: list[tuple[Any, ...]] = []
        links: list[tuple[Any, ...]] = []
        last: dict[int, tuple[int, int]] = {}
        for member, copy in zip(tree, copies, strict=True):
            uid, blob, size, data = known[member.item_id]
            times = (copy.created_at, copy.modified_at)
            seqs = (copy.seq, copy.seq, copy.seq)
            objects.append((to_account_id, copy.item_id, copy.type, *seqs, uid, blob, size, *times, data))
            last[copy.type] = (copy.seq, last.get(copy.type, (0, 0))[1] + size)
            if blob is not None:
                links.append((blob, to_account_id, copy.item_id))
            elif not copy.is_collection:
                for statement in _WITH_ITEMS:
                    self._session.later(statement, to_account_id, copy.item_id, account_id, member.item_id)
        insert_new(self._session, f"INSERT INTO obj({_OBJECT})", objects)
        insert_new(self._session, "INSERT INTO blob_link(hash, account_id, owner_id)", links)
        for type, (seq, octets) in sorted(last.items()):
            self._objects.note(to_account_id, type, seq, octets)

    def _write_collections(self, account_id: int, copies: Sequence[Member]) -> None:
        inside: dict[int, tuple[int, int]] = {}
        for copy in copies[1:]:
            count, _ = inside.get(copy.collection_id, (0, 0))
            inside[copy.collection_id] = (count + 1, copy.seq)
        rows = []
        for copy in copies:
            if copy.is_collection:
                items, seq = inside.get(copy.item_id, (0, copy.seq))
                rows.append((account_id, copy.item_id, copy.type, copy.collection_id, copy.segment, seq, items))
        insert_new(self._session, "INSERT INTO collection(account_id, id, type, parent_id, segment, seq, items)", rows)


def _bound(member: Member, home_type: int) -> tuple[Any, ...]:
    return (
        *(member.collection_id, member.segment, member.item_id, home_type, member.type, int(member.is_collection)),
        *(member.added_seq, member.seq, member.seq, 0, member.mark, member.size),
        *(member.created_at, member.modified_at, collated(member.segment, home_type)),
    )
