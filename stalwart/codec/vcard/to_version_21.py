"""vCard 3.0 as vCard 2.1: text beyond ASCII and of several lines in quoted-printable, types one by one, base64."""

from __future__ import annotations

import binascii
import re
from typing import Final

from stalwart.codec.content_lines import folded, parted, quoted, unescaped
from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.lines import LISTED, STRUCTURED, CardProperty

_BARE: Final = re.compile(r"[A-Za-z0-9-]+\Z", re.ASCII)
_AS_THEY_ARE: Final = frozenset({"VERSION", "GEO", "UID", "REV", "BDAY", "TZ", "URL", "KEY"})
_ENCODINGS: Final = frozenset({"B", "BASE64"})


def translated(card: Card) -> Card:
    """The properties as vCard 2.1 has them; VERSION stays as it is."""
    return Card(map(_property, card.properties))


def _property(item: CardProperty) -> CardProperty:
    head = item.name if item.group is None else f"{item.group}.{item.name}"
    for name, values in item.parameters.items():
        if name == "ENCODING" and values[0].strip().upper() in _ENCODINGS:
            continue
        for value in values:
            bare = name == "TYPE" and _BARE.match(value)
            head += f";{value.upper()}" if bare else f";{name}={quoted(value)}"
    if item.encoding == "BASE64":
        raw = folded(f"{head};ENCODING=BASE64:{''.join(item.value.split())}")
        return CardProperty(item.name, f"{raw}\n", item.group)  # an empty line is its end
    value = _value(item)
    if value.isascii() and "\n" not in value:
        return CardProperty(item.name, folded(f"{head}:{value}"), item.group)
    return CardProperty(item.name, f"{head};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{_printable(value)}", item.group)


def _value(item: CardProperty) -> str:
    value = item.value
    if item.name in _AS_THEY_ARE or item.name.startswith("X-"):
        return value
    if item.name in STRUCTURED:
        return ";".join(unescaped(part).replace(";", "\\;") for part in parted(value, ";"))
    if item.name in LISTED:
        return value.replace("\\n", "\n").replace("\\N", "\n")
    return unescaped(value)


def _printable(text: str) -> str:
    """In quoted-printable, with soft line breaks; a break of a line is written as CRLF."""
    written = binascii.b2a_qp(text.replace("\n", "\r\n").encode("utf-8", "replace"), istext=False).decode()
    return written.replace("\r\n", "\n")
