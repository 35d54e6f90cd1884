"""Lists, maps, sets and nested objects as values of properties (RFC 8620 1.1). Arrays stay arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from stalwart.jmap.standard.scalars import Id, PropertyType, Unfit

_MANY = 10_000


@frozen
class ListOf(PropertyType):
    """``type[]`` of at most ``most`` entries."""

    type: PropertyType
    most: int = _MANY

    @property
    def holds_ids(self) -> bool:
        return self.type.holds_ids

    def read(self, value: Any) -> Any:
        if not isinstance(value, list):
            raise Unfit("must be a list")
        if len(value) > self.most:
            raise Unfit(f"must have at most {self.most} entries")
        return [_below(str(index), self.type, each) for index, each in enumerate(value)]


@frozen
class MapOf(PropertyType):
    """``key[value]`` of at most ``most`` entries."""

    key: PropertyType
    value: PropertyType
    most: int = _MANY

    @property
    def holds_ids(self) -> bool:
        return self.key.holds_ids or self.value.holds_ids

    def read(self, value: Any) -> Any:
        entries = _entries(value, self.most)
        return {_below(key, self.key, key): _below(key, self.value, each) for key, each in entries.items()}


@frozen
class SetOf(PropertyType):
    """``key[Boolean]`` in which every value is true; one that is false or null is left out (jmap.md 4)."""

    key: PropertyType = field(factory=Id)
    most: int = _MANY

    @property
    def holds_ids(self) -> bool:
        return self.key.holds_ids

    def read(self, value: Any) -> Any:
        entries = _entries(value, self.most)
        for key, each in entries.items():
            if each is not None and not isinstance(each, bool):
                raise Unfit("must be true", (key,))
        return {_below(key, self.key, key): True for key, each in entries.items() if each}


@frozen
class Member:
    """One member of a ``Struct``."""

    type: PropertyType
    required: bool = True
    default: Any = None


@frozen
class Struct(PropertyType):
    """A nested object with these members and no others; what is missing gets its default."""

    members: Mapping[str, Member]

    @property
    def holds_ids(self) -> bool:
        return any(member.type.holds_ids for member in self.members.values())

    def read(self, value: Any) -> Any:
        entries = _entries(value, _MANY)
        for name in entries:
            if name not in self.members:
                raise Unfit("is not known", (name,))
        return {name: self._member(name, member, entries) for name, member in self.members.items()}

    def _member(self, name: str, member: Member, entries: Mapping[str, Any]) -> Any:
        if name in entries:
            return _below(name, member.type, entries[name])
        if member.required:
            raise Unfit("is missing", (name,))
        return member.default


def _entries(value: Any, most: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit("must be an object")
    if len(value) > most:
        raise Unfit(f"must have at most {most} entries")
    return value


def _below(step: str, type: PropertyType, value: Any) -> Any:
    try:
        return type.read(value)
    except Unfit as problem:
        raise problem.below(step) from None
