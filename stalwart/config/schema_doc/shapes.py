"""Everything that the document describes, found from the declarations: objects, the blocks below them, enumerations.

A variant of a union has a name of its own, made of both (``SecretKeyValue``), because variants of several unions are
called alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.schema import Enum, Enumeration, Map, Nested, ObjectList, Property, PropertyType, Set, Union
from stalwart.schema.expression import Expression

Shape = Any
"""A declared class or a union."""


def shapes() -> dict[str, Shape]:
    """Objects and blocks by name, in alphabetical order. Raises ValueError if two have one name."""
    found: dict[str, Shape] = {}
    pending: list[Shape] = list(declarations().values())
    while pending:
        shape = pending.pop()
        known = found.setdefault(shape.type_name, shape)
        if known is not shape:
            raise ValueError(f"two shapes are called {shape.type_name}")
        pending.extend(inner for inner in _below(shape) if found.get(inner.type_name) is not inner)
    return dict(sorted(found.items()))


def classes(shape: Shape) -> list[tuple[str, str | None, Any]]:
    """The classes of a shape: the name of their fields, the ``@type`` (None for a plain class), the class."""
    if not isinstance(shape, Union):
        return [(shape.type_name, None, shape)]
    return [(f"{shape.type_name}{tag}", tag, kind) for tag, kind in shape.variants.items()]


def enumerations(described: dict[str, Shape]) -> dict[str, Enumeration]:
    """The enumerations that ``described`` use, in alphabetical order."""
    found: dict[str, Enumeration] = {}
    for made in _properties(described.values()):
        for type in inner_types(made.type):
            if isinstance(type, Enum):
                found[type.enumeration.name] = type.enumeration
    return dict(sorted(found.items()))


def inner_types(type: PropertyType) -> Iterator[PropertyType]:
    """``type`` and the types of its members and keys."""
    yield type
    if isinstance(type, Set):
        yield from inner_types(type.of)
    elif isinstance(type, Map):
        yield from inner_types(type.key)
        yield from inner_types(type.value)


def area_of(shape: Shape) -> str:
    """The package below ``stalwart.config`` that declares it: ``network``, ``mail`` ..."""
    kind = shape.default if isinstance(shape, Union) else shape
    return str(kind.__module__).split(".")[2]


def _below(shape: Shape) -> Iterator[Shape]:
    for made in _properties([shape]):
        for type in inner_types(made.type):
            if isinstance(type, Nested | ObjectList | Expression):
                yield type.shape


def _properties(described: Any) -> Iterator[Property]:
    for shape in described:
        for _, _, kind in classes(shape):
            yield from kind.properties.values()
