"""Slow work on what a client sends (parsing keys, reading files), done before the transaction in other threads.

``foresee`` reads what some members will be after each change and leaves what the work makes of them with the change;
``outcome`` takes it up inside the transaction. Where things turned out otherwise, because somebody else wrote meanwhile
or an object was made and changed in one call, the work is simply done there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import frozen

from stalwart.directory.hashing import Hashing
from stalwart.errors import StalwartError
from stalwart.jmap.registry.handler import Change
from stalwart.jmap.standard.asking import number_of
from stalwart.schema import Declaration, Union, ValidationFailed
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import Store

TYPE = "@type"
Values = Mapping[str, Any]
"""Members as instances, by name; of a union also its `@type`."""

Work = Callable[[Values], Any]
"""Makes of ``Values`` what a handler wants to know; a ``StalwartError`` that it returns refuses the change."""


@frozen
class Foreseen:
    """What ``work`` made of ``values``."""

    values: Values
    made: Any


async def foresee(
    store: Store,
    hashing: Hashing,
    declaration: Declaration,
    changes: Sequence[Change],
    names: Collection[str],
    work: Work,
) -> None:
    """Do ``work`` for each change that writes one of the members ``names``.

    Changes that cannot be read, or whose object is not there, are passed over: the transaction refuses them in the
    proper words.
    """
    writing = [change for change in changes if _writes(change, names)]
    stored = await _stored(store, declaration, writing)
    for change in writing:
        values = _values(declaration, change, names, stored)
        if values is not None:
            change.prepared = Foreseen(values, await hashing.run(partial(work, values)))


def outcome(change: Change, values: Values, work: Work) -> Any:
    """What ``work`` makes of ``values``, done before or now. Raises the error that it returns."""
    done = change.prepared
    made = done.made if isinstance(done, Foreseen) and done.values == values else work(values)
    if isinstance(made, StalwartError):
        raise made
    return made


def members(value: Any, names: Collection[str]) -> Values:
    """The ``Values`` of an instance."""
    found = {name: getattr(value, value.properties[name].attribute) for name in names}
    return {**found, TYPE: value.tag} if hasattr(value, "tag") else found


def _writes(change: Change, names: Collection[str]) -> bool:
    written = {path.partition("/")[0] for path in change.data}
    return change.kind != "destroy" and not written.isdisjoint((*names, TYPE))


async def _stored(store: Store, declaration: Declaration, changes: Sequence[Change]) -> dict[int, Any]:
    """The objects that are about to be changed."""
    numbers = [number_of(change.key) for change in changes if change.kind == "update"]
    known = [number for number in numbers if number is not None]
    if not known:
        return {}
    rows = await store.read(lambda tx: tx.registry.many(declaration.type_name, known))
    return {id: declaration.from_stored(row.data) for id, row in rows.items()}


def _values(
    declaration: Any, change: Change, names: Collection[str], stored: Mapping[int, Any]
) -> dict[str, Any] | Values | None:
    if change.kind == "create":
        return _of_new(declaration, change.data, names)
    former = stored.get(number_of(change.key) or 0)
    if former is None:
        return None
    patch = {path: given for path, given in change.data.items() if path.partition("/")[0] in (*names, TYPE)}
    if patch.get(TYPE, former.type_name) != former.type_name:  # as good as new (settings A.6)
        return _of_new(declaration, patch, names)
    try:
        return members(declaration.patched(former, patch), names)
    except ValidationFailed:
        return None


def _of_new(declaration: Any, data: Mapping[str, Any], names: Collection[str]) -> Values | None:
    kind = declaration
    if isinstance(declaration, Union):
        tag = data.get(TYPE)
        kind = declaration.variants.get(tag) if isinstance(tag, str) else None
        if kind is None:
            return None
    reading = Reading()
    found = {name: kind.properties[name].type.read(data.get(name), (name,), reading) for name in names}
    if reading.violations or FAILED in found.values():
        return None
    return {**found, TYPE: kind.type_name} if isinstance(declaration, Union) else found
