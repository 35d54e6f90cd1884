"""Settings objects: one JSON row each; unique values, references and what they are found by as rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stalwart.codec.ids import lettered
from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.store.registry import Ids, Indexed, Key, Reference, References
from stalwart.store.rows import Row, Term
from stalwart.store.sql.lists import insert_new, select_in
from stalwart.store.sql.registry_index import RegistryIndex
from stalwart.store.sql.registry_search import RegistrySearch
from stalwart.store.sql.session import Session

_LARGEST = (1 << 63) - 1
_CHANGES = " changes"  # no type has a blank in its name
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlRegistry:
    """``store.Registry`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._index = RegistryIndex(session)
        self._search = RegistrySearch(session)

    def get(self, type: str, id: int) -> Row | None:
        if not 0 <= id <= _LARGEST:
            return None
        found = self._session.recalled(
            *("registry", (type, id)),
            lambda: self._session.one("SELECT id, revision, data FROM registry WHERE type = ? AND id = ?", type, id),
        )
        return _row(found) if found else None

    def many(self, type: str, ids: Iterable[int]) -> dict[int, Row]:
        ids = list(ids)
        statement = "SELECT id, revision, data FROM registry WHERE type = ? AND id IN"
        rows = {columns[0]: _row(columns) for columns in select_in(self._session, statement, type, ids=ids)}
        return {id: rows[id] for id in ids if id in rows}

    def list(self, type: str, after: int = -1, limit: int | None = None) -> list[Row]:
        if after >= _LARGEST:
            return []
        found = self._session.all(
            "SELECT id, revision, data FROM registry WHERE type = ? AND id > ? ORDER BY id LIMIT ?",
            type,
            after,
            _LARGEST if limit is None else limit,
        )
        return [_row(columns) for columns in found]

    def count(self, type: str) -> int:
        return int(self._session.one("SELECT COUNT(*) FROM registry WHERE type = ?", type)[0])

    def insert(
        self,
        type: str,
        data: Mapping[str, Any],
        *,
        id: int,
        keys: Iterable[Key] = (),
        links: Iterable[Reference] = (),
        index: Iterable[Indexed] = (),
    ) -> Row:
        text = _text(data)
        with self._session.savepoint():
            inserted = self._session.changed(
                "INSERT INTO registry(type, id, revision, data) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING",
                type,
                id,
                text,
            )
            if not inserted:
                raise Conflict(f"There is a {type} with this id already.", "id", (type, id))
            self._add_keys(type, id, set(keys))
            self._add_links(type, id, set(links))
            self._index.add(type, id, index)
            self._count_change(type)
        return Row(id, 1, dict(data))

    def update(
        self,
        type: str,
        id: int,
        data: Mapping[str, Any],
        *,
        revision: int,
        keys: Iterable[Key],
        links: Iterable[Reference],
        index: Iterable[Indexed] = (),
    ) -> Row:
        text = _text(data)
        with self._session.savepoint():
            self._advance(type, id, text, revision)
            self._replace_keys(type, id, set(keys))
            self._replace_links(type, id, set(links))
            self._index.replace(type, id, set(index))
            self._count_change(type)
        return Row(id, revision + 1, dict(data))

    def delete(self, type: str, id: int) -> None:
        if not self._exists(type, id):
            raise NotFound
        holders = [holder for holder in self.linked_from(type, id) if holder != (type, id)]
        if holders:
            raise Linked(holders)
        self._session.later("DELETE FROM registry_key WHERE type = ? AND id = ?", type, id)
        self._session.later("DELETE FROM registry_link WHERE type = ? AND id = ?", type, id)
        self._index.remove(type, id)
        self._session.later("DELETE FROM registry WHERE type = ? AND id = ?", type, id)
        self._count_change(type)

    def changes(self, type: str) -> int:
        found = self._session.one("SELECT last FROM registry_sequence WHERE type = ?", type + _CHANGES)
        return int(found[0]) if found else 0

    def lookup(self, space: str, key: str) -> Reference | None:
        found: Reference | None = self._session.one(
            "SELECT type, id FROM registry_key WHERE space = ? AND value = ?", space, key
        )
        return found

    def linked_from(self, type: str, id: int) -> References:
        return self._session.all(
            "SELECT type, id FROM registry_link WHERE target_type = ? AND target_id = ? ORDER BY type, id",
            *(type, id),
        )

    def _count_change(self, type: str) -> None:
        self._session.later(
            "INSERT INTO registry_sequence(type, last) VALUES (?, 1)"
            " ON CONFLICT (type) DO UPDATE SET last = registry_sequence.last + 1",
            type + _CHANGES,
        )

    def next_id(self, type: str, first: int = 1) -> int:
        number: int = self._session.one(
            "INSERT INTO registry_sequence(type, last) VALUES (?, ?)"
            " ON CONFLICT (type) DO UPDATE SET last = registry_sequence.last + 1 RETURNING last",
            *(type, first),
        )[0]
        if lettered(number) > number:
            number = lettered(number)
            self._session.later("UPDATE registry_sequence SET last = ? WHERE type = ?", number, type)
        return number

    def search(
        self,
        type: str,
        terms: Sequence[Term],
        *,
        sort: str | None = None,
        descending: bool = True,
        offset: int = 0,
        limit: int | None = None,
    ) -> Ids:
        return self._search.ids(type, terms, sort, descending, offset, limit)

    def count_matching(self, type: str, terms: Sequence[Term]) -> int:
        return self._search.count(type, terms)

    def position(
        self, type: str, terms: Sequence[Term], id: int, *, sort: str | None = None, descending: bool = True
    ) -> int | None:
        return self._search.position(type, terms, id, sort, descending) if 0 <= id <= _LARGEST else None

    def index_forms(self) -> dict[str, str]:
        return self._index.forms()

    def reindex(self, type: str, form: str, rows: Iterable[tuple[int, str, str]]) -> None:
        with self._session.savepoint():
            self._index.rebuild(type, form, rows)

    def _exists(self, type: str, id: int) -> bool:
        return (
            0 <= id <= _LARGEST
            and self._session.one("SELECT 1 FROM registry WHERE type = ? AND id = ?", type, id) is not None
        )

    def _advance(self, type: str, id: int, text: str, revision: int) -> None:
        if not self._exists(type, id):
            raise NotFound
        advanced = self._session.changed(
            "UPDATE registry SET data = ?, revision = revision + 1 WHERE type = ? AND id = ? AND revision = ?",
            *(text, type, id, revision),
        )
        if not advanced:
            raise Conflict

    def _add_keys(self, type: str, id: int, keys: set[Key]) -> None:
        rows = [(space, value, type, id) for space, value in sorted(keys)]
        added = insert_new(self._session, "INSERT INTO registry_key(space, value, type, id)", rows)
        if added == len(rows):
            return
        for space, value, *_ in rows:
            holder = self.lookup(space, value)
            if holder != (type, id):
                raise Conflict("The value is taken.", space, holder)

    def _replace_keys(self, type: str, id: int, keys: set[Key]) -> None:
        held = set(self._session.all("SELECT space, value FROM registry_key WHERE type = ? AND id = ?", type, id))
        for space, value in held - keys:
            self._session.later("DELETE FROM registry_key WHERE space = ? AND value = ?", space, value)
        self._add_keys(type, id, keys - held)

    def _add_links(self, type: str, id: int, links: set[Reference]) -> None:
        for target in sorted(links):
            if not self._exists(*target):
                raise DanglingReference(target)
        rows = [(type, id, *target) for target in sorted(links)]
        insert_new(self._session, "INSERT INTO registry_link(type, id, target_type, target_id)", rows)

    def _replace_links(self, type: str, id: int, links: set[Reference]) -> None:
        held = set(
            self._session.all("SELECT target_type, target_id FROM registry_link WHERE type = ? AND id = ?", type, id)
        )
        for target in held - links:
            self._session.later(
                "DELETE FROM registry_link WHERE type = ? AND id = ? AND target_type = ? AND target_id = ?",
                type,
                id,
                *target,
            )
        self._add_links(type, id, links - held)


def _row(columns: tuple[int, int, str]) -> Row:
    return Row(columns[0], columns[1], _decode(columns[2]))


def _text(data: Mapping[str, Any]) -> str:
    return msgspec.json.encode(data).decode()
