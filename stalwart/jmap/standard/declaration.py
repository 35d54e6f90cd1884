"""What a data type is, as a value: names, properties, filter conditions, sorts. What stores it is its ``source``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from attrs import field, frozen

from stalwart.codec.ids import decode_id, encode_id
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.sorting import Sort
from stalwart.store.rows import LARGEST_ID

ANY = "*"
"""Stands among names of properties for all that an object of an open type has."""


def _never(name: str) -> bool:
    return False


class IdForm:
    """How the numbers of objects are written as ids: as they are stored."""

    def text(self, number: int) -> str:
        """The id of an object."""
        return encode_id(number)

    def number(self, text: str) -> int | None:
        """The number of an object, None if there can be no such object."""
        try:
            number = decode_id(text)
        except ValueError:
            return None
        return number if number <= LARGEST_ID else None


@frozen(eq=False)
class Declaration:
    """A data type.

    ``capability``: any of these URNs in ``using`` opens its methods. ``properties`` are all but ``id``. ``permissions``
    is the prefix of its permissions, ``jmap`` and its name by default.

    ``counts``: properties that change without the rest; ``/changes`` then has ``updatedProperties`` (RFC 8621 2.2).
    ``announced``: what a creation answers beside the id, None for all that the server set or changed.
    ``further_name``: whether a name that is not declared is a property too (``header:...``). ``shared``: the type of
    objects (``store.object_types``) whose sharing opens it to those to whom they are shared. ``permitted_as``: verbs
    for which there is no permission of their own, and those whose permission counts. ``ids`` is the form of ids.
    ``is_open``: objects have properties that are not declared, which are answered where none are named (``ANY``).
    """

    name: str
    capability: str | tuple[str, ...]
    properties: Mapping[str, Property]
    conditions: Mapping[str, Condition] = field(factory=dict)
    sorts: Mapping[str, Sort] = field(factory=dict)
    permissions: str = ""
    counts: tuple[str, ...] = ()
    announced: frozenset[str] | None = None
    further_name: Callable[[str], bool] = _never
    shared: int | None = None
    permitted_as: Mapping[str, str] = field(factory=dict)
    ids: IdForm = field(factory=IdForm)
    is_open: bool = False

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The URNs that open its methods."""
        return (self.capability,) if isinstance(self.capability, str) else self.capability

    def permission(self, verb: str) -> str:
        """``jmapMailboxGet`` for ``Get``."""
        return f"{self.permissions or f'jmap{self.name}'}{self.permitted_as.get(verb, verb)}"

    def default_names(self, using: Collection[str]) -> list[str]:
        """The properties that are answered if none are named."""
        names = [
            name
            for name, each in self.properties.items()
            if each.by_default and (each.capability is None or each.capability in using)
        ]
        return [*names, ANY] if self.is_open else names

    def changing_names(self) -> list[str]:
        """The stored properties that an update can change, be it by the client or by the rules."""
        names = [name for name, each in self.properties.items() if not (each.computed or each.immutable)]
        return [*names, ANY] if self.is_open else names
