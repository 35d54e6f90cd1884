"""The data types of JMAP that are no containers (RFC 8620 1.2 to 1.4), as properties and filter conditions have them.

Values stay in their JSON form; ``read`` checks, and brings dates to their one form. Lists and maps are in
``containers``.
"""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from stalwart.jmap.standard.argument_reader import LARGEST_INTEGER


class Unfit(Exception):
    """A value is not of its type: ``rule`` says what it breaks (``must be a string``), ``path`` where below it."""

    def __init__(self, rule: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = path

    def below(self, step: str) -> Unfit:
        """The same, seen from one level above."""
        return Unfit(self.rule, (step, *self.path))


class PropertyType:
    """What values are allowed."""

    @property
    def holds_ids(self) -> bool:
        """Whether there can be ids in it, so that creation references are looked for."""
        return False

    def read(self, value: Any) -> Any:
        """``value`` in the form to keep; raises ``Unfit``."""
        raise NotImplementedError


@frozen
class Nullable(PropertyType):
    """Null, or a value of ``type``."""

    type: PropertyType

    @property
    def holds_ids(self) -> bool:
        return self.type.holds_ids

    def read(self, value: Any) -> Any:
        return None if value is None else self.type.read(value)


@frozen
class Json(PropertyType):
    """Anything; what it means is for the rules of the type."""

    def read(self, value: Any) -> Any:
        return value


@frozen
class Boolean(PropertyType):
    """True or false."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise Unfit("must be true or false")
        return value


@frozen
class Int(PropertyType):
    """An integer from ``least`` to ``most``."""

    least: int = -LARGEST_INTEGER
    most: int = LARGEST_INTEGER

    def read(self, value: Any) -> Any:
        if type(value) is not int:
            raise Unfit("must be an integer")
        if not self.least <= value <= self.most:
            raise Unfit(f"must be from {self.least} to {self.most}")
        return value


@frozen
class UnsignedInt(Int):
    """An integer from 0 on."""

    least: int = 0


@frozen
class String(PropertyType):
    """Text of ``least`` to ``most`` octets in UTF-8, which is one of ``choices`` if there are any; with ``is_line`` it
    has no control characters, line feeds among them.
    """

    least: int = 0
    most: int = 1_000_000
    choices: frozenset[str] = frozenset()
    is_line: bool = False

    def read(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise Unfit("must be a string")
        if self.choices and value not in self.choices:
            raise Unfit(f"must be one of {', '.join(sorted(self.choices))}")
        size = len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
        if not self.least <= size <= self.most:
            raise Unfit(f"must be of {self.least} to {self.most} octets")
        if self.is_line and _CONTROLS.search(value) is not None:
            raise Unfit("must not have control characters")
        return value


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)


@frozen
class Id(PropertyType):
    """An id (RFC 8620 1.2); whether something has it is for the rules of the type."""

    @property
    def holds_ids(self) -> bool:
        return True

    def read(self, value: Any) -> Any:
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise Unfit("must be an id")
        return value
