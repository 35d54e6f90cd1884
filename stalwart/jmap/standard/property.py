"""A property of a data type as it is declared: its type, its default, who may set it and when (RFC 8620 5.3)."""

from __future__ import annotations

from copy import deepcopy
from enum import Enum
from typing import Any, Final

from attrs import frozen

from stalwart.jmap.standard.scalars import PropertyType


class Required(Enum):
    """The default of a property that a client must give."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED


@frozen
class Property:
    """One property.

    ``default`` stands for an absent one and for null in a patch. ``server_set``: clients may only repeat its value.
    ``immutable``: set when the object is created, never after. ``computed``: not stored, the source works it out when
    it is asked for. ``by_default`` False: answered only by name. ``capability``: answered by default only if ``using``
    names it (jmap.md 5). ``copied`` False: ``/copy`` leaves it out; None leaves out what holds ids, as those mean
    objects of the other account. ``sparse``: a patch may go into parts of it that are not there, as if they were empty.
    """

    type: PropertyType
    default: Any = REQUIRED
    server_set: bool = False
    immutable: bool = False
    computed: bool = False
    by_default: bool = True
    capability: str | None = None
    copied: bool | None = None
    sparse: bool = False

    @property
    def settable(self) -> bool:
        """Whether clients can give it at all."""
        return not (self.server_set or self.computed)

    @property
    def required(self) -> bool:
        """Whether a client must give it."""
        return self.settable and self.default is REQUIRED

    def fresh_default(self) -> Any:
        """The default, or null where there is none; the caller's own."""
        return None if self.default is REQUIRED else deepcopy(self.default)

    @property
    def goes_along(self) -> bool:
        """Whether ``/copy`` takes it from the original."""
        return self.settable and (not self.type.holds_ids if self.copied is None else self.copied)


def computed(type: PropertyType) -> Property:
    """One that only the server says, and works out when it is asked for."""
    return Property(type, server_set=True, computed=True)
