"""Which properties of a declaration are indexed and how their stored form becomes text, worked out once for each.

The text of a value is that of its JSON, but for numbers, whose text sorts as they do. Long texts end in a
hash, so that they stay different; a database has a limit for what it indexes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from attrs import frozen

from stalwart.schema import (
    REQUIRED,
    BlobId,
    Boolean,
    Declaration,
    Enum,
    Float,
    Integer,
    LocalId,
    ObjectId,
    ObjectList,
    Property,
    PropertyType,
    Secret,
    Set,
    String,
    Union,
    UtcDateTime,
)

TEXT = "text"
TYPE = "@type"

_FORM = "1"  # another one has every index rebuilt at the next start
_LONGEST_TEXT = 500
_KEPT_TEXT = _LONGEST_TEXT - 64

Encode = Callable[[Any], str]
Texts = Callable[[Any], Iterable[str]]


@frozen
class Field:
    """A property that is indexed by value. ``type`` is that of one value, ``encode`` makes its text of the stored
    form.
    """

    name: str
    default: Any
    type: PropertyType
    encode: Encode
    is_set: bool


@frozen
class Wording:
    """A property whose words are indexed: ``texts`` finds the strings in its stored form."""

    name: str
    default: Any
    texts: Texts


@frozen
class Shape:
    """What a class indexes; ``constant`` are the rows that each of its instances has."""

    constant: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    wordings: tuple[Wording, ...]


@frozen
class Plan:
    """What a declaration indexes: shapes by ``@type`` (None where it is no union), fields by name.

    ``text_names`` are the names of all words together, ``form`` changes whenever rows would.
    """

    shapes: Mapping[str | None, Shape]
    fields: Mapping[str, Field]
    text_names: frozenset[str]
    form: str


def plan(declaration: Declaration) -> Plan:
    """The plan of a declaration. Raises TypeError for an ``index`` on a type that has none."""
    shape: Any = declaration
    return _plan(shape)


@cache
def _plan(declaration: Any) -> Plan:
    kinds = _kinds(declaration)
    properties = [made for kind in kinds.values() for made in kind]
    fields = {made.name: _field(made) for made in properties if made.index != "words"}
    if isinstance(declaration, Union):
        fields[TYPE] = Field(TYPE, None, String(), bounded, False)
    sources = {made.name for made in properties if made.index != "exact"}
    alone = sources - fields.keys() if len(sources) == 1 else frozenset()
    return Plan(
        {tag: _shape(tag, kind, fields) for tag, kind in kinds.items()},
        fields,
        frozenset((TEXT, *alone)) if sources else frozenset(),
        _form(kinds),
    )


def bounded(text: str) -> str:
    """``text``, or as much of it as an index takes."""
    if len(text) <= _LONGEST_TEXT:
        return text
    return text[:_KEPT_TEXT] + sha256(text.encode()).hexdigest()


def number(value: int | str) -> str:
    """A whole number of at most 64 bits (as text: the key of a set), so that longer ones sort later and negative
    ones first.
    """
    value = int(value)
    if value < 0:
        return f"-{value + (1 << 64):016x}"
    digits = f"{value:x}"
    return f"{len(digits) - 1:x}{digits}"


def fraction(value: float | str) -> str:
    """A number by the bits of its IEEE 754 form, turned so that they sort."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", float(value) + 0.0))
    return f"{bits ^ ((1 << 64) - 1 if bits >> 63 else 1 << 63):016x}"


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _kinds(declaration: Declaration) -> dict[str | None, list[Property]]:
    """The indexed properties of each variant."""
    if isinstance(declaration, Union):
        return {tag: _indexed(kind.properties.values()) for tag, kind in declaration.variants.items()}
    return {None: _indexed(declaration.properties.values())}


def _indexed(properties: Iterable[Property]) -> list[Property]:
    return [made for made in properties if made.index is not None and made.stored]


def _shape(tag: str | None, properties: Sequence[Property], fields: Mapping[str, Field]) -> Shape:
    by_value = [made.name for made in properties if made.index != "words"]
    elsewhere = [name for name, field in fields.items() if name != TYPE and name not in by_value and not field.is_set]
    tags = [] if tag is None else [(TYPE, tag)]
    return Shape(
        (*tags, *((name, "") for name in elsewhere)),
        tuple(_field(made) for made in properties if made.index != "words"),
        tuple(Wording(made.name, _default(made), _texts(made)) for made in properties if made.index != "exact"),
    )


def _field(made: Property) -> Field:
    is_set = isinstance(made.type, Set)
    type = made.type.of if isinstance(made.type, Set) else made.type
    return Field(made.name, _default(made), type, _encoding(type, made), is_set)


def _default(made: Property) -> Any:
    return None if made.default is REQUIRED else made.default


def _encoding(type: PropertyType, made: Property) -> Encode:
    if isinstance(type, Float):
        return fraction
    if isinstance(type, Integer):
        return number
    if isinstance(type, Boolean):
        return _truth
    if isinstance(type, String | Enum | ObjectId | LocalId | BlobId | UtcDateTime) and not isinstance(type, Secret):
        return bounded
    raise TypeError(f"{made.name} is of a type that cannot be indexed")


def _texts(made: Property) -> Texts:
    if isinstance(made.type, ObjectList):
        return _texts_of_members(made.type)
    type = made.type.of if isinstance(made.type, Set) else made.type
    if not isinstance(type, String | Enum) or isinstance(type, Secret):
        raise TypeError(f"{made.name} is of a type that has no words")
    return _each if isinstance(made.type, Set) else _itself


def _each(stored: Mapping[str, Any] | None) -> Iterable[str]:
    return stored or ()


def _itself(stored: str | None) -> Iterable[str]:
    return (stored,) if stored else ()


def _texts_of_members(type: ObjectList) -> Texts:
    shape: Any = type.shape
    kinds = shape.variants.values() if isinstance(shape, Union) else (shape,)
    wordings = {
        made.name: _texts(made)
        for kind in kinds
        for made in _indexed(kind.properties.values())
        if made.index != "exact"
    }

    def texts(stored: Mapping[str, Any] | None) -> Iterable[str]:
        members = (stored or {}).values()
        return [text for member in members for name, found in wordings.items() for text in found(member.get(name))]

    return texts


def _form(kinds: Mapping[str | None, Sequence[Property]]) -> str:
    """A digest of what decides about rows; empty where there are none."""
    stated = [(tag, made.name, made.index, _named(made.type)) for tag, kind in kinds.items() for made in kind]
    if not stated and None in kinds:
        return ""
    return sha256(repr((_FORM, list(kinds), stated)).encode()).hexdigest()[:16]


def _named(type: PropertyType) -> str:
    name = type.__class__.__name__
    if isinstance(type, Set):
        return f"{name}({_named(type.of)})"
    if isinstance(type, ObjectList):
        shape: Any = type.shape
        kinds = shape.variants.values() if isinstance(shape, Union) else (shape,)
        return f"{name}({[made.name for kind in kinds for made in _indexed(kind.properties.values())]})"
    return name
