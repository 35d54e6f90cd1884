"""What an object refers to and which unique values it holds: what the registry needs for its indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from stalwart.schema.containers import Map, Nested, ObjectList, Set, leaves
from stalwart.schema.property import Property
from stalwart.schema.property_type import PropertyType, shown
from stalwart.schema.scalars import ObjectId
from stalwart.schema.union import Union
from stalwart.schema.value import Value
from stalwart.schema.violations import pointer

_SEPARATOR = "\x1f"  # no string of the settings has it, so no two combinations look alike


class Reference(NamedTuple):
    """A reference at ``path`` to the object ``id`` of ``type``, which must be of ``variant`` unless that is
    None, and has to stay for as long as it is referred to if ``binding``.
    """

    path: str
    type: str
    id: int
    variant: str | None = None
    binding: bool = True


class UniqueKey(NamedTuple):
    """``key`` is taken in ``space``; ``property`` is what an error names."""

    space: str
    key: str
    property: str


def references(instance: Value) -> list[Reference]:
    """Every reference inside ``instance``."""
    return [
        Reference(pointer(path), type.target, value, type.variant, type.binding)
        for declared in _toward(instance, _is_reference)
        for path, type, value in leaves(declared.type, getattr(instance, declared.attribute), (declared.name,))
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


def _blocks(instance: Value) -> Iterator[Value]:
    yield instance
    for declared in _toward(instance, _is_unique_block):
        value = getattr(instance, declared.attribute)
        if isinstance(declared.type, Nested) and value is not None:
            yield from _blocks(value)
        elif isinstance(declared.type, ObjectList):
            for item in value:
                yield from _blocks(item)


Wanted = Callable[[Any], bool]


def _toward(instance: Value, wanted: Wanted) -> tuple[Property, ...]:
    """The properties that have something ``wanted`` in or below them; the others need no look."""
    kind: Any = type(instance)
    return _leading_to(kind, wanted)


@cache
def _leading_to(kind: Any, wanted: Wanted) -> tuple[Property, ...]:
    return tuple(declared for declared in kind.properties.values() if _leads_to(declared.type, wanted))


def _leads_to(type: PropertyType, wanted: Wanted) -> bool:
    """Whether ``type`` or what it contains (a type or a class) is ``wanted``."""
    if wanted(type):
        return True
    if isinstance(type, Set):
        return _leads_to(type.of, wanted)
    if isinstance(type, Map):
        return _leads_to(type.key, wanted) or _leads_to(type.value, wanted)
    if not isinstance(type, Nested | ObjectList):
        return False
    shape: Any = type.shape
    kinds: Iterable[Any] = shape.variants.values() if isinstance(shape, Union) else (shape,)
    return any(wanted(kind) or _leading_to(kind, wanted) for kind in kinds)


def _is_reference(part: Any) -> bool:
    return isinstance(part, ObjectId)


def _is_unique_block(part: Any) -> bool:
    return getattr(part, "unique_together", None) is not None


def _combination(block: Value) -> UniqueKey:
    assert block.unique_together is not None
    space, attributes, name = block.unique_together
    types = {declared.attribute: declared.type for declared in block.properties.values()}
    parts = (shown(getattr(block, attribute), types[attribute], False) for attribute in attributes)
    return UniqueKey(space, combined_key(*map(str, parts)), name)
