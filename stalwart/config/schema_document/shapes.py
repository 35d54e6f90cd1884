"""What the schema document is about: objects, the blocks inside them, enumerations, each found from the declarations.

Names are those of the document: ``x:Http`` for an object or a block, ``x:SecretKeyFile`` for the variant ``File``
of ``SecretKey``. A variant that several unions share is described once in each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from stalwart.schema import (
    REQUIRED,
    Declaration,
    Enum,
    Enumeration,
    Map,
    ObjectId,
    Property,
    PropertyType,
    Set,
    Union,
    Value,
)
from stalwart.schema.containers import Container


@frozen
class Kind:
    """A class with properties: a shape of its own, or the variant ``tag`` of a union. ``name`` is its field group."""

    name: str
    tag: str | None
    type: type[Value]


@frozen
class Shapes:
    """Everything that the document describes, each by name and in alphabetical order."""

    objects: Mapping[str, Declaration]
    blocks: Mapping[str, Any]
    enumerations: Mapping[str, Enumeration]

    @property
    def all(self) -> dict[str, Any]:
        """Objects and blocks."""
        return dict(sorted({**self.objects, **self.blocks}.items()))

    def properties(self) -> Iterator[Property]:
        """Every property of every kind."""
        for shape in self.all.values():
            for kind in kinds(shape):
                yield from kind.type.properties.values()


def shapes(objects: Mapping[str, Declaration]) -> Shapes:
    """``objects`` (``catalogue.declarations()``) and all that they are made of."""
    blocks: dict[str, Any] = {}
    enumerations: dict[str, Enumeration] = {}
    pending: list[Any] = list(objects.values())
    while pending:
        for type in _types(pending.pop()):
            if isinstance(type, Enum):
                enumerations[type.enumeration.name] = type.enumeration
            block = getattr(type, "shape", None)
            if block is not None and block.type_name not in blocks and objects.get(block.type_name) is not block:
                blocks[block.type_name] = block
                pending.append(block)
    return Shapes(dict(sorted(objects.items())), dict(sorted(blocks.items())), dict(sorted(enumerations.items())))


def kinds(shape: Any) -> list[Kind]:
    """The classes of a shape: itself, or the variants of a union with the default first."""
    if isinstance(shape, Union):
        return [Kind(f"x:{shape.type_name}{tag}", tag, kind) for tag, kind in shape.variants.items()]
    return [Kind(f"x:{shape.type_name}", None, shape)]


def reference_targets(properties: Iterable[Property]) -> set[tuple[str, str | None]]:
    """The (object, variant) pairs that some property refers to."""
    found = (type for made in properties for type in parts(made.type))
    return {(type.target, type.variant) for type in found if isinstance(type, ObjectId)}


def parts(type: PropertyType) -> Iterator[PropertyType]:
    """``type`` and the types of its members and keys; not what is inside of objects."""
    yield type
    if isinstance(type, Set):
        yield from parts(type.of)
    elif isinstance(type, Map):
        yield from parts(type.key)
        yield from parts(type.value)


def is_optional(made: Property) -> bool:
    """Whether null may be given, or may be found: nullable, or filled in by the server."""
    return made.type.nullable or (made.default is None and not isinstance(made.type, Container))


def has_default(made: Property) -> bool:
    """Whether a property that is not given gets a value that clients know beforehand."""
    if made.default is REQUIRED or (made.default is None and not made.type.nullable):
        return False
    return not (made.default == {} and getattr(made.type, "min_items", None))


def default(made: Property) -> Any:
    """The default in wire form, complete at any depth."""
    value = made.default_value
    return None if value is None else made.type.write(value, True)


def _types(shape: Any) -> Iterator[PropertyType]:
    for kind in kinds(shape):
        for made in kind.type.properties.values():
            yield from parts(made.type)
