"""Settings objects: what they are found by, what they refer to, and the accounts that they describe.

What follows from an object is known by its declaration, so whoever checks brings ``Describe``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec
from attrs import frozen

from stalwart.store.checks.check import LOST, NAMED, Check, Found, Look, named
from stalwart.store.registry import Indexed, Key, Reference
from stalwart.store.rows import Row
from stalwart.store.sql.lists import insert_new
from stalwart.store.sql.registry import SqlRegistry
from stalwart.store.sql.session import Session

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_PAGE = 500
_NOBODY = "nobody can sign in to them: their settings objects are in the last backup"
_OBJECT = "EXISTS (SELECT 1 FROM registry AS r WHERE r.type = {0}.type AND r.id = {0}.id)"
_TARGET = (
    "EXISTS (SELECT 1 FROM registry AS r WHERE r.type = registry_link.target_type AND r.id = registry_link.target_id)"
)
_HIGHEST = "(SELECT MAX(r.id) FROM registry AS r WHERE r.type = registry_sequence.type)"
_BEHIND = f"type <> 'Account' AND last < {_HIGHEST}"  # ids that restored accounts have are passed over


@frozen
class Described:
    """What follows from a settings object. ``index`` is None where it is made in a form that is not this one's, and is
    made anew by the server; ``address`` and ``kind`` are those of the account that it describes, if it does.
    """

    keys: frozenset[Key] = frozenset()
    links: frozenset[Reference] = frozenset()
    index: frozenset[Indexed] | None = None
    address: str | None = None
    kind: str = ""


Describe = Callable[[SqlRegistry, str, Row], Described | None]
"""What follows from a settings object of a type; None if it cannot be read."""


def _left_over(what: str, table: str) -> Check:
    wrong = f"FROM {table} WHERE NOT {_OBJECT.format(table)}"
    return Check(f"{what} of settings objects that are gone", wrong, (f"DELETE {wrong}",), key="type, id")


REGISTRY = (
    _left_over("unique values", "registry_key"),
    _left_over("indexed values", "registry_index"),
    _left_over("references", "registry_link"),
    Check(
        "references to settings objects that are gone",
        f"FROM registry_link WHERE NOT {_TARGET}",
        key="type, id, target_type, target_id",
        advice="set other ones in the objects that have them, or take what is gone from the last backup",
    ),
    Check(
        "types of settings objects that would give ids away twice",
        f"FROM registry_sequence WHERE {_BEHIND}",
        (f"UPDATE registry_sequence SET last = {_HIGHEST} WHERE {_BEHIND}",),
        key="type",
    ),
)


def described(describe: Describe, sequential: Iterable[str] = ()) -> Look:
    """A look at what follows from settings objects, whose ids are given in a row in types that are ``sequential``."""

    def look(session: Session, now: int, repair: bool) -> Iterator[Found]:
        registry = SqlRegistry(session)
        yield from _sequences(session, sequential, repair)
        found: dict[str, list[tuple[str, int]]] = {}
        for (type,) in session.all("SELECT DISTINCT type FROM registry ORDER BY type"):
            after = -1
            while rows := session.all(
                "SELECT id, revision, data FROM registry WHERE type = ? AND id > ? ORDER BY id LIMIT ?",
                type,
                after,
                _PAGE,
            ):
                held = _held(session, type, rows[0][0], rows[-1][0])
                for id, revision, text in rows:
                    data = _read(text)
                    known = describe(registry, type, Row(id, revision, data)) if data is not None else None
                    if known is None:
                        found.setdefault("settings objects that cannot be read", []).append((type, id))
                        continue
                    for what in _look_at(session, type, id, known, held, repair):
                        found.setdefault(what, []).append((type, id))
                after = rows[-1][0]
        yield from _undescribed(session)
        for what, ids in found.items():
            yield Found(what, len(ids), named(["type", "id"], ids[: NAMED + 1]), LOST if repair else "")

    return look


def _read(text: str) -> dict[str, Any] | None:
    """The members of a settings object; None if it is no JSON object."""
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return None


def _sequences(session: Session, sequential: Iterable[str], repair: bool) -> Iterator[Found]:
    lost: list[tuple[str, int]] = []
    for type in set(sequential) - {"Account"}:  # whose ids are passed over where restored accounts have them
        (last,) = session.one(
            "SELECT MAX(id) FROM registry WHERE type = ? AND NOT EXISTS"
            " (SELECT 1 FROM registry_sequence AS s WHERE s.type = registry.type)",
            type,
        )
        if last is not None:
            lost.append((type, last))
    if lost and repair:
        insert_new(session, "INSERT INTO registry_sequence(type, last)", lost)
    if lost:
        yield Found(
            "types of settings objects that begin with their ids anew", len(lost), tuple(type for type, _ in lost)
        )


_Held = dict[str, dict[int, frozenset[tuple[str, str | int]]]]
_TABLES = {
    "registry_key": ("space", "value"),
    "registry_link": ("target_type", "target_id"),
    "registry_index": ("property", "value"),
}
_WORDS = {
    "registry_key": "settings objects that are not found by their unique values",
    "registry_link": "settings objects whose references are not known",
    "registry_index": "settings objects that are found by other values than they have",
}


def _held(session: Session, type: str, first: int, last: int) -> _Held:
    """What a page of objects is found by and refers to."""
    held: _Held = {}
    for table, columns in _TABLES.items():
        rows = session.all(
            f"SELECT id, {', '.join(columns)} FROM {table} WHERE type = ? AND id >= ? AND id <= ? ORDER BY id",
            *(type, first, last),
        )
        held[table] = {id: frozenset(row[1:] for row in some) for id, some in groupby(rows, key=lambda row: row[0])}
    return held


def _look_at(session: Session, type: str, id: int, known: Described, held: _Held, repair: bool) -> Iterator[str]:
    for table, wanted in (
        ("registry_key", known.keys),
        ("registry_link", known.links),
        ("registry_index", known.index),
    ):
        if wanted is None or wanted == held[table].get(id, frozenset()):
            continue
        yield _WORDS[table]
        if repair:
            first, second = _TABLES[table]
            session.later(f"DELETE FROM {table} WHERE type = ? AND id = ?", type, id)
            rows = [(type, id, *each) for each in sorted(wanted)]
            insert_new(session, f"INSERT INTO {table}(type, id, {first}, {second})", rows)
    if known.address is not None:
        yield from _account(session, id, known.address, known.kind, repair)


def _undescribed(session: Session) -> Iterator[Found]:
    wrong = (
        "FROM account WHERE substr(login, 1, 1) <> '#' AND NOT EXISTS"
        " (SELECT 1 FROM registry AS r WHERE r.type = 'Account' AND r.id = account.id)"
    )  # one that is being deleted begins so
    lost = Check("accounts whose settings object is gone", wrong, key="id, login", advice=_NOBODY)
    return lost.look(session, 0, False)


def _account(session: Session, id: int, address: str, kind: str, repair: bool) -> Iterator[str]:
    row = session.one("SELECT login, kind FROM account WHERE id = ?", id)
    if row == (address, kind) or (row is not None and row[0].startswith("#")):
        return
    yield "accounts that have no row, or one that says something else"
    if repair:
        taken = session.one("SELECT id FROM account WHERE login = ? AND id <> ?", address, id)
        if taken is None:
            session.later(
                "INSERT INTO account(id, login, kind) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET login = excluded.login, kind = excluded.kind",
                *(id, address, kind),
            )
