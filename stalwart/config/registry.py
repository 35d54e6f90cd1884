"""Settings objects in the store: create, read, update, destroy, the same for every type (settings A.3, A.4,
A.6, A.8).

Plain functions over a transaction. They raise the closed family only: ``ValidationFailed``, ``Conflict`` (its
``property`` is what the client knows the unique value by), ``DanglingReference``, ``Linked``, ``NotFound``.
Permissions, tenants and tasks that follow from a change are the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from attrs import frozen

from stalwart.codec.ids import SINGLETON, snowflake
from stalwart.config.index import index_rows
from stalwart.config.wire_form import wire
from stalwart.errors import Conflict, DanglingReference, NotFound
from stalwart.schema import (
    Declaration,
    Reference,
    UniqueKey,
    ValidationFailed,
    Violation,
    references,
    unique_keys,
)
from stalwart.store import Row, Transaction

__all__ = [
    "LARGEST_BODY",
    "Entry",
    "create",
    "defaults",
    "destroy",
    "get",
    "listed",
    "update",
    "wire",
]

LARGEST_BODY = 200_000  # settings A.1


@frozen
class Entry:
    """A stored object: its number, its revision (0: a singleton that was never written) and the instance."""

    id: int
    revision: int
    value: Any


def get(tx: Transaction, declaration: Declaration, id: int = SINGLETON) -> Entry | None:
    """The object, or None; a singleton that was never written is its defaults."""
    row = tx.registry.get(declaration.type_name, id)
    if row is not None:
        return _entry(declaration, row)
    return Entry(SINGLETON, 0, defaults(declaration)) if declaration.is_singleton and id == SINGLETON else None


def listed(tx: Transaction, declaration: Declaration, after: int = -1, limit: int | None = None) -> list[Entry]:
    """Objects with an id above ``after``, ascending; the one of a singleton always."""
    if declaration.is_singleton:
        entry = get(tx, declaration)
        return [entry] if entry is not None and after < SINGLETON else []
    return [_entry(declaration, row) for row in tx.registry.list(declaration.type_name, after, limit)]


def create(
    tx: Transaction,
    declaration: Declaration,
    data: Mapping[str, Any],
    *,
    now: float,
    id: int | None = None,
    by_server: bool = False,
) -> Entry:
    """A new object of wire members; ``now`` in seconds. ``id`` chooses the number (restoring an account).

    ``by_server``: our own code calls, so server-set members may be given. For a singleton it replaces the one
    there is.
    """
    value = declaration.from_wire(dict(data), by_server=by_server)
    if declaration.is_singleton:
        return _replace_singleton(tx, declaration, value, now)
    value = value.completed(None, int(now))
    number = id if id is not None else _new_id(tx, declaration, now)
    return _write(tx, declaration, Entry(number, 0, None), value)


def update(
    tx: Transaction,
    declaration: Declaration,
    id: int,
    patch: Mapping[str, Any],
    *,
    now: float,
    revision: int | None = None,
    by_server: bool = False,
) -> Entry:
    """Apply a PatchObject. ``revision`` is what the caller has read: another one now is a ``Conflict``."""
    entry = get(tx, declaration, id)
    if entry is None:
        raise NotFound
    if revision is not None and revision != entry.revision:
        raise Conflict
    value = declaration.patched(entry.value, patch, by_server=by_server).completed(entry.value, int(now))
    return _write(tx, declaration, entry, value)


def destroy(tx: Transaction, declaration: Declaration, id: int) -> None:
    """Remove an object that nothing refers to; a reference to itself does not count."""
    if declaration.is_singleton:
        raise ValidationFailed([Violation("invalidProperties", "", "Singletons cannot be created or destroyed.")])
    tx.registry.delete(declaration.type_name, id)


def defaults(declaration: Declaration) -> Any:
    """What a singleton is before anybody has written it."""
    kind = declaration if isinstance(declaration, type) else declaration.default
    return kind()


def _entry(declaration: Declaration, row: Row) -> Entry:
    return Entry(row.id, row.revision, declaration.from_stored(row.data))


def _new_id(tx: Transaction, declaration: Declaration, now: float) -> int:
    if declaration.ids == "sequential":
        return tx.registry.next_id(declaration.type_name, declaration.first_id)
    return snowflake(int(now * 1000), tx.registry.next_id("snowflake"))


def _replace_singleton(tx: Transaction, declaration: Declaration, value: Any, now: float) -> Entry:
    row = tx.registry.get(declaration.type_name, SINGLETON)
    entry = Entry(SINGLETON, row.revision if row is not None else 0, None)
    return _write(tx, declaration, entry, value.completed(None, int(now)))


def _write(tx: Transaction, declaration: Declaration, former: Entry, value: Any) -> Entry:
    """Store the object in place of ``former``, if the other objects agree with it."""
    assert declaration.stored, declaration
    name, me = declaration.type_name, (declaration.type_name, former.id)
    body = _body(value)
    keys = unique_keys(value)
    every = references(value)
    links = [link for link in every if (link.type, link.id) != me]  # who needs himself could never go
    for link in every:
        if (link.type, link.id) == me and link.variant is not None and link.variant != value.tag:
            raise DanglingReference(me, link.path)
    _check_references(tx, [link for link in links if link.variant is not None or _is_new(link, former.value)])
    found_by: dict[str, Any] = {
        "keys": [(key.space, key.key) for key in keys],
        "links": [(link.type, link.id) for link in links if link.binding],
        "index": index_rows(declaration, body),
    }
    try:
        if former.revision == 0:
            row = tx.registry.insert(name, body, id=former.id, **found_by)
        else:
            row = tx.registry.update(name, former.id, body, revision=former.revision, **found_by)
    except (Conflict, DanglingReference):
        _check_unique(tx, me, keys)
        _check_references(tx, [link for link in links if link.binding])
        raise
    return Entry(row.id, row.revision, value)


def _body(value: Any) -> dict[str, Any]:
    body: dict[str, Any] = value.to_stored()
    if len(msgspec.json.encode(body)) > LARGEST_BODY:
        raise ValidationFailed([Violation("validation", "id", fault="MaxLength", required=LARGEST_BODY)])
    return body


def _check_unique(tx: Transaction, me: tuple[str, int], keys: Iterable[UniqueKey]) -> None:
    """Say which property it is whose value is taken."""
    for key in keys:
        holder = tx.registry.lookup(key.space, key.key)
        if holder is not None and holder != me:
            raise Conflict(f"The value of {key.property} is already in use.", key.property, holder)


def _is_new(link: Reference, former: Any) -> bool:
    """Whether ``link`` does not bind and ``former`` did not have it: what it once referred to may be gone."""
    return not link.binding and (former is None or link not in references(former))


def _check_references(tx: Transaction, links: Iterable[Reference]) -> None:
    """Say where the reference is that leads nowhere, or to another kind of object."""
    for link in links:
        row = tx.registry.get(link.type, link.id)
        if row is None or (link.variant is not None and row.data.get("@type") != link.variant):
            raise DanglingReference((link.type, link.id), link.path)
