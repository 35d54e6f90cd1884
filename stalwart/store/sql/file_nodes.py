"""Files and folders by their numbers. Each is in one place, so its binding is found by its number alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stalwart.codec.collations import unicode_casemap
from stalwart.store.collection_rows import FileNode, NodeOrder, home
from stalwart.store.object_types import FILE_NODE
from stalwart.store.sql.lists import bounded, select_in
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.session import Session

_NODE = "b.item_id, b.collection_id, b.segment, b.is_collection, b.size, b.created_at, b.modified_at"
_DEEPEST = 256
_COLLATED = "a.collated IS NOT NULL AND a.collated"
_SAME = "a.collated = b.collated AND a.item_id < b.item_id"
_ORDERS = {
    NodeOrder.SEGMENT: (" ORDER BY segment", ("a.segment < b.segment",)),
    NodeOrder.NAME: (
        " AND collated IS NOT NULL ORDER BY collated, item_id",
        (f"{_COLLATED} < b.collated", _SAME),
    ),
    NodeOrder.NAME_DESCENDING: (
        " AND collated IS NOT NULL ORDER BY collated DESC, item_id",
        (f"{_COLLATED} > b.collated", _SAME),
    ),
}
"""How each order is written, and what comes before ``b`` in it."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlFileNodes:
    """``store.collections.FileNodes`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._objects = SqlObjects(session)
        self._by_item = session.dialect.by_index("binding_item")
        self._by_home = session.dialect.by_index("binding_home")
        self._uncollated = session.dialect.by_index("binding_uncollated")

    def many(self, account_id: int, ids: Iterable[int]) -> dict[int, FileNode]:
        found = select_in(
            self._session,
            f"SELECT {_NODE}, o.blob, o.data FROM binding AS b{self._by_item} CROSS JOIN obj AS o"
            " WHERE b.account_id = ? AND b.dead = 0 AND b.home = ? AND o.account_id = b.account_id"
            " AND o.id = b.item_id AND b.item_id IN",
            *(account_id, FILE_NODE),
            ids=ids,
        )
        return {columns[0]: _node(columns) for columns in found}

    def above(self, account_id: int, ids: Iterable[int]) -> dict[int, FileNode]:
        found: dict[int, FileNode] = {}
        rows = self._session.all(
            f"SELECT DISTINCT b.collection_id FROM binding AS b{self._by_item} WHERE b.account_id = ? AND b.dead = 0"
            f" AND b.home = ? AND b.item_id IN ({self._session.dialect.numbers})",
            *(account_id, FILE_NODE, msgspec.json.encode([bounded(id) for id in ids]).decode()),
        )
        wanted = {parent_id for (parent_id,) in rows}
        for _ in range(_DEEPEST):
            wanted = {id for id in wanted if id > 0 and id not in found}
            if not wanted:
                break
            outer = self.many(account_id, sorted(wanted))
            found |= outer
            wanted = {node.parent_id for node in outer.values()}
        return found

    def inside(self, account_id: int, folder_ids: Iterable[int], *, with_data: bool = False) -> list[FileNode]:
        ids = msgspec.json.encode([bounded(id) for id in folder_ids]).decode()
        return self._listed(f"b.collection_id IN ({self._session.dialect.numbers})", with_data, account_id, ids)

    def all(self, account_id: int, *, with_data: bool = False) -> list[FileNode]:
        return self._listed("b.home = ?", with_data, account_id, FILE_NODE, by=self._by_home)

    def folders_below(self, account_id: int, folder_id: int) -> dict[int, int]:
        by_parent = self._session.dialect.by_index("collection_parent")
        found = self._session.all(
            "WITH RECURSIVE inside(id, level) AS (SELECT CAST(? AS BIGINT), 0 UNION ALL SELECT c.id, inside.level + 1"
            f" FROM inside CROSS JOIN collection AS c{by_parent} WHERE c.account_id = ? AND c.type = ?"
            " AND c.parent_id = inside.id AND inside.level < ?) SELECT id, level FROM inside ORDER BY level",
            *(bounded(folder_id), account_id, FILE_NODE, _DEEPEST),
        )
        return dict(found)

    def count(self, account_id: int, folder_id: int) -> int:
        if folder_id > 0:
            found = self._session.one(
                "SELECT items FROM collection WHERE account_id = ? AND id = ?", account_id, bounded(folder_id)
            )
        else:
            found = self._session.one(
                "SELECT COUNT(*) FROM binding WHERE account_id = ? AND collection_id = ? AND dead = 0",
                *(account_id, home(FILE_NODE)),
            )
        return int(found[0]) if found else 0

    def page(
        self, account_id: int, folder_id: int, offset: int, limit: int, order: NodeOrder = NodeOrder.SEGMENT
    ) -> list[int]:
        rest, _ = _ORDERS[order]
        found = self._session.all(
            f"SELECT item_id FROM binding WHERE account_id = ? AND collection_id = ? AND dead = 0{rest}"
            " LIMIT ? OFFSET ?",
            *(account_id, bounded(folder_id), bounded(limit), bounded(offset)),
        )
        return [id for (id,) in found]

    def position(self, account_id: int, folder_id: int, id: int, order: NodeOrder = NodeOrder.SEGMENT) -> int | None:
        _, before = _ORDERS[order]
        counts = " + ".join(
            "(SELECT COUNT(*) FROM binding AS a WHERE a.account_id = b.account_id"
            f" AND a.collection_id = b.collection_id AND a.dead = 0 AND {each})"
            for each in before
        )
        found = self._session.one(
            f"SELECT {counts} FROM binding AS b{self._by_item}"
            " WHERE b.account_id = ? AND b.item_id = ? AND b.collection_id = ? AND b.dead = 0",
            *(account_id, bounded(id), bounded(folder_id)),
        )
        return int(found[0]) if found else None

    def are_collated(self, account_id: int, folder_id: int) -> bool:
        found = self._session.one(
            f"SELECT 1 FROM binding{self._uncollated} WHERE account_id = ? AND collection_id = ? AND dead = 0"
            f" AND collated IS NULL AND home = {FILE_NODE} LIMIT 1",
            *(account_id, bounded(folder_id)),
        )
        return not found

    def note_changed(self, account_id: int, ids: Sequence[int]) -> None:
        self._objects.touch_many(account_id, FILE_NODE, ids)

    def _listed(self, condition: str, with_data: bool, *values: Any, by: str = "") -> list[FileNode]:
        if not with_data:
            found = self._session.all(
                f"SELECT {_NODE} FROM binding AS b{by} WHERE b.account_id = ? AND b.dead = 0 AND {condition}", *values
            )
            return [
                FileNode(id, parent_id, name, bool(is_folder), size, created_at, modified_at)
                for id, parent_id, name, is_folder, size, created_at, modified_at in found
            ]
        found = self._session.all(
            f"SELECT {_NODE}, o.blob, o.data FROM binding AS b{by} CROSS JOIN obj AS o WHERE b.account_id = ?"
            f" AND b.dead = 0 AND {condition} AND o.account_id = b.account_id AND o.id = b.item_id",
            *values,
        )
        return [_node(columns) for columns in found]


def collated(segment: str, home_type: int) -> str | None:
    """What a binding of a home of this type is sorted by."""
    return unicode_casemap(segment) if home_type == FILE_NODE else None


def _node(columns: tuple[Any, ...]) -> FileNode:
    id, parent_id, name, is_folder, size, created_at, modified_at, blob, data = columns
    return FileNode(
        *(id, parent_id, name, bool(is_folder), size, created_at, modified_at),
        None if blob is None else bytes(blob),
        None if data is None else _decode(data),
    )
