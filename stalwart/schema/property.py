"""One member of a declared object: its type, default, who may write it, the sentence that documents it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Final, Literal

from attrs import define

from stalwart.schema.containers import Container
from stalwart.schema.property_type import PropertyType, shown
from stalwart.schema.violations import FAILED, READ_ONLY, SERVER_SET, Path, Reading

Update = Literal["mutable", "immutable", "serverSet"]
Index = Literal["exact", "words", "both"]


def documented(doc: str, enforced: bool) -> str:
    """``doc`` with the remark that nothing obeys the object or member yet, where that is so."""
    return doc if enforced else f"{doc} Stored, not enforced yet."


class Required:
    """The type of ``REQUIRED``: there is no default, the value must be given."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = Required()


@define(slots=False, eq=False)
class Property:
    """A declared property, made by ``prop``.

    ``name`` is the wire name, ``attribute`` the Python one, ``default`` is in wire form (None on a type that
    is not nullable: the server fills it in). ``unique`` names the key space of the value. ``index``: it can
    be queried by its value, by the words in it (as ``text``, together with those of other properties), or
    both; the words of a list are those of its members' properties that have some. ``stored`` is False for
    what is computed when somebody asks.
    """

    type: PropertyType
    default: Any
    doc: str
    update: Update
    name: str
    label: str
    unique: str | None
    index: Index | None
    stored: bool
    attribute: str = ""

    def bind(self, attribute: str) -> None:
        """Learn the attribute, and from it what was not stated."""
        self.attribute = attribute
        self.name = self.name or camel_case(attribute)
        self.label = self.label or sentence_case(self.name)

    @property
    def is_required(self) -> bool:
        """Whether a client has to give it on create (settings B)."""
        return self.default is REQUIRED and self.update != "serverSet"

    @cached_property
    def default_value(self) -> Any:
        """The default as a Python value; None where there is none."""
        if self.default is None or self.default is REQUIRED:
            return None
        if not self.default and isinstance(self.type, Container):
            return self.type.empty  # which may be fewer than a new object must have
        reading = Reading(stored=True)
        return reading.result(self.type.read(self.default, (self.name,), reading))

    def read_from(self, members: dict[str, Any], path: Path, reading: Reading, former: Any) -> Any:
        """The value that ``members`` gives this property of an object that was ``former`` (or new)."""
        before = getattr(former, self.attribute, None)
        given = members.get(self.name)
        is_cleared = reading.by_server and self.type.nullable and self.name in members
        is_absent = self.name not in members or (self.default is None and self.update != "mutable")
        if given is None and is_absent and not is_cleared:
            return self._absent(path, reading, before)
        at = (*path, self.name)
        if reading.by_server:
            return self.type.read(given, at, reading, before)
        if self.update == "serverSet":
            return self._echoed(given, at, reading, before)
        value = self.type.read(given, at, reading, before)
        if self.update == "immutable" and former is not None and value is not FAILED and value != before:
            return reading.refuse(at, READ_ONLY)
        return value

    def _absent(self, path: Path, reading: Reading, before: Any) -> Any:
        if self.update == "serverSet" and before is not None:
            return before
        if self.is_required:
            return reading.fault((*path, self.name), "Required")
        if isinstance(self.type, Container):
            return self.type.sized(self.default_value, (*path, self.name), reading)
        return self.default_value

    def _echoed(self, given: Any, at: Path, reading: Reading, before: Any) -> Any:
        # RFC 8620 5.3: a client may send the whole object back, so the current value is no attempt to change
        # it.
        value = self.type.read(given, at, Reading(), before)
        if before is None or value is FAILED or value != before:
            return reading.refuse(at, SERVER_SET)
        return before

    def write_to(self, members: dict[str, Any], value: Any, masked: bool) -> None:
        """Add the wire form of ``value``; computed values show only once somebody has filled them in."""
        if self.stored or (masked and value is not None):
            members[self.name] = shown(value, self.type, masked)


def prop(
    type: PropertyType,
    default: Any,
    doc: str,
    *,
    update: Update = "mutable",
    name: str = "",
    label: str = "",
    unique: str | None = None,
    index: Index | None = None,
    stored: bool = True,
    enforced: bool = True,
) -> Any:
    """Declare a property in a class body; see ``Property`` for the words. Any: the annotation has the Python
    type. ``enforced`` False: nothing obeys it yet.
    """
    return Property(type, default, documented(doc, enforced), update, name, label, unique, index, stored)


def camel_case(attribute: str) -> str:
    """``rate_limit_anonymous`` -> ``rateLimitAnonymous``."""
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


def sentence_case(name: str) -> str:
    """``rateLimitAnonymous`` -> ``Rate limit anonymous``."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", name).capitalize()
