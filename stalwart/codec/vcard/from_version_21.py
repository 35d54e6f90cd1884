"""vCard 2.1 as vCard 3.0: names for its parameters, quoted-printable as text, its few escapes as those of RFC 2426."""

from __future__ import annotations

from typing import Final

from stalwart.codec.content_lines import escaped
from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.lines import LISTED, STRUCTURED, CardProperty

_OURS: Final = ("ENCODING", "CHARSET")
_AS_THEY_ARE: Final = frozenset({"VERSION", "GEO", "UID", "REV", "BDAY", "TZ", "URL", "KEY"})


def translated(card: Card) -> Card:
    """The properties as vCard 3.0 has them; VERSION stays as it is."""
    return Card(map(_property, card.properties))


def _property(item: CardProperty) -> CardProperty:
    parameters: dict[str, tuple[str, ...]] = {
        name: tuple(each.strip() for each in values) for name, values in item.parameters.items() if name not in _OURS
    }
    value = item.value
    if item.encoding == "BASE64":
        value = "".join(value.split())
        parameters = {"ENCODING": ("b",), **parameters}
    elif item.name == "AGENT" and "\n" in item.raw:
        value = escaped(value.strip())
    else:
        value = _value(item)
    if not item.parameters and value == item.value:
        return item
    return CardProperty.of(item.name, value, parameters, item.group)


def _value(item: CardProperty) -> str:
    written = item.written
    if item.name in _AS_THEY_ARE or item.name.startswith("X-"):
        return _on_one_line(written)
    if item.name in STRUCTURED:
        return ";".join(escaped(part) for part in _components(written))
    if item.name in LISTED:
        return _on_one_line(written)
    return escaped(written.replace("\\;", ";"))


def _components(written: str) -> list[str]:
    """What semicolons separate; an escaped one is in a component."""
    return [part.replace("\0", ";") for part in written.replace("\\;", "\0").split(";")]


def _on_one_line(written: str) -> str:
    return written.replace("\n", "\\n")
