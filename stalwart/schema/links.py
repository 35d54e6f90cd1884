"""What an object refers to and which unique values it holds: what the registry needs for its indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from stalwart.schema.containers import Nested, ObjectList, leaves
from stalwart.schema.property_type import PropertyType, shown
from stalwart.schema.scalars import ObjectId
from stalwart.schema.value import Value
from stalwart.schema.violations import Path, pointer

_SEPARATOR = "\x1f"  # no string of the settings has it, so no two combinations look alike


class Reference(NamedTuple):
    """A reference at ``path`` to the object ``id`` of ``type``, which must be of ``variant`` unless that is
    None.
    """

    path: str
    type: str
    id: int
    variant: str | None = None


class UniqueKey(NamedTuple):
    """``key`` is taken in ``space``; ``property`` is what an error names."""

    space: str
    key: str
    property: str


def references(instance: Value) -> list[Reference]:
    """Every reference inside ``instance``."""
    return [
        Reference(pointer(path), type.target, value, type.variant)
        for path, type, value in _all_leaves(instance)
        if isinstance(type, ObjectId)
    ]


def unique_keys(instance: Value) -> list[UniqueKey]:
    """Every unique value inside ``instance``, each once."""
    found = [
        UniqueKey(declared.unique, str(type.write(value, False)), declared.name)
        for declared in instance.properties.values()
        if declared.unique is not None
        for _, type, value in leaves(declared.type, getattr(instance, declared.attribute), ())
    ]
    found.extend(_combination(block) for block in _blocks(instance) if block.unique_together is not None)
    return list({(key.space, key.key): key for key in reversed(found)}.values())[::-1]


def combined_key(*parts: str) -> str:
    """The key of a unique combination, from the wire forms of its parts: ``combined_key("alice", "b")``."""
    return _SEPARATOR.join(parts)


def _all_leaves(instance: Value) -> Iterator[tuple[Path, PropertyType, Any]]:
    for declared in instance.properties.values():
        yield from leaves(declared.type, getattr(instance, declared.attribute), (declared.name,))


def _blocks(instance: Value) -> Iterator[Value]:
    yield instance
    for declared in instance.properties.values():
        value = getattr(instance, declared.attribute)
        if isinstance(declared.type, Nested) and value is not None:
            yield from _blocks(value)
        elif isinstance(declared.type, ObjectList):
            for item in value:
                yield from _blocks(item)


def _combination(block: Value) -> UniqueKey:
    assert block.unique_together is not None
    space, attributes, name = block.unique_together
    types = {declared.attribute: declared.type for declared in block.properties.values()}
    parts = (shown(getattr(block, attribute), types[attribute], False) for attribute in attributes)
    return UniqueKey(space, combined_key(*map(str, parts)), name)
