"""The three kinds of things that accounts keep beside mail: calendars, address books, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from attrs import frozen

from stalwart.store.collection_rows import ITEMS, home
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR, FILE_NODE


@frozen
class Kind:
    """``type`` is that of collections (``store.object_types``); ``stem`` begins the names of permissions; ``deepest``
    is how many collections can be one in the other.
    """

    service: Literal["cal", "card", "file"]
    type: int
    stem: str
    deepest: int

    @property
    def item_type(self) -> int:
        """The type of what is in the collections."""
        return ITEMS[self.type]

    @property
    def home(self) -> int:
        """The number that members of a home are bound in."""
        return home(self.type)


CALENDARS: Final = Kind("cal", CALENDAR, "davCal", 1)
ADDRESS_BOOKS: Final = Kind("card", ADDRESS_BOOK, "davCard", 1)
FILES: Final = Kind("file", FILE_NODE, "davFile", 128)
KINDS: Final[Mapping[str, Kind]] = {kind.service: kind for kind in (CALENDARS, ADDRESS_BOOKS, FILES)}
