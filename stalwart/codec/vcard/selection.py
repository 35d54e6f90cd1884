"""The part of a card that ``address-data`` asks for (RFC 6352 10.4), in its order; VERSION and UID always."""

from __future__ import annotations

from collections.abc import Sequence

from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.conditions import PropSelection
from stalwart.codec.vcard.lines import CardProperty

_ALWAYS = ("VERSION", "UID")


def selected(card: Card, props: Sequence[PropSelection]) -> Card:
    """A card with these properties only; itself, if none are named. A name without a group means any group."""
    if not props:
        return card
    without_value = {each.name: each.novalue for each in reversed(props)}
    kept = []
    for item in card.properties:
        names = [item.name] if item.group is None else [f"{item.group.upper()}.{item.name}", item.name]
        asked = [without_value[name] for name in names if name in without_value]
        if item.name in _ALWAYS or (asked and not all(asked)):
            kept.append(item)
        elif asked:
            kept.append(_emptied(item))
    return Card(kept)


def _emptied(item: CardProperty) -> CardProperty:
    return CardProperty(item.name, f"{item.head}:", item.group)
