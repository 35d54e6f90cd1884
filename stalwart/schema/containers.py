"""Nested objects, lists, sets and maps; on the wire all of them are JSON objects (settings A.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from attrs import frozen

from stalwart.schema.property_type import PropertyType, Step
from stalwart.schema.scalars import Boolean
from stalwart.schema.violations import FAILED, INVALID_KEY, INVALID_OBJECT, Path, Reading


class Shape(Protocol):
    """A declared class or a union."""

    @property
    def type_name(self) -> str: ...

    def parse(self, wire: Any, path: Path, reading: Reading, former: Any = None) -> Any: ...

    def child(self, wire: Any, key: str) -> Step | None: ...


@frozen
class Nested(PropertyType):
    """An object of a declared class or union."""

    mismatch: ClassVar[str] = INVALID_OBJECT

    shape: Shape

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """An instance."""
        return self.shape.parse(wire, path, reading, former)

    def write(self, value: Any, masked: bool) -> Any:
        """The members of the instance."""
        return value.to_wire(masked)

    def document(self) -> dict[str, Any]:
        """``object`` with the name of the class or union."""
        return self.described("object", objectName=f"x:{self.shape.type_name}")

    def child(self, wire: Any, key: str) -> Step | None:
        """As the class or union says."""
        return self.shape.child(wire, key)


@frozen
class Container(PropertyType):
    """What lists, sets and maps share: they are never null (null empties them) and may bound their size."""

    mismatch: ClassVar[str] = INVALID_OBJECT
    empty: ClassVar[Any] = ()

    def read_null(self, path: Path, reading: Reading) -> Any:
        """Null empties."""
        return self.read_value({}, path, reading, None)

    def sized(self, value: Any, path: Path, reading: Reading) -> Any:
        """``value`` if it has enough members and not too many."""
        least: int | None = getattr(self, "min_items", None)
        most: int | None = getattr(self, "max_items", None)
        if least is not None and len(value) < least:
            return reading.fault(path, "MinLength", least)
        if most is not None and len(value) > most:
            return reading.fault(path, "MaxLength", most)
        return value


@frozen
class ObjectList(Container):
    """An ordered list of objects: ``{"0": ..., "1": ...}``, a tuple in Python; keys are renumbered when
    stored.
    """

    shape: Shape
    min_items: int | None = None
    max_items: int | None = None

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """A tuple of instances in the order of the keys."""
        if not isinstance(wire, dict):
            return reading.refuse(path, self.mismatch)
        if not all(_is_index(key) for key in wire):
            return reading.refuse(path, INVALID_KEY)
        before = former if isinstance(former, tuple) else ()
        items = []
        for key in sorted(wire, key=int):
            if wire[key] is None:
                continue
            replaced = before[int(key)] if int(key) < len(before) else None
            items.append(self.shape.parse(wire[key], (*path, key), reading, replaced))
        return FAILED if FAILED in items else self.sized(tuple(items), path, reading)

    def write(self, value: Any, masked: bool) -> Any:
        """The members numbered from 0."""
        return {str(index): item.to_wire(masked) for index, item in enumerate(value)}

    def document(self) -> dict[str, Any]:
        """``objectList``."""
        name = f"x:{self.shape.type_name}"
        return self.described("objectList", objectName=name, minItems=self.min_items, maxItems=self.max_items)

    def child(self, wire: Any, key: str) -> Step | None:
        """An existing member or a new one."""
        return Step(Nested(self.shape), str(int(key)), open=True) if _is_index(key) else None


@frozen
class Set(Container):
    """An unordered set of strings, names or ids: ``{"x": true}``, a frozenset in Python."""

    empty: ClassVar[Any] = frozenset()

    of: PropertyType
    min_items: int | None = None
    max_items: int | None = None

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """A frozenset of the members marked true."""
        if not isinstance(wire, dict):
            return reading.refuse(path, self.mismatch)
        members = [self._member(key, mark, path, reading) for key, mark in wire.items()]
        if FAILED in members:
            return FAILED
        return self.sized(frozenset(member for member in members if member is not None), path, reading)

    def _member(self, key: Any, mark: Any, path: Path, reading: Reading) -> Any:
        if mark is not True:
            return None if mark is False or mark is None else reading.refuse((*path, str(key)), Boolean.mismatch)
        member = key_value(self.of, key)
        return reading.refuse(path, INVALID_KEY) if member is FAILED else member

    def write(self, value: Any, masked: bool) -> Any:
        """The members in alphabetical order of their wire form."""
        return dict.fromkeys(sorted(str(self.of.write(member, masked)) for member in value), True)

    def document(self) -> dict[str, Any]:
        """``set`` with the type of its members."""
        return self.described("set", **{"class": self.of.document()}, minItems=self.min_items, maxItems=self.max_items)

    def child(self, wire: Any, key: str) -> Step | None:
        """A member, in the spelling in which it is stored."""
        return Step(Boolean(), canonical_key(self.of, key), open=True)


@frozen
class Map(Container):
    """A map of strings, names, ids or numbers to values: a read-only Mapping in Python."""

    empty: ClassVar[Any] = MappingProxyType({})

    key: PropertyType
    value: PropertyType
    min_items: int | None = None

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """A read-only mapping; members that are null are left out."""
        if not isinstance(wire, dict):
            return reading.refuse(path, self.mismatch)
        before = former if isinstance(former, Mapping) else {}
        members: dict[Any, Any] = {}
        failed = False
        for text, given in wire.items():
            key = key_value(self.key, text)
            if key is FAILED:
                failed = reading.refuse(path, INVALID_KEY) is FAILED
            elif given is not None:
                members[key] = self.value.read(given, (*path, text), reading, before.get(key))
                failed = failed or members[key] is FAILED
        return FAILED if failed else self.sized(MappingProxyType(members), path, reading)

    def write(self, value: Any, masked: bool) -> Any:
        """The members in the order in which they came."""
        return {str(self.key.write(key, masked)): self.value.write(item, masked) for key, item in value.items()}

    def document(self) -> dict[str, Any]:
        """``map`` with the types of its keys and values."""
        return self.described(
            "map", keyClass=self.key.document(), valueClass=self.value.document(), minItems=self.min_items
        )

    def child(self, wire: Any, key: str) -> Step | None:
        """A member, in the spelling in which it is stored."""
        return Step(self.value, canonical_key(self.key, key), open=True)


def key_value(type: PropertyType, key: Any) -> Any:
    """A member name as a value of ``type``, or ``FAILED``; numbers are written in digits."""
    reading = Reading()
    digits = isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 16
    value = type.read(key, (), reading)
    if value is FAILED and digits:
        value = type.read(int(key), (), reading)
    return value


def canonical_key(type: PropertyType, key: str) -> str:
    """``key`` in the spelling in which it is stored; itself if it is no valid key, which reading refuses."""
    value = key_value(type, key)
    return key if value is FAILED or value is None else str(type.write(value, False))


def _is_index(key: Any) -> bool:
    return isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 9


def leaves(type: PropertyType, value: Any, path: Path) -> Iterator[tuple[Path, PropertyType, Any]]:
    """Every scalar below ``value`` with its path and type; None is passed over."""
    if value is None:
        return
    if isinstance(type, Nested):
        for declared in value.properties.values():
            yield from leaves(declared.type, getattr(value, declared.attribute), (*path, declared.name))
    elif isinstance(type, ObjectList):
        for index, item in enumerate(value):
            yield from leaves(Nested(type.shape), item, (*path, str(index)))
    elif isinstance(type, Set):
        for member in value:
            yield from leaves(type.of, member, (*path, str(type.of.write(member, False))))
    elif isinstance(type, Map):
        for key, item in value.items():
            name = str(type.key.write(key, False))
            yield path, type.key, key
            yield from leaves(type.value, item, (*path, name))
    else:
        yield path, type, value
