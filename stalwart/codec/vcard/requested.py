"""Which version of a card, and which part of it, a request asks for (RFC 6352 5.1.1, 6.3.2, 10.4, spec/dav.md 9.3)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from attrs import frozen

from stalwart.codec.content_lines import escaped
from stalwart.codec.vcard.card import VERSIONS, Card, read_card, version_of
from stalwart.codec.vcard.checking import name_of
from stalwart.codec.vcard.conditions import AddressData, PropSelection
from stalwart.codec.vcard.conversion import converted
from stalwart.codec.vcard.lines import CardProperty, MalformedCard
from stalwart.codec.vcard.selection import selected

_LONGEST_FIELD: Final = 1000
_LARGEST: Final = 1 << 30  # what was stored under another limit is given under this one
_WEIGHT: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\Z", re.ASCII)


@frozen
class Requested:
    """What is to be given of each card: a version (None: its own) and properties (none: all)."""

    version: str | None = None
    props: tuple[PropSelection, ...] = ()

    def of(self, octets: bytes) -> bytes:
        """A stored card as it was asked for; as it is stored, if that is the same or it cannot be read."""
        if not self.props and (self.version is None or version_of(octets) == self.version):
            return octets
        try:
            card = read_card(octets, max_octets=_LARGEST)
        except MalformedCard:
            return octets
        if self.version is not None:
            card = _translated(card, self.version)
        return selected(card, self.props).octets()


def _translated(card: Card, version: str) -> Card:
    """A card in a version, with what that must have. What is made for it is written as 3.0 and 4.0 have it."""
    if card.version == "2.1":
        return _named(converted(card, version), version)
    return converted(_named(card, version), version)


def _named(card: Card, version: str) -> Card:
    """With names that the version must have, where the card has them not, as in its own version it need not: FN in 3.0
    and 4.0 (RFC 2426 3.1.1, RFC 6350 6.2.1), N in 2.1 and 3.0 (RFC 2426 3.1.2).
    """
    has_name, has_parts = card.first("FN") is not None, card.first("N") is not None
    name = "" if has_name and has_parts else escaped(_name_or_address(card))
    added = []
    if not has_name and version != "2.1":
        added.append(CardProperty.of("FN", name))
    if not has_parts and version != "4.0":
        added.append(CardProperty.of("N", f"{name};;;;"))
    return Card([*card.properties[:1], *added, *card.properties[1:]]) if added else card


def _name_or_address(card: Card) -> str:
    written = card.first("FN")
    if written is not None and written.text.strip():
        return written.text.strip()
    found = (each.text.strip() for name in ("EMAIL", "TEL", "UID") for each in card.all(name))
    return name_of(card) or next(filter(None, found), "")


def requested(asked: AddressData | None, accept: str | None) -> Requested:
    """What ``address-data`` says counts more than the field Accept; what nobody here can write counts nothing."""
    if asked is None:
        return Requested(accepted_version(accept))
    version = (asked.version or "").strip()
    return Requested(version if version in VERSIONS else accepted_version(accept), asked.props)


@lru_cache(maxsize=256)
def _accepted(field: str) -> str | None:
    best, weight = None, 0.0
    for member in field.split(","):
        kind, *parameters = (part.strip() for part in member.split(";"))
        if kind.lower() != "text/vcard":
            continue
        pairs = (each.partition("=") for each in parameters)
        said = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
        version, given = said.get("version"), said.get("q", "1")
        liked = float(given) if _WEIGHT.match(given) else 1.0
        if version in VERSIONS and liked > weight:
            best, weight = version, liked
    return best


def accepted_version(field: str | None) -> str | None:
    """The version of ``text/vcard`` that a field Accept likes best, the first of several; None if it names none."""
    return _accepted(field[:_LONGEST_FIELD]) if field and "vcard" in field.lower() else None
