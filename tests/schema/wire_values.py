"""Hypothesis strategies for valid wire values of any declaration: what the round-trip tests draw from."""

from typing import Any

from hypothesis import strategies as st

from stalwart.codec.ids import encode_id
from stalwart.schema import Expression, Nested, ObjectList, Set, Union
from stalwart.schema.containers import Map
from stalwart.schema.property_type import PropertyType
from stalwart.schema.scalars import (
    BlobId,
    Boolean,
    Duration,
    Enum,
    Float,
    Integer,
    LocalId,
    ObjectId,
    Unsigned,
    UtcDateTime,
)
from stalwart.schema.strings import String

_IDS = st.integers(0, 2**64 - 1).map(encode_id)
_WORDS = st.text("abcdefgh", min_size=3, max_size=5)

_TEXTS = {
    "domainName": _WORDS.map(lambda word: f"{word}.example"),
    "hostName": _WORDS.map(lambda word: f"{word}.example"),
    "emailAddress": _WORDS.map(lambda word: f"{word}@{word}.example"),
    "uri": _WORDS.map(lambda word: f"https://{word}.example/"),
    "ipAddress": st.ip_addresses().map(str).filter(lambda text: "%" not in text),
    "ipNetwork": st.ip_addresses(v=4).map(str),
    "socketAddress": st.integers(1, 65535).map(lambda port: f"[::1]:{port}"),
}

_RULES = st.sampled_from(
    [{"match": {}, "else": "200"}, {"match": {"0": {"if": "1 == 2", "then": "404"}}, "else": "true"}]
)


def wire_value(kind: PropertyType) -> st.SearchStrategy[Any]:
    """Valid wire values of one type."""
    found = _wire_value(kind)
    return st.none() | found if kind.nullable else found


def _wire_value(kind: PropertyType) -> st.SearchStrategy[Any]:
    if isinstance(kind, String):
        return _TEXTS.get(kind.format, _WORDS)
    if isinstance(kind, Boolean):
        return st.booleans()
    if isinstance(kind, Integer):
        least = kind.min if kind.min is not None else 1 if isinstance(kind, Unsigned | Duration) else -9
        return st.integers(least, kind.max if kind.max is not None else 2**40)
    if isinstance(kind, Float):
        return st.floats(kind.min if kind.min is not None else -9, kind.max if kind.max is not None else 9)
    if isinstance(kind, BlobId):
        return _WORDS
    if isinstance(kind, UtcDateTime):
        return st.integers(0, 2**31).map(lambda seconds: kind.write(seconds, False))
    if isinstance(kind, Enum):
        return st.sampled_from(kind.enumeration.names)
    if isinstance(kind, ObjectId | LocalId):
        return _IDS
    if isinstance(kind, Expression):
        return _RULES
    return _wire_container(kind)


def _wire_container(kind: PropertyType) -> st.SearchStrategy[Any]:
    if isinstance(kind, Nested):
        return wire_object(kind.shape)
    if isinstance(kind, ObjectList):
        items = st.lists(wire_object(kind.shape), min_size=kind.min_items or 0, max_size=2)
        return items.map(lambda found: {str(index): item for index, item in enumerate(found)})
    if isinstance(kind, Set):
        members = st.sets(wire_value(kind.of), min_size=kind.min_items or 0, max_size=2)
        return members.map(lambda found: dict.fromkeys(found, True))
    assert isinstance(kind, Map), kind
    return st.dictionaries(wire_value(kind.key), wire_value(kind.value), max_size=2)


def wire_object(shape: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Valid stored forms of a declared class or union, server-set members included."""
    if isinstance(shape, Union):
        return st.one_of(*(_members(kind, tag) for tag, kind in shape.variants.items()))
    return _members(shape, None)


def _members(shape: Any, tag: str | None) -> st.SearchStrategy[dict[str, Any]]:
    drawn = {name: wire_value(made.type) for name, made in shape.properties.items() if made.stored}
    return st.fixed_dictionaries({"@type": st.just(tag), **drawn} if tag else drawn)
