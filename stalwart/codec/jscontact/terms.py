"""What JMAP finds and sorts contacts by without reading them (RFC 9610 3.3), made of a vCard of any version.

There are two texts for each card, folded by i;unicode-casemap: ``FACTS`` has what is sorted by, ``TEXT`` what is
looked for, in fields. Both are bounded: what is longer is not found by its end. Photos and sounds that stand in a card
are found by their SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from stalwart.codec.collations import unicode_casemap
from stalwart.codec.content_lines import parted, text_list, unescaped
from stalwart.codec.data_uri import is_data, read_data
from stalwart.codec.jscontact.values import moment_of
from stalwart.codec.jscontact.vocabulary import CARD_KINDS
from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.lines import STRUCTURED, CardProperty
from stalwart.codec.vcard.version_3_to_4 import upgraded

FACTS: Final = "contact"
TEXT: Final = "contact-text"
MEDIA: Final = "contact-media:"
"""Begins the name of a property, which a digest in hexadecimal ends."""
FIELDS: Final = (
    *("name", "nickname", "organization", "email", "phone", "onlineService", "address", "note"),
    "others",
)
"""The fields of ``TEXT``, in their order."""

_OF: Final = {
    "FN": "name",
    "N": "name",
    "SORT-STRING": "name",
    "NICKNAME": "nickname",
    "ORG": "organization",
    "EMAIL": "email",
    "TEL": "phone",
    "IMPP": "onlineService",
    "SOCIALPROFILE": "onlineService",
    "X-SOCIALPROFILE": "onlineService",
    "ADR": "address",
    "LABEL": "address",
    "NOTE": "note",
    **dict.fromkeys(("TITLE", "ROLE", "CATEGORIES", "URL", "RELATED", "HOBBY", "INTEREST", "EXPERTISE"), "others"),
    **dict.fromkeys(("X-AIM", "X-GTALK", "X-ICQ", "X-JABBER", "X-MSN", "X-SKYPE", "X-YAHOO"), "onlineService"),
}
_SAID: Final = ("X-USER", "USERNAME", "SERVICE-TYPE", "X-SERVICE-TYPE", "LABEL")
"""Parameters that say something of a service or of an address."""
_INLINE: Final = frozenset(("PHOTO", "LOGO", "SOUND"))
_FIELD: Final = "\x1e"
_PART: Final = "|"  # what JSON need not escape: thousands are read at once
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f|]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DIGITS: Final = re.compile(r"[^0-9]+", re.ASCII)
_LONGEST_PART: Final = 1000
_LONGEST_NOTE: Final = 4000
_LONGEST_FIELD: Final = 6000
_LONGEST_NAME: Final = 100
_MOST_MEDIA: Final = 20
_KINDS: Final = ("KIND", "X-ADDRESSBOOKSERVER-KIND")


class Facts(NamedTuple):
    """What a card is sorted by. ``created`` and ``updated`` are UTCDates; empty is what is not said."""

    given: str
    surname: str
    surname2: str
    kind: str
    created: str
    updated: str


def terms(card: Card) -> tuple[tuple[str, str], ...]:
    """The values of a card, by property."""
    found = [(FACTS, _PART.join(_facts(card))), (TEXT, _text(card))]
    found += ((f"{MEDIA}{digest}", "") for digest in sorted({sha256(each).hexdigest() for each in inline_media(card)}))
    return tuple(found)


def facts_of(value: str) -> Facts:
    """The facts that a value of ``FACTS`` has."""
    return Facts._make(value.split(_PART))


def fields_of(value: str) -> dict[str, str]:
    """The fields that a value of ``TEXT`` has."""
    return dict(zip(FIELDS, value.split(_FIELD), strict=True))


def folded_term(text: str) -> str:
    """A text as it stands in a value."""
    if text.isascii():
        return (text if text.isprintable() and _PART not in text else _CONTROL.sub(" ", text)).upper()
    return unicode_casemap(_CONTROL.sub(" ", _SURROGATE.sub("\ufffd", text)))


def inline_media(card: Card) -> Iterator[bytes]:
    """The photos and sounds that stand in a card, as far as their sort is one that has blobs."""
    for number, uri in enumerate(_inline_uris(card)):
        data = read_data(uri)
        if data is not None and number < _MOST_MEDIA:
            yield data.octets


def _inline_uris(card: Card) -> Iterator[str]:
    for item in card.properties:
        if item.name not in _INLINE:
            continue
        if item.encoding == "BASE64":
            (item,) = upgraded(Card([item])).properties[:1] or (item,)
        uri = unescaped(item.value).strip()
        if is_data(uri):
            yield uri


def _facts(card: Card) -> Facts:
    parts: list[list[str]] = []
    name = card.first("N")
    if name is not None:
        parts = [[each.strip() for each in text_list(part)] for part in parted(name.written, ";")]
    parts += [[]] * (6 - len(parts))
    second = [each for each in parts[5] if each]
    return Facts(
        given=_first(parts[1]),
        surname=_first([each for each in parts[0] if each not in second]),
        surname2=_first(second),
        kind=_kind(card),
        created=_moment(card, "CREATED"),
        updated=_moment(card, "REV"),
    )


def _kind(card: Card) -> str:
    said = next((each.text.strip().lower() for name in _KINDS for each in card.all(name)), "")
    shown = card.first("X-ABSHOWAS")
    if said in CARD_KINDS:
        return said
    return "org" if shown is not None and shown.value.strip().upper() == "COMPANY" else "individual"


def _first(texts: list[str]) -> str:
    return folded_term(next((each for each in texts if each), "")[:_LONGEST_NAME])


def _moment(card: Card, name: str) -> str:
    found = card.first(name)
    moment = None if found is None else moment_of(found.value, without_zone=True)
    return f"{moment[:19]}Z" if moment else ""


def _text(card: Card) -> str:
    fields: dict[str, list[str]] = {name: [] for name in FIELDS}
    labels = {item.group.lower(): item.text for item in card.properties if item.group and item.name == "X-ABLABEL"}
    for item in card.properties:
        field = _OF.get(item.name)
        if field is not None:
            fields[field] += _said(item, field)
            if item.group and item.group.lower() in labels:
                fields[field].append(labels[item.group.lower()].replace("_$!<", "").replace(">!$_", ""))
    return _FIELD.join(_joined(texts) for texts in fields.values())


def _said(item: CardProperty, field: str) -> Iterator[str]:
    longest = _LONGEST_NOTE if field == "note" else _LONGEST_PART
    text = item.text[:longest]
    if item.name in STRUCTURED:
        yield from (unescaped(part) for part in parted(item.written[:longest], ";"))
    else:
        yield text
    if field == "phone":
        yield _DIGITS.sub("", text)
    if ";" in item.head:
        for name in _SAID:
            for each in item.parameters.get(name, ()):
                yield each[:longest]


def _joined(texts: list[str]) -> str:
    return _PART.join(dict.fromkeys(folded_term(text).strip() for text in texts if text))[:_LONGEST_FIELD]
