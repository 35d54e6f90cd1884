"""Strings and secrets: length, format, the mask (settings A.5, A.7)."""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import field, frozen

from stalwart.schema.formats import FORMATS
from stalwart.schema.property_type import PropertyType
from stalwart.schema.violations import MASK, Failed, Path, Reading


@frozen
class String(PropertyType):
    """A string of one of ``FORMATS``. Lengths count characters. ``""`` is null where null may be, else
    refused.

    ``may_be_empty`` lets ``""`` stand as it is.
    """

    mismatch: ClassVar[str] = "Invalid value for string property"

    format: str = "string"
    min_length: int | None = field(default=None, kw_only=True)
    max_length: int | None = field(default=None, kw_only=True)
    may_be_empty: bool = field(default=False, kw_only=True)

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """The cleaned string."""
        if not isinstance(wire, str) or not _encodable(wire):
            return reading.refuse(path, self.mismatch)
        if not wire.strip():
            return self._read_empty(path, reading)
        try:
            text = FORMATS[self.format].clean(wire)
        except ValueError as problem:
            return reading.refuse(path, str(problem))
        return self._within(text, path, reading)

    def _read_empty(self, path: Path, reading: Reading) -> Any:
        if self.may_be_empty:
            return ""
        return None if self.nullable else reading.fault(path, "Required")

    def _within(self, text: str, path: Path, reading: Reading) -> str | Failed:
        if self.min_length is not None and len(text) < self.min_length:
            return reading.fault(path, "MinLength", self.min_length)
        if self.max_length is not None and len(text) > self.max_length:
            return reading.fault(path, "MaxLength", self.max_length)
        return text

    def document(self) -> dict[str, Any]:
        """``string`` with its format and lengths."""
        return self.described(
            "string",
            format=FORMATS[self.format].document,
            minLength=self.min_length,
            maxLength=self.max_length,
        )


@frozen
class Secret(String):
    """A string that leaves the server as the mask only; the mask coming in means "as it was" (A.7)."""

    format: str = "secret"

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """The secret, the former one for the mask, a problem for a mask with nothing behind it."""
        if wire == MASK and not reading.stored:
            if isinstance(former, str):
                return former
            return reading.object_to(path, "The mask stands for a secret that is already stored; there is none")
        return super().read_value(wire, path, reading, former)

    def write(self, value: Any, masked: bool) -> Any:
        """The mask, or the secret for our own store."""
        return MASK if masked else value


def _encodable(text: str) -> bool:
    """Whether ``text`` is free of lone surrogates and NUL, which no store takes (RFC 7493 2.1)."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
