"""Whether what was sent can be stored as a card, and what is worth knowing of it (RFC 6352 5.1, 6.3.2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from stalwart.codec.collations import unicode_casemap
from stalwart.codec.vcard.card import VERSIONS, Card, read_cards
from stalwart.codec.vcard.lines import MAX_OCTETS, CardProperty, MalformedCard

INDEXED: Final = frozenset({"FN", "N", "NICKNAME", "EMAIL", "TEL", "ORG", "UID"})
"""What cards are found by without being read."""
INCOMPLETE: Final = "*"
"""Stands where a property would, if there are values that are not among ``terms``: too long, or too many."""
LONGEST_TERM: Final = 200
"""In characters, folded."""
_MOST_TERMS: Final = 60
_LONGEST_UID: Final = 1024
_KINDS: Final = ("KIND", "X-ADDRESSBOOKSERVER-KIND")


class RefusedCard(MalformedCard):
    """vCard that is no address object: several cards, or none that has a UID of its own."""


@frozen
class CardFacts:
    """What is known of a card. ``terms`` are (property, folded text): what it is found by."""

    uid: str | None
    version: str | None
    name: str
    """FN, or what N and ORG make of it; may be empty."""
    kind: str
    """KIND in lower case; ``individual`` if it says nothing."""
    emails: tuple[str, ...]
    terms: tuple[tuple[str, str], ...]


def checked(octets: bytes, *, max_octets: int = MAX_OCTETS) -> tuple[Card, CardFacts]:
    """The card that these octets are, and its facts.

    :raises RefusedCard: it is not one card, or has several UIDs.
    :raises MalformedCard: it is no vCard, or of a version that nobody here knows.
    """
    cards = read_cards(octets, max_octets=max_octets)
    if not cards:
        raise MalformedCard("There is no card.")
    if len(cards) > 1:
        raise RefusedCard("There has to be one card, not several.")
    return cards[0], check(cards[0])


def check(card: Card) -> CardFacts:
    """The facts of a card. Raises RefusedCard, MalformedCard."""
    versions = {each.value.strip() for each in card.all("VERSION")}
    if len(versions) > 1 or not versions <= set(VERSIONS):
        raise MalformedCard(f"A card has one VERSION, which is one of {', '.join(VERSIONS)}.")
    uids = {each.text.strip() for each in card.all("UID")}
    if len(uids) > 1:
        raise RefusedCard("A card has one UID.")
    uid = uids.pop() if uids else ""
    if len(uid) > _LONGEST_UID:
        raise RefusedCard(f"The UID of a card has {_LONGEST_UID} characters at most.")
    kind = next((each.text.strip().lower() for name in _KINDS for each in card.all(name)), "")
    return CardFacts(
        uid=uid or None,
        version=versions.pop() if versions else None,
        name=name_of(card),
        kind=kind or "individual",
        emails=tuple(dict.fromkeys(address for each in card.all("EMAIL") if (address := each.text.strip()))),
        terms=_terms(card),
    )


def name_of(card: Card) -> str:
    """FN, or what N and ORG make of it; may be empty."""
    for called in ("FN", "ORG"):
        found = card.first(called)
        if found is not None and found.text.strip():
            return found.text.strip().rstrip(";").replace(";", ", ")
        if called == "FN":
            given = card.first("N")
            texts = given.texts if given is not None else []
            parts = texts[1:] or texts
            if parts and parts[0].strip(" ;"):
                return " ".join([*parts[1:2], parts[0]])
    return ""


def _terms(card: Card) -> tuple[tuple[str, str], ...]:
    terms: dict[tuple[str, str], None] = {}
    complete = True
    for each in card.properties:
        if each.name not in INDEXED:
            continue
        for folded in _folded(each):
            if len(folded) > LONGEST_TERM or len(terms) >= _MOST_TERMS:
                complete = False
            else:
                terms[each.name, folded] = None
    if not complete:
        terms[INCOMPLETE, ""] = None
    return tuple(terms)


def _folded(item: CardProperty) -> Iterator[str]:
    for text in item.texts:
        yield unicode_casemap(text) if len(text) <= 4 * LONGEST_TERM else "\0" * (LONGEST_TERM + 1)
