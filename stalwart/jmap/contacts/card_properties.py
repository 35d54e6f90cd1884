"""The properties of a ContactCard: its address books, and all members of a Card (RFC 9553), a vendor's among them.

What members may be is judged by ``codec.jscontact``, which knows what they mean together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stalwart.codec.jscontact.vocabulary import OF_SERVER
from stalwart.jmap.standard.containers import SetOf
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.scalars import Json, Nullable

ADDRESS_BOOK_IDS: Final = "addressBookIds"
OWN: Final = OF_SERVER
"""Those that are none of the Card."""
_LONGEST: Final = 255
_MEMBERS: Final = """
    @type version uid kind created updated prodId language members relatedTo name nicknames organizations speakToAs
    titles emails onlineServices phones preferredLanguages calendars schedulingAddresses addresses cryptoKeys
    directories links media localizations anniversaries keywords notes personalInfo vCardProps
    """
_ANYTHING: Final = Property(Nullable(Json()), default=None)


class CardProperties(Mapping[str, Property]):
    """Lists those that RFC 9553 defines, and has any other."""

    def __init__(self) -> None:
        self._declared = {
            ADDRESS_BOOK_IDS: Property(SetOf()),
            **dict.fromkeys(_MEMBERS.split(), _ANYTHING),
            "uid": Property(Nullable(Json()), default=None, immutable=True),
        }

    def __getitem__(self, name: str) -> Property:
        if name not in self:
            raise KeyError(name)
        return self._declared.get(name, _ANYTHING)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name != "id" and 0 < len(name) <= _LONGEST

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)
