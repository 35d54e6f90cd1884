"""A card (RFC 2426, RFC 6350): its properties in order, written as it was read where untouched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from stalwart.codec.vcard.lines import (
    MAX_OCTETS,
    CardProperty,
    MalformedCard,
    content_lines,
    is_quoted_printable,
    property_of,
)

VERSIONS: Final = ("4.0", "3.0", "2.1")
"""Those that are read and written, the best first."""
_BEGIN: Final = re.compile(r"BEGIN[ \t]*:[ \t]*VCARD[ \t]*\Z", re.IGNORECASE)
_END: Final = re.compile(r"END[ \t]*:[ \t]*VCARD[ \t]*\Z", re.IGNORECASE)
_VERSION: Final = re.compile(rb"^VERSION:[ \t]*([0-9]{1,2}\.[0-9]{1,2})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DEEPEST: Final = 4
_LOOKED_AT: Final = 2000


class Card:
    """``BEGIN:VCARD`` to ``END:VCARD``. Its list may be edited; its properties do not change, they are replaced."""

    __slots__ = ("properties",)

    def __init__(self, properties: Iterable[CardProperty] = ()) -> None:
        self.properties: list[CardProperty] = list(properties)

    def __repr__(self) -> str:
        return f"<Card: {len(self.properties)} properties>"

    @property
    def version(self) -> str | None:
        """What the card says of itself."""
        found = self.first("VERSION")
        return None if found is None else found.value.strip()

    def first(self, name: str) -> CardProperty | None:
        """The first property of a name (in upper case)."""
        for each in self.properties:
            if each.name == name:
                return each
        return None

    def all(self, name: str) -> list[CardProperty]:
        """All properties of a name."""
        return [each for each in self.properties if each.name == name]

    def text(self) -> str:
        """As it is written, with CRLF."""
        raw = [_ended(each.raw) for each in self.properties]
        return "\n".join(["BEGIN:VCARD", *raw, "END:VCARD", ""]).replace("\n", "\r\n")

    def octets(self) -> bytes:
        """``text`` in UTF-8."""
        return self.text().encode("utf-8", "replace")


def _ended(raw: str) -> str:
    """A quoted-printable line that ends in ``=`` would swallow the next one."""
    if raw.endswith("=") and is_quoted_printable(raw.partition(":")[0]):
        return raw.rstrip("=")
    return raw


def read_cards(octets: bytes, *, max_octets: int = MAX_OCTETS) -> list[Card]:
    """All cards of a stream. Raises MalformedCard: what is no content line, or is outside of cards, is not taken."""
    found: list[Card] = []
    lines = content_lines(octets, max_octets=max_octets)
    at = 0
    while at < len(lines):
        if _BEGIN.match(lines[at]) is None:
            raise MalformedCard(f"This line is outside of any card: {lines[at][:60]!r}.")
        card, at = _card(lines, at + 1)
        found.append(card)
    return found


def read_card(octets: bytes, *, max_octets: int = MAX_OCTETS) -> Card:
    """The one card of a stream. Raises MalformedCard."""
    cards = read_cards(octets, max_octets=max_octets)
    if len(cards) != 1:
        raise MalformedCard("There has to be exactly one card.")
    return cards[0]


def _card(lines: list[str], at: int) -> tuple[Card, int]:
    properties: list[CardProperty] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        item = property_of(line)
        if item is None:
            raise MalformedCard(f"This is no content line: {line[:60]!r}.")
        if item.name == "END" and _END.match(line):
            return Card(properties), at
        if item.name == "BEGIN":
            raise MalformedCard("A card begins within another one, or END:VCARD is missing.")
        if item.name == "AGENT" and at < len(lines) and not item.value.strip() and _BEGIN.match(lines[at]):
            end = _inner_end(lines, at)
            item = CardProperty(item.name, "\n".join([line, *lines[at:end]]), item.group)
            at = end
        properties.append(item)
    raise MalformedCard("END:VCARD is missing.")


def _inner_end(lines: list[str], at: int) -> int:
    """Behind the card that begins there (AGENT of vCard 2.1)."""
    depth = 0
    while at < len(lines):
        if _BEGIN.match(lines[at]):
            depth += 1
            if depth > _DEEPEST:
                raise MalformedCard(f"Cards can be {_DEEPEST} levels deep at most.")
        elif _END.match(lines[at]):
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    raise MalformedCard("END:VCARD is missing.")


def version_of(octets: bytes) -> str | None:
    """What a stored card says that its version is, without reading all of it where possible."""
    found = _VERSION.search(octets, 0, _LOOKED_AT) or _VERSION.search(octets)
    return None if found is None else found[1].decode()
