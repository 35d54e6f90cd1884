"""Booleans, numbers, dates, enumerations and ids (settings A.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from attrs import define, frozen

from stalwart.codec.ids import decode_id, encode_id
from stalwart.schema.property_type import PropertyType
from stalwart.schema.violations import INVALID_BOOLEAN, Failed, Path, Reading

LARGEST = 2**53 - 1  # RFC 7493 2.2


@frozen
class Boolean(PropertyType):
    """``true`` or ``false``."""

    mismatch: ClassVar[str] = INVALID_BOOLEAN

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """A bool."""
        return wire if isinstance(wire, bool) else reading.refuse(path, self.mismatch)

    def document(self) -> dict[str, Any]:
        """``boolean``."""
        return self.described("boolean")


@frozen
class Number(PropertyType):
    """What integers and floats share: inclusive bounds."""

    mismatch: ClassVar[str] = "Invalid value for number property"
    format: ClassVar[str] = "integer"

    min: int | None = None
    max: int | None = None

    def within(self, number: int | float, path: Path, reading: Reading) -> int | float | Failed:
        """``number`` if the bounds hold."""
        if self.min is not None and number < self.min:
            return reading.fault(path, "MinValue", self.min)
        top = self.max if self.max is not None else LARGEST
        if number > top:
            return reading.fault(path, "MaxValue", top)
        return number

    def document(self) -> dict[str, Any]:
        """``number`` with its format and bounds."""
        return self.described("number", format=self.format, min=self.min, max=self.max)


@frozen
class Integer(Number):
    """A whole number of at most 53 bits."""

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """An int."""
        if not isinstance(wire, int) or isinstance(wire, bool) or wire < -LARGEST:
            return reading.refuse(path, self.mismatch)
        return self.within(wire, path, reading)


@frozen
class Unsigned(Integer):
    """A whole number that is not negative."""

    format: ClassVar[str] = "unsignedInteger"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """An int of 0 or more."""
        if isinstance(wire, int) and wire < 0:
            return reading.refuse(path, self.mismatch)
        return super().read_value(wire, path, reading, former)


@frozen
class Size(Unsigned):
    """A number of bytes."""

    format: ClassVar[str] = "size"


@frozen
class Duration(Integer):
    """Milliseconds, more than none; text such as ``5m`` is refused."""

    mismatch: ClassVar[str] = "Invalid path for Duration"
    format: ClassVar[str] = "duration"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """An int of milliseconds."""
        if isinstance(wire, int) and wire < 1:
            return reading.refuse(path, "Invalid duration value")
        return super().read_value(wire, path, reading, former)


@frozen
class Float(Number):
    """A finite number."""

    format: ClassVar[str] = "float"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """A float."""
        if not isinstance(wire, int | float) or isinstance(wire, bool) or not abs(wire) <= 1e300:
            return reading.refuse(path, self.mismatch)
        return self.within(float(wire), path, reading)


_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,12})?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


@frozen
class UtcDateTime(PropertyType):
    """A moment of the years 1970 to 3000: seconds since the epoch in Python, ``YYYY-MM-DDTHH:MM:SSZ`` on the
    wire.
    """

    mismatch: ClassVar[str] = "Invalid value for date property"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """Whole seconds since the epoch; offset and fraction are accepted (RFC 3339 5.6)."""
        moment = _moment(wire) if isinstance(wire, str) else None
        if moment is None or not 1970 <= moment.year <= 3000:
            return reading.refuse(path, self.mismatch)
        return int(moment.timestamp())

    def write(self, value: Any, masked: bool) -> Any:
        """The moment in UTC."""
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def document(self) -> dict[str, Any]:
        """``utcDateTime``."""
        return self.described("utcDateTime")


def _moment(text: str) -> datetime | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    *numbers, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@define(slots=False, eq=False)
class Enumeration:
    """A closed set of names. ``source`` lists them, or is called once for a long list when it is first
    needed.

    ``spellings`` maps other accepted spellings to the name that is kept and printed.
    """

    name: str
    source: tuple[str, ...] | Callable[[], Iterable[str]]
    doc: str
    other_spellings: Callable[[], Mapping[str, str]] | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(self.source() if callable(self.source) else self.source)

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """Accepted spelling to name."""
        others = dict(self.other_spellings()) if self.other_spellings is not None else {}
        return MappingProxyType({**others, **{name: name for name in self.names}})


@frozen
class Enum(PropertyType):
    """One name of an ``Enumeration``, in its exact case."""

    mismatch: ClassVar[str] = "Invalid value for enum property"

    enumeration: Enumeration

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """The name as a str."""
        name = self.enumeration.spellings.get(wire) if isinstance(wire, str) else None
        return name if name is not None else reading.refuse(path, self.mismatch)

    def document(self) -> dict[str, Any]:
        """``enum`` with the enumeration's name."""
        return self.described("enum", enumName=self.enumeration.name)


@frozen
class ObjectId(PropertyType):
    """A reference to an object of type ``target`` (of its variant ``variant``): an int in Python, an id on
    the wire.

    ``binding`` False: the target must be there when the reference is written and may go all the same.
    """

    mismatch: ClassVar[str] = "Invalid id"

    target: str
    variant: str | None = None
    binding: bool = True

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """The number of the id; whether the object exists is the registry's question."""
        return _number(wire, path, reading, self.mismatch)

    def write(self, value: Any, masked: bool) -> Any:
        """The id."""
        return encode_id(value)

    def document(self) -> dict[str, Any]:
        """``objectId`` with the type or the view of it."""
        view = f"/{self.variant}" if self.variant else ""
        return self.described("objectId", objectName=f"x:{self.target}{view}")


@frozen
class LocalId(PropertyType):
    """An id that means something inside its object only, such as a credential's."""

    mismatch: ClassVar[str] = "Invalid id"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """The number of the id."""
        return _number(wire, path, reading, self.mismatch)

    def write(self, value: Any, masked: bool) -> Any:
        """The id."""
        return encode_id(value)

    def document(self) -> dict[str, Any]:
        """A plain string."""
        return self.described("string", format="string")


def _number(wire: Any, path: Path, reading: Reading, mismatch: str) -> int | Failed:
    try:
        return decode_id(wire) if isinstance(wire, str) else reading.refuse(path, mismatch)
    except ValueError:
        return reading.refuse(path, mismatch)


_BLOB_ID = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)  # RFC 8620 1.2


@frozen
class BlobId(PropertyType):
    """The id of a JMAP blob."""

    mismatch: ClassVar[str] = "Invalid blob id"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """The id as a str."""
        valid = isinstance(wire, str) and _BLOB_ID.fullmatch(wire)
        return wire if valid else reading.refuse(path, self.mismatch)

    def document(self) -> dict[str, Any]:
        """``blobId``."""
        return self.described("blobId")
