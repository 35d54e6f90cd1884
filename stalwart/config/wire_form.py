"""What a stored object looks like to a client, made from its row without an instance (settings A.6, A.7).

The result is ``from_stored(data).to_wire()``: members in the order of the declaration, missing ones with
their defaults, unknown ones dropped, secrets masked at any depth. What a class needs is worked out once. Rows
were checked when they were written, so nothing is checked here: a required member that a row from another
version lacks is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import cache
from typing import Any

from attrs import frozen

from stalwart.schema import (
    MASK,
    Declaration,
    Expression,
    Map,
    Nested,
    ObjectList,
    Property,
    PropertyType,
    Secret,
    Union,
    Variant,
)
from stalwart.schema.containers import Container
from stalwart.schema.property_type import shown

Data = dict[str, Any]
Convert = Callable[[Any], Any]


def wire(declaration: Declaration, data: Data) -> Data:
    """The wire form of the stored form ``data``, secrets masked; a new dict, which may share values with
    ``data``.
    """
    shape: Any = declaration
    made: Data = _converter(shape)(data)
    return dict(made) if made is data else made


@frozen
class _Member:
    """A property: what it is if missing or null, and how its value changes; None for not at all."""

    name: str
    missing: Any
    null: Any
    stored: bool
    convert: Convert | None


@cache
def _converter(shape: Any) -> Convert:
    """From the stored to the wire form of a class or union."""
    if not isinstance(shape, Union):
        return _object(shape.properties.values(), shape.type_name if issubclass(shape, Variant) else None)
    variants = {tag: _object(kind.properties.values(), tag) for tag, kind in shape.variants.items()}

    def convert(data: Data) -> Data:
        tag: Any = data.get("@type")
        known = variants.get(tag)
        return known(data) if known is not None else {"@type": tag}

    return convert


def _object(properties: Iterable[Property], tag: str | None) -> Convert:
    members = [_member(made) for made in properties]
    end = {} if tag is None else {"@type": tag}
    names = (*(member.name for member in members if member.stored), *end)
    is_complete = all(member.stored or member.missing is None for member in members)
    changing = [(member.name, member.convert) for member in members if member.stored and member.convert]

    def convert(data: Data) -> Data:
        if not is_complete or tuple(data) != names:  # written by another version
            return {**dict(_filled(members, data)), **end}
        if not changing:
            return data
        made = data.copy()
        for name, change in changing:
            value = made[name]
            if value is not None:
                made[name] = change(value)
        return made

    return convert


def _filled(members: Iterable[_Member], data: Data) -> Iterable[tuple[str, Any]]:
    for member in members:
        value = data.get(member.name)
        if value is None:
            value = member.null if member.name in data else deepcopy(member.missing)
        elif member.convert is not None:
            value = member.convert(value)
        if member.stored or value is not None:
            yield member.name, value


def _member(made: Property) -> _Member:
    null: Any = {} if isinstance(made.type, Container) else None
    missing = shown(made.default_value, made.type, True)
    return _Member(made.name, null if missing is None else missing, null, made.stored, _conversion(made.type))


def _conversion(type: PropertyType) -> Convert | None:
    if isinstance(type, Secret):
        return lambda secret: MASK
    if isinstance(type, Nested | Expression | ObjectList):
        shape: Any = type.shape
        change = _converter(shape)
        return _each(change) if isinstance(type, ObjectList) else change
    if isinstance(type, Map):
        inner = _conversion(type.value)
        return None if inner is None else _each(inner)
    return None


def _each(change: Convert) -> Convert:
    return lambda members: {key: change(member) for key, member in members.items()}
