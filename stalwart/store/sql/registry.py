"""Settings objects: one JSON row each, unique values and references as rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.store.rows import Row
from stalwart.store.sql.session import Session
from stalwart.store.store import Key, Reference, References

_LARGEST = (1 << 63) - 1
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlRegistry:
    """``store.Registry`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, type: str, id: int) -> Row | None:
        if not 0 <= id <= _LARGEST:
            return None
        found = self._session.one("SELECT id, revision, data FROM registry WHERE type = ? AND id = ?", type, id)
        return _row(found) if found else None

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
    ) -> Row:
        text = _text(data)
        with self._session.savepoint():
            self._advance(type, id, text, revision)
            self._replace_keys(type, id, set(keys))
            self._replace_links(type, id, set(links))
        return Row(id, revision + 1, dict(data))

    def delete(self, type: str, id: int) -> None:
        if self.get(type, id) is None:
            raise NotFound
        holders = [holder for holder in self.linked_from(type, id) if holder != (type, id)]
        if holders:
            raise Linked(holders)
        self._session.run("DELETE FROM registry_key WHERE type = ? AND id = ?", type, id)
        self._session.run("DELETE FROM registry_link WHERE type = ? AND id = ?", type, id)
        self._session.run("DELETE FROM registry WHERE type = ? AND id = ?", type, id)

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

    def next_id(self, type: str, first: int = 1) -> int:
        number: int = self._session.one(
            "INSERT INTO registry_sequence(type, last) VALUES (?, ?)"
            " ON CONFLICT (type) DO UPDATE SET last = registry_sequence.last + 1 RETURNING last",
            *(type, first),
        )[0]
        return number

    def _advance(self, type: str, id: int, text: str, revision: int) -> None:
        if self.get(type, id) is None:
            raise NotFound
        advanced = self._session.changed(
            "UPDATE registry SET data = ?, revision = revision + 1 WHERE type = ? AND id = ? AND revision = ?",
            text,
            type,
            id,
            revision,
        )
        if not advanced:
            raise Conflict

    def _add_keys(self, type: str, id: int, keys: set[Key]) -> None:
        for space, value in sorted(keys):
            added = self._session.changed(
                "INSERT INTO registry_key(space, value, type, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                space,
                value,
                type,
                id,
            )
            if not added:
                raise Conflict("The value is taken.", space, self.lookup(space, value))

    def _replace_keys(self, type: str, id: int, keys: set[Key]) -> None:
        held = set(self._session.all("SELECT space, value FROM registry_key WHERE type = ? AND id = ?", type, id))
        for space, value in held - keys:
            self._session.run("DELETE FROM registry_key WHERE space = ? AND value = ?", space, value)
        self._add_keys(type, id, keys - held)

    def _add_links(self, type: str, id: int, links: set[Reference]) -> None:
        for target in sorted(links):
            if self.get(*target) is None:
                raise DanglingReference(target)
            self._session.run(
                "INSERT INTO registry_link(type, id, target_type, target_id) VALUES (?, ?, ?, ?)",
                type,
                id,
                *target,
            )

    def _replace_links(self, type: str, id: int, links: set[Reference]) -> None:
        held = set(
            self._session.all("SELECT target_type, target_id FROM registry_link WHERE type = ? AND id = ?", type, id)
        )
        for target in held - links:
            self._session.run(
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
