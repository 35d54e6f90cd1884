"""Declared classes: the body lists properties, instances are frozen and read like plain objects.

``Value`` is a block inside others, ``Variant`` one form of a tagged union, ``Singleton`` and ``Object`` are
what the registry stores. All of reading, writing and patching is derived from the declaration (settings A.5,
A.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NoReturn, Self

from attrs import evolve

from stalwart.codec.ids import SINGLETON
from stalwart.schema.patch import patched
from stalwart.schema.property import Property, documented
from stalwart.schema.property_type import Step
from stalwart.schema.violations import (
    FAILED,
    INVALID_OBJECT,
    INVALID_PROPERTY,
    Path,
    Reading,
    Violation,
    pointer,
)

IdKind = Literal["sequential", "snowflake"]


class Value:
    """A declared block. Class arguments: ``name`` (default: the class name), ``doc`` (default: the
    docstring), ``together`` = (key space, attributes, property named in the error) for a unique combination,
    ``label`` = the property that people know an instance by, ``enforced`` False = stored and served, but nothing
    obeys it yet, ``tenant`` = belongs to the tenant in ``memberTenantId``, ``owner`` = the property with the
    account that it belongs to (settings A.4), ``stored`` False = a request, or a view of another object, of which
    the registry keeps nothing.
    """

    type_name: ClassVar[str] = ""
    doc: ClassVar[str] = ""
    label_property: ClassVar[str | None] = None
    unique_together: ClassVar[tuple[str, tuple[str, ...], str] | None] = None
    enforced: ClassVar[bool] = True
    tenant: ClassVar[bool] = False
    owner: ClassVar[str | None] = None
    stored: ClassVar[bool] = True
    properties: ClassVar[Mapping[str, Property]] = MappingProxyType({})

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        doc: str | None = None,
        label: str | None = None,
        together: tuple[str, tuple[str, ...], str] | None = None,
        enforced: bool = True,
        tenant: bool = False,
        owner: str | None = None,
        stored: bool = True,
    ) -> None:
        cls.type_name = name or cls.__name__
        cls.enforced, cls.tenant, cls.owner, cls.stored = enforced, tenant, owner, stored
        cls.doc = documented(doc or " ".join((cls.__doc__ or "").split()), enforced)
        cls.label_property = label or cls.label_property
        cls.unique_together = together or cls.unique_together
        found = dict(cls.properties)
        for attribute, declared in list(vars(cls).items()):
            if isinstance(declared, Property):
                declared.bind(attribute)
                found[declared.name] = declared
                delattr(cls, attribute)  # instances answer from their own dict, at the price of a plain attribute
        cls.properties = MappingProxyType(found)

    def __init__(self, **values: Any) -> None:
        """An instance of trusted Python values; what is not given has its default."""
        known = {declared.attribute: declared for declared in self.properties.values()}
        if unknown := values.keys() - known.keys():
            raise TypeError(f"{self.type_name} has no {', '.join(sorted(unknown))}")
        for attribute, declared in known.items():
            self.__dict__[attribute] = values.get(attribute, declared.default_value)

    @classmethod
    def from_wire(cls, data: Any, *, by_server: bool = False) -> Self:
        """A new instance of what a client sent, defaults filled in; raises ``ValidationFailed`` with every
        problem.
        """
        reading = Reading(by_server=by_server)
        made: Self = reading.result(cls.parse(data, (), reading))
        return made

    @classmethod
    def from_stored(cls, data: Any) -> Self:
        """The instance behind a row of the registry: as ``from_wire``, but with server-set members."""
        reading = Reading(stored=True)
        made: Self = reading.result(cls.parse(data, (), reading))
        return made

    @classmethod
    def patched(cls, former: Self, patch: Mapping[str, Any], *, by_server: bool = False) -> Self:
        """``former`` with a PatchObject applied (settings A.6); raises ``ValidationFailed``."""
        made: Self = patched(cls, former, patch, by_server)
        return made

    @classmethod
    def parse(cls, wire: Any, path: Path, reading: Reading, former: Any = None) -> Any:
        """The instance that ``wire`` describes, or ``FAILED``; ``former`` is what it replaces."""
        if not isinstance(wire, dict):
            return reading.refuse(path, INVALID_OBJECT)
        problems = len(reading.violations)
        if not reading.stored:
            for name in wire.keys() - cls.members():
                reading.refuse((*path, str(name)), INVALID_PROPERTY)
        if not isinstance(former, cls):
            former = None
        values = {
            declared.attribute: declared.read_from(wire, path, reading, former) for declared in cls.properties.values()
        }
        if len(reading.violations) > problems:
            return FAILED
        made = cls.__new__(cls)
        made.__dict__.update(values)
        return made if reading.stored else made.checked(path, reading)

    def checked(self, path: Path, reading: Reading) -> Any:
        """The instance, or ``FAILED`` if ``check`` objects."""
        problems = len(reading.violations)
        for violation in self.check():
            at = "/".join(part for part in (pointer(path), violation.path) if part)
            reading.violations.append(evolve(violation, path=at))
        return FAILED if len(reading.violations) > problems else self

    def check(self) -> Iterator[Violation]:
        """Problems that several properties make together; paths are relative to this instance."""
        return iter(())

    def completed(self, former: Self | None, now: int) -> Self:
        """The instance with what the server sets itself, when it is written at ``now`` (seconds)."""
        declared = self.properties.get("createdAt")
        if declared is None or getattr(self, declared.attribute) is not None:
            return self
        return self.replaced(created_at=now)

    def replaced(self, **values: Any) -> Self:
        """A copy with other Python values, which are trusted."""
        held = {declared.attribute: self.__dict__[declared.attribute] for declared in self.properties.values()}
        if unknown := values.keys() - held.keys():
            raise TypeError(f"{self.type_name} has no {', '.join(sorted(unknown))}")
        made = type(self).__new__(type(self))
        made.__dict__.update(held, **values)
        return made

    def to_wire(self, mask_secrets: bool = True) -> dict[str, Any]:
        """The instance as JSON members in the order of the declaration (settings A.5)."""
        members: dict[str, Any] = {}
        for declared in self.properties.values():
            declared.write_to(members, getattr(self, declared.attribute), mask_secrets)
        return members

    def to_stored(self) -> dict[str, Any]:
        """As ``to_wire`` for the registry: secrets verbatim, nothing computed."""
        return self.to_wire(mask_secrets=False)

    @classmethod
    def members(cls) -> frozenset[str]:
        """The member names that the wire form may have."""
        return frozenset(cls.properties)

    @classmethod
    def child(cls, wire: Any, key: str) -> Step | None:
        """Where a pointer segment leads."""
        declared = cls.properties.get(key)
        return None if declared is None else Step(declared.type, declared.name)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            getattr(self, p.attribute) == getattr(other, p.attribute) for p in self.properties.values() if p.stored
        )

    __hash__ = None  # type: ignore[assignment]  # maps inside are not hashable

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{self.type_name} is frozen; use replaced()")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self.type_name} is frozen")

    def __repr__(self) -> str:
        return f"{self.type_name}({self.to_wire()!r})"


class Variant(Value):
    """One form of a tagged union; its class name (or ``name``) is the ``@type``."""

    @property
    def tag(self) -> str:
        """The ``@type``."""
        return self.type_name

    def to_wire(self, mask_secrets: bool = True) -> dict[str, Any]:
        """The members, then ``@type``."""
        return {**super().to_wire(mask_secrets), "@type": self.type_name}

    @classmethod
    def members(cls) -> frozenset[str]:
        """The properties and ``@type``."""
        return frozenset((*cls.properties, "@type"))


class Singleton(Value):
    """A settings object of which there is one; never written, it reads as its defaults."""

    is_singleton: ClassVar[bool] = True
    ids: ClassVar[IdKind] = "sequential"
    first_id: ClassVar[int] = SINGLETON
    snapshot: ClassVar[bool] = True


class Object(Value):
    """A settings object of which there are many.

    ``ids``: a counter per type from ``first_id`` on, or time-ordered numbers. ``snapshot``: few and small
    enough to be kept in memory as part of the running settings.
    """

    is_singleton: ClassVar[bool] = False
    ids: ClassVar[IdKind] = "snowflake"
    first_id: ClassVar[int] = 1
    snapshot: ClassVar[bool] = True

    def __init_subclass__(
        cls, *, ids: IdKind = "snowflake", first_id: int = 1, snapshot: bool = True, **declared: Any
    ) -> None:
        super().__init_subclass__(**declared)
        cls.ids, cls.first_id, cls.snapshot = ids, first_id, snapshot
