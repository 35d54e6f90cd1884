"""What every type of property can do: read a wire value, write it back, describe itself, lead a pointer
further down.
"""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import field, frozen

from stalwart.schema.violations import Path, Reading


@frozen
class Step:
    """One pointer segment resolved: the ``type`` behind it and its ``key`` in canonical spelling.

    ``open`` containers (list, set, map) may gain the key, and null takes it out; members of an object cannot
    go.
    """

    type: PropertyType
    key: str
    open: bool = False


@frozen
class PropertyType:
    """A type of settings A.5. ``nullable`` values may be null on the wire and are ``None`` in Python."""

    mismatch: ClassVar[str] = "Invalid value"

    nullable: bool = field(default=False, kw_only=True)

    def read(self, wire: Any, path: Path, reading: Reading, former: Any = None) -> Any:
        """The Python value of ``wire``, or ``FAILED`` after noting why; ``former`` is the value that it
        replaces.
        """
        if wire is None:
            return self.read_null(path, reading)
        return self.read_value(wire, path, reading, former)

    def read_null(self, path: Path, reading: Reading) -> Any:
        """What null means: ``None`` where it may, a problem elsewhere."""
        return None if self.nullable else reading.refuse(path, self.mismatch)

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """As ``read``, for anything but null."""
        raise NotImplementedError

    def write(self, value: Any, masked: bool) -> Any:
        """The wire form of ``value``, which is not None; ``masked`` hides secrets."""
        return value

    def document(self) -> dict[str, Any]:
        """The type as the schema document states it (settings B)."""
        raise NotImplementedError

    def child(self, wire: Any, key: str) -> Step | None:
        """Where a pointer segment ``key`` below ``wire`` leads; None if nowhere."""
        return None

    def described(self, type: str, **members: Any) -> dict[str, Any]:
        """A ``document`` with the members that are not None, ``nullable`` included."""
        stated = {"type": type, **{name: value for name, value in members.items() if value is not None}}
        if self.nullable:
            stated["nullable"] = True
        return stated


def shown(value: Any, type: PropertyType, masked: bool) -> Any:
    """``type.write`` that lets None through."""
    return None if value is None else type.write(value, masked)
