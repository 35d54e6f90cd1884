"""Calendars, address books, folders and what is in them: writing.

A change takes one number of the log of the account; the object, its bindings and the collections that these are in get
it. What is destroyed with a collection leaves one tombstone in DAV, that of the collection, and one for each object
in the log of changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stalwart.errors import Conflict, NotFound
from stalwart.store.collection_rows import ITEMS, Member, NewItem, Span
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.file_nodes import collated
from stalwart.store.sql.lists import bounded
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.session import Session
from stalwart.store.sql.shares import forget_shares

MEMBER = (
    "b.collection_id, b.segment, b.item_id, b.type, b.is_collection, b.added_seq, b.seq, b.dead, b.mark, b.size,"
    " b.created_at, b.modified_at"
)
_TAKEN = "There is something of this name already."
_INSIDE = "A collection cannot be moved into itself."
_DEEPEST = 256
_OF_ITEM = ("content", "span", "indexed_value")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class CollectionWriting:
    """What changes members of collections."""

    def __init__(self, session: Session, blobs: SqlBlobs) -> None:
        self._session = session
        self._objects = SqlObjects(session)
        self._blobs = blobs
        self._by_item = session.dialect.by_index("binding_item")

    def create(
        self,
        account_id: int,
        type: int,
        parent_id: int,
        segment: str,
        *,
        now: int,
        mark: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> Member:
        """See ``store.collections``."""
        if parent_id > 0 and self.type_of(account_id, parent_id) != type:
            raise NotFound
        self.refuse_taken(account_id, parent_id, segment)
        made = self._objects.insert(account_id, type, now=now, data=data)
        self._session.later(
            "INSERT INTO collection(account_id, id, type, parent_id, segment, seq) VALUES (?, ?, ?, ?, ?, ?)",
            *(account_id, made.id, type, parent_id, segment, made.seq),
        )
        member = Member(
            parent_id, segment, made.id, type, True, made.seq, made.seq, False, mark, 0, made.created_at, now
        )
        self.bind(account_id, type, member)
        return member

    def put(
        self,
        account_id: int,
        collection_id: int,
        segment: str,
        item: NewItem,
        *,
        now: int,
        id: int | None = None,
        is_new: bool = False,
    ) -> tuple[Member, bool]:
        """See ``store.collections``."""
        if is_new:
            home_type, there = self.type_of(account_id, collection_id), None
        else:
            home_type, there = self._place(account_id, collection_id, segment)
        if there is not None and there.is_collection:
            raise Conflict(_TAKEN, "segment")
        size = len(item.octets) if item.octets is not None else item.size
        whole = size if item.octets is None else size + item.size  # what the account uses
        given: dict[str, Any] = {"uid": item.uid, "blob": item.blob, "size": whole, "data": item.data}
        if there is None:
            made = self._objects.insert(account_id, ITEMS[home_type], now=now, id=id, **given)
            member = Member(
                *(collection_id, segment, made.id, made.type, False, made.seq, made.seq, False),
                *(item.mark, size, now, now),
                None if item.data is None else dict(item.data),
            )
            self.bind(account_id, home_type, member)
        else:
            old = self._objects.get(account_id, there.item_id)
            seq = self._objects.allocate(account_id)[0]
            self._objects.update(account_id, there.item_id, now=now, seq=seq, **given)
            if old is not None and old.blob is not None and old.blob != item.blob:
                self._blobs.unlink(account_id, there.item_id, now, old.blob)
            self._touch(account_id, there.item_id, seq, item.mark, size, now)
            member = msgspec.structs.replace(
                there, seq=seq, mark=item.mark, size=size, modified_at=now, data=given["data"]
            )
            self._forget(account_id, [there.item_id], ("span", "indexed_value"))
        self._keep(account_id, member.item_id, item)
        return member, there is None

    def update(self, account_id: int, id: int, *, now: int, data: Mapping[str, Any] | None, mark: int = 0) -> Member:
        """See ``store.collections``; a ``mark`` of 0 leaves what there is."""
        seq = self._objects.allocate(account_id)[0]
        self._objects.update(account_id, id, now=now, seq=seq, data=data)
        self._session.later("UPDATE collection SET seq = ? WHERE account_id = ? AND id = ?", seq, account_id, id)
        self._touch(account_id, id, seq, mark, None, now)
        return self.places(account_id, id)[0]

    def link(self, account_id: int, item_id: int, collection_id: int, segment: str, *, now: int) -> Member:
        """See ``store.collections``."""
        home_type = self.type_of(account_id, collection_id)
        places = self.places(account_id, item_id)
        if not places or places[0].is_collection or places[0].type != ITEMS[home_type]:
            raise NotFound
        self.refuse_taken(account_id, collection_id, segment)
        seq = self._objects.allocate(account_id)[0]
        self._objects.update(account_id, item_id, now=now, seq=seq)
        member = msgspec.structs.replace(
            places[0], collection_id=collection_id, segment=segment, added_seq=seq, seq=seq, data=None
        )
        self.bind(account_id, home_type, member)
        return member

    def move(
        self, account_id: int, collection_id: int, segment: str, to_collection_id: int, to_segment: str, *, now: int
    ) -> Member:
        """See ``store.collections``."""
        member = self.named(account_id, collection_id, segment)
        if member is None:
            raise NotFound
        home_type = self.type_of(account_id, to_collection_id)
        self.refuse_taken(account_id, to_collection_id, to_segment)
        if member.is_collection and self.is_inside(account_id, to_collection_id, member.item_id):
            raise Conflict(_INSIDE, "segment")
        first, last = self._objects.allocate(account_id, 2)
        self._unbind(account_id, member, first)
        self._objects.update(account_id, member.item_id, now=now, seq=last)
        moved = msgspec.structs.replace(
            member, collection_id=to_collection_id, segment=to_segment, added_seq=last, seq=last
        )
        self.bind(account_id, home_type, moved)
        if member.is_collection:
            self._session.later(
                "UPDATE collection SET parent_id = ?, segment = ?, seq = ? WHERE account_id = ? AND id = ?",
                *(to_collection_id, to_segment, last, account_id, member.item_id),
            )
            self._touch_below(account_id, home_type, member.item_id)
        return moved

    def remove(self, account_id: int, collection_id: int, segment: str, *, now: int) -> Member:
        """See ``store.collections``."""
        member = self.named(account_id, collection_id, segment)
        if member is None:
            raise NotFound
        seq = self._objects.allocate(account_id)[0]
        self._unbind(account_id, member, seq)
        if member.is_collection:
            self._remove_below(account_id, member.item_id, now)
            self._session.later("DELETE FROM collection WHERE account_id = ? AND id = ?", account_id, member.item_id)
            self._objects.kill(account_id, member.item_id, now=now, seq=seq)
            self._forget_shared(account_id, [member.item_id])
        elif self.places(account_id, member.item_id):
            self._objects.update(account_id, member.item_id, now=now, seq=seq)
        else:
            self._objects.kill(account_id, member.item_id, now=now, seq=seq)
            self._blobs.unlink(account_id, member.item_id, now)
            self._forget(account_id, [member.item_id], _OF_ITEM)
            self._forget_shared(account_id, [member.item_id])
        return member

    def places(self, account_id: int, item_id: int) -> list[Member]:
        """See ``store.collections``."""
        ask = f"SELECT {MEMBER} FROM binding AS b{self._by_item}"
        asked = (account_id, bounded(item_id))
        found = self._session.recalled(
            *("binding", ("of", *asked)),
            lambda: self._session.all(f"{ask} WHERE b.account_id = ? AND b.item_id = ? AND b.dead = 0", *asked),
        )
        return [as_member(columns) for columns in found]

    def named(self, account_id: int, collection_id: int, segment: str) -> Member | None:
        """The live member of this name."""
        found = self._session.one(
            f"SELECT {MEMBER} FROM binding AS b WHERE b.account_id = ? AND b.collection_id = ? AND b.segment = ?"
            " AND b.dead = 0",
            *(account_id, bounded(collection_id), segment),
        )
        return as_member(found) if found else None

    def refuse_taken(self, account_id: int, collection_id: int, segment: str) -> None:
        """Raises Conflict where something has the name."""
        there = self.named(account_id, collection_id, segment)
        if there is not None:
            raise Conflict(_TAKEN, "segment", ("Member", there.item_id))

    def type_of(self, account_id: int, collection_id: int) -> int:
        """The type of a collection, or the one that the home is of."""
        if collection_id < 0:
            return -collection_id
        found = self.node(account_id, collection_id)
        if found is None:
            raise NotFound
        return found[0]

    def node(self, account_id: int, id: int) -> tuple[int, int, str] | None:
        """Type, parent and name of a collection."""
        return self._session.recalled(
            *("collection", ("node", account_id, id)),
            lambda: self._session.one(
                "SELECT type, parent_id, segment FROM collection WHERE account_id = ? AND id = ?",
                *(account_id, bounded(id)),
            ),
        )

    def _place(self, account_id: int, collection_id: int, segment: str) -> tuple[int, Member | None]:
        """The same, with the live member of a name."""
        if collection_id < 0:
            return -collection_id, self.named(account_id, collection_id, segment)
        found = self._session.one(
            f"SELECT c.type, {MEMBER} FROM collection AS c LEFT JOIN binding AS b ON b.account_id = c.account_id"
            " AND b.collection_id = c.id AND b.segment = ? AND b.dead = 0 WHERE c.account_id = ? AND c.id = ?",
            *(segment, account_id, bounded(collection_id)),
        )
        if not found:
            raise NotFound
        return found[0], None if found[1] is None else as_member(found[1:])

    def bind(self, account_id: int, home_type: int, member: Member) -> None:
        """Write down that a member is in its collection."""
        # A name that has its tombstone goes on with it: who has synchronised before has to hear of its end.
        id = member.item_id
        self._session.recall.forget("binding", ("of", account_id, id), ("places", account_id, member.type, (id,)))
        self._session.add(
            "INSERT INTO binding(account_id, collection_id, segment, item_id, home, type, is_collection, added_seq,"
            " bound_seq, seq, dead, mark, size, created_at, modified_at, collated)",
            *(account_id, member.collection_id, member.segment, member.item_id, home_type, member.type),
            *(int(member.is_collection), member.added_seq, member.seq, member.seq, 0, member.mark, member.size),
            *(member.created_at, member.modified_at, collated(member.segment, home_type)),
            then=" ON CONFLICT (account_id, collection_id, segment)"
            " DO UPDATE SET item_id = excluded.item_id, type = excluded.type, is_collection = excluded.is_collection,"
            " bound_seq = excluded.bound_seq, seq = excluded.seq, dead = 0,"
            " mark = excluded.mark, size = excluded.size, created_at = excluded.created_at,"
            " modified_at = excluded.modified_at, collated = excluded.collated",
        )
        self._count(account_id, member.collection_id, member.seq, 1)

    def _unbind(self, account_id: int, member: Member, seq: int) -> None:
        self._session.later(
            "UPDATE binding SET dead = 1, seq = ?, size = 0 WHERE account_id = ? AND collection_id = ? AND segment = ?",
            *(seq, account_id, member.collection_id, member.segment),
        )
        self._count(account_id, member.collection_id, seq, -1)

    def _count(self, account_id: int, collection_id: int, seq: int, by: int) -> None:
        if collection_id > 0:
            self._session.settle(
                "UPDATE collection SET items = items + ?, seq = ? WHERE account_id = ? AND id = ?",
                *(seq, account_id, collection_id),
                of=(account_id, collection_id),
                more=by,
            )

    def _touch(self, account_id: int, item_id: int, seq: int, mark: int, size: int | None, now: int) -> None:
        """The item is another one in all its places."""
        changed, values = "seq = ?, modified_at = ?", [seq, now]
        if mark:
            changed, values = f"{changed}, mark = ?", [*values, mark]
        if size is not None:
            changed, values = f"{changed}, size = ?", [*values, size]
        places = self._session.all(
            f"UPDATE binding{self._by_item} SET {changed} WHERE account_id = ? AND item_id = ? AND dead = 0"
            " RETURNING collection_id",
            *(*values, account_id, item_id),
        )
        for (collection_id,) in places:
            self._count(account_id, collection_id, seq, 0)

    def _keep(self, account_id: int, id: int, item: NewItem) -> None:
        """What goes with an item that was written."""
        if item.octets is not None:
            self._session.add(
                "INSERT INTO content(account_id, id, octets)",
                *(account_id, id, item.octets),
                then=" ON CONFLICT (account_id, id) DO UPDATE SET octets = excluded.octets",
            )
            self._session.recall.put("content", (account_id, id), (item.octets,))
        if item.blob is not None:
            self._blobs.link(item.blob, account_id, id)
        for hash in item.held:
            self._blobs.link(hash, account_id, id)
        if item.span is not None:
            self._keep_span(account_id, id, item.span)
        add_values(self._session, account_id, id, item.values)

    def _keep_span(self, account_id: int, id: int, span: Span) -> None:
        self._session.later(
            "INSERT INTO span(account_id, id, kind, first_at, last_at, periods, alarm_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(account_id, id, span.kind, bounded(span.first_at), bounded(span.last_at), span.periods, span.alarm_at),
        )

    def is_inside(self, account_id: int, collection_id: int, ancestor: int) -> bool:
        """Whether a collection is another one or below it."""
        for _ in range(_DEEPEST):
            if collection_id == ancestor:
                return True
            found = self._session.one(
                "SELECT parent_id FROM collection WHERE account_id = ? AND id = ?", account_id, bounded(collection_id)
            )
            if not found:
                return False
            collection_id = found[0]
        return True

    def _below(self, account_id: int, id: int) -> list[int]:
        """The collection and all that are inside of it, from the outermost on."""
        found = [id]
        for each in found:
            found += (
                child
                for (child,) in self._session.all(
                    "SELECT id FROM collection WHERE account_id = ? AND parent_id = ?", account_id, each
                )
            )
        return found

    def _touch_below(self, account_id: int, type: int, id: int) -> None:
        """All that is inside of a collection of a type has another path: its bindings change, one by one in the log."""
        inside = self._numbers(self._below(account_id, id))
        numbers = self._session.dialect.numbers
        live = f"account_id = ? AND dead = 0 AND collection_id IN ({numbers})"
        (count,) = self._session.one(f"SELECT COUNT(*) FROM binding WHERE {live}", account_id, inside)
        if count:
            begin = self._objects.allocate(account_id, count)[0] - 1
            self._session.later(
                "UPDATE binding SET seq = ? + n.place FROM (SELECT collection_id, segment,"
                f" ROW_NUMBER() OVER (ORDER BY seq) AS place FROM binding WHERE {live}) AS n"
                " WHERE binding.account_id = ? AND binding.collection_id = n.collection_id"
                " AND binding.segment = n.segment",
                *(begin, account_id, inside, account_id),
            )
            self._session.later(
                f"UPDATE collection SET seq = ? WHERE account_id = ? AND id IN ({numbers})",
                *(begin + count, account_id, inside),
            )
            self._objects.follow(account_id, ITEMS[type], begin + count)

    def _remove_below(self, account_id: int, id: int, now: int) -> None:
        """Destroy what is inside of a collection and nowhere else."""
        collections = self._below(account_id, id)
        inside, numbers = self._numbers(collections), self._session.dialect.numbers
        bound = self._session.all(
            f"SELECT DISTINCT item_id FROM binding WHERE account_id = ? AND dead = 0 AND is_collection = 0"
            f" AND collection_id IN ({numbers})",
            *(account_id, inside),
        )
        self._session.later(
            f"DELETE FROM binding WHERE account_id = ? AND collection_id IN ({numbers})", account_id, inside
        )
        items = self._numbers(item for (item,) in bound)
        left = self._session.all(
            f"SELECT DISTINCT item_id FROM binding{self._by_item} WHERE account_id = ? AND dead = 0"
            f" AND item_id IN ({numbers})",
            *(account_id, items),
        )
        elsewhere = {item for (item,) in left}
        for item in elsewhere:
            self._objects.update(account_id, item, now=now)
        gone = [item for (item,) in bound if item not in elsewhere]
        self._objects.kill_many(account_id, [*gone, *collections[1:]], now=now)
        self._blobs.unlink_many(account_id, gone, now)
        self._forget(account_id, gone, _OF_ITEM)
        self._forget_shared(account_id, [*gone, *collections[1:]])
        self._session.later(
            f"DELETE FROM collection WHERE account_id = ? AND id IN ({numbers})",
            *(account_id, self._numbers(collections[1:])),
        )

    def _forget(self, account_id: int, ids: Sequence[int], tables: Sequence[str]) -> None:
        for table in tables:
            self._session.later(
                f"DELETE FROM {table} WHERE account_id = ? AND id IN ({self._session.dialect.numbers})",
                *(account_id, self._numbers(ids)),
            )

    def _forget_shared(self, account_id: int, ids: Sequence[int]) -> None:
        forget_shares(self._session, account_id, ids)
        self._session.later(
            f"DELETE FROM pref WHERE account_id = ? AND obj_id IN ({self._session.dialect.numbers})",
            *(account_id, self._numbers(ids)),
        )

    @staticmethod
    def _numbers(ids: Any) -> str:
        return msgspec.json.encode(list(ids)).decode()


def add_values(session: Session, account_id: int, id: int, values: Sequence[tuple[str, str]]) -> None:
    """Have an item that is found by nothing be found by these."""
    for number, (property, value) in enumerate(values):
        session.add(
            "INSERT INTO indexed_value(account_id, property, id, number, value)",
            *(account_id, property, id, number, value),
        )


def as_member(columns: tuple[Any, ...]) -> Member:
    """A row of the columns ``MEMBER``, with the data of its object behind them where that was asked for."""
    values = list(columns)
    values[4], values[7] = bool(values[4]), bool(values[7])
    if len(values) > 12 and values[12] is not None:
        values[12] = _decode(values[12])
    return Member(*values)
