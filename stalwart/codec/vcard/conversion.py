"""A card in another version (RFC 6350 10, RFC 2426, vCard 2.1; spec/dav.md 9.3).

What versions say in different ways is translated: encodings, inline pictures, preference, dates, kinds of cards and
their members, anniversaries, related people, labels of addresses. What a version has no words for stays as it is, under
the name that it has, so that nothing is lost; an unchanged property keeps the text that it was read from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stalwart.codec.vcard import from_version_21, to_version_21
from stalwart.codec.vcard.card import VERSIONS, Card
from stalwart.codec.vcard.lines import CardProperty
from stalwart.codec.vcard.version_3_to_4 import upgraded
from stalwart.codec.vcard.version_4_to_3 import downgraded

_Step = Callable[[Card], Card]
_UP: Final[tuple[_Step, ...]] = (from_version_21.translated, upgraded)
_DOWN: Final[tuple[_Step, ...]] = (to_version_21.translated, downgraded)
_ORDER: Final = tuple(reversed(VERSIONS))


def converted(card: Card, version: str) -> Card:
    """The card in one of ``VERSIONS``; itself, if it is that. A card that does not say what it is counts as 4.0."""
    own = card.version if card.version in VERSIONS else VERSIONS[0]
    if own == version:
        return card
    at, wanted = _ORDER.index(own or VERSIONS[0]), _ORDER.index(version)
    steps = _UP[at:wanted] if at < wanted else tuple(reversed(_DOWN[wanted:at]))
    for step in steps:
        card = step(card)
    said = CardProperty("VERSION", f"VERSION:{version}")
    return Card([said, *(each for each in card.properties if each.name != "VERSION")])
