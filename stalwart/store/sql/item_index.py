"""Items of collections by the values that they are indexed by, by their collections and by their times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stalwart.store.collection_rows import Placed
from stalwart.store.sql.collection_writing import add_values
from stalwart.store.sql.gathering import Gathering
from stalwart.store.sql.lists import bounded, possible, select_in
from stalwart.store.sql.session import Session


class SqlItemIndex:
    """``store.collections.ItemIndex`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gathering = Gathering(session)
        self._by_item = session.dialect.by_index("binding_item")

    def all(self, account_id: int, type: int, limit: int) -> list[int]:
        found = self._session.all(
            "SELECT id FROM obj WHERE account_id = ? AND type = ? AND dead = 0 ORDER BY +id LIMIT ?",
            *(account_id, type, bounded(limit)),
        )
        return [id for (id,) in found]

    def inside(self, account_id: int, collection_ids: Iterable[int]) -> set[int]:
        ids = msgspec.json.encode([bounded(id) for id in collection_ids]).decode()
        source = (
            "binding AS b WHERE b.account_id = ? AND b.dead = 0 AND b.is_collection = 0"
            f" AND b.collection_id IN ({self._session.dialect.numbers})"
        )
        return set(self._gathering.ids("DISTINCT b.item_id", [source], account_id, ids)[0])

    def places(self, account_id: int, type: int, ids: Iterable[int]) -> dict[int, list[Placed]]:
        found: dict[int, list[Placed]] = {}
        ids = tuple(ids)

        def ask() -> list[Any]:
            return select_in(
                self._session,
                f"SELECT b.item_id, b.collection_id, b.segment, b.added_seq FROM binding AS b{self._by_item}"
                " WHERE b.account_id = ? AND b.dead = 0 AND b.is_collection = 0 AND b.type = ? AND b.item_id IN",
                *(account_id, type),
                ids=ids,
            )

        rows = self._session.recalled("binding", ("places", account_id, type, ids), ask) if len(ids) == 1 else ask()
        for id, collection_id, segment, added_seq in rows:
            found.setdefault(id, []).append(Placed(collection_id, segment, added_seq))
        return found

    def times(self, account_id: int, type: int) -> dict[int, tuple[int, int]]:
        columns = "o.id, o.created_at, o.modified_at"
        found = self._gathering.rows(
            columns, "obj AS o WHERE o.account_id = ? AND o.type = ? AND o.dead = 0", account_id, type
        )
        return {id: (created_at, modified_at) for id, created_at, modified_at in found}

    def ids(self, account_id: int, property: str, containing: Sequence[str] = ()) -> set[int]:
        source, values = _indexed(account_id, property, containing)
        return set(self._gathering.ids("DISTINCT v.id", [source], *values)[0])

    def values(self, account_id: int, property: str, containing: Sequence[str] = ()) -> dict[int, str]:
        source, values = _indexed(account_id, property, containing)
        return dict(self._gathering.rows("v.id, v.value", source, *values))

    def values_of(self, account_id: int, property: str, ids: Iterable[int]) -> dict[int, str]:
        statement = "SELECT id, value FROM indexed_value WHERE account_id = ? AND property = ? AND id IN"
        return dict(select_in(self._session, statement, account_id, property, ids=possible(ids)))

    def without(self, account_id: int, type: int, property: str, limit: int) -> list[int]:
        found = self._session.all(
            "SELECT o.id FROM obj AS o WHERE o.account_id = ? AND o.type = ? AND o.dead = 0 AND NOT EXISTS (SELECT 1"
            " FROM indexed_value AS v WHERE v.account_id = o.account_id AND v.property = ? AND v.id = o.id) LIMIT ?",
            *(account_id, type, property, limit),
        )
        return [id for (id,) in found]

    def replace(self, account_id: int, id: int, values: Sequence[tuple[str, str]]) -> None:
        self._session.later("DELETE FROM indexed_value WHERE account_id = ? AND id = ?", account_id, id)
        add_values(self._session, account_id, id, values)


def _indexed(account_id: int, property: str, containing: Sequence[str]) -> tuple[str, list[Any]]:
    tests = " AND v.value LIKE ? ESCAPE '\\'" * len(containing)
    patterns = [f"%{escaped_pattern(text)}%" for text in containing]
    return f"indexed_value AS v WHERE v.account_id = ? AND v.property = ?{tests}", [account_id, property, *patterns]


def escaped_pattern(text: str) -> str:
    """A text as a pattern of LIKE that means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
