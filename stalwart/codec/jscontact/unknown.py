"""Parts of a Card that vCard has no words for, as they are: JSPROP (RFC 9555 3.1.1, 3.2.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from stalwart.codec.content_lines import escaped, folded, quoted, unescaped
from stalwart.codec.jscontact.checking import check
from stalwart.codec.jscontact.pointers import (
    DEEPEST,
    MISSING,
    copied,
    found_at,
    may_patch,
    overlapping,
    parts_of,
    patch,
    pointer_of,
    without_blobs,
)
from stalwart.codec.jscontact.vocabulary import BLOB_ID, NO_MEMBERS, OF_SERVER, Key, Value
from stalwart.codec.vcard.lines import CardProperty

_LINES: Final = OF_SERVER | NO_MEMBERS | {"", "@type", "version", "uid"}
"""What a card is, and which one, is told by lines only; what servers say of it, by them."""
_MEDIA: Final = "media"
_TEXT: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"')
_BRACKET: Final = re.compile(r"[][{}]")

Line = tuple[int, Key, Any]


def patch_of(item: CardProperty) -> tuple[Key, Any] | None:
    """Where a JSPROP points to, and what has to be there; None if it is not well-formed."""
    pointer = item.parameters.get("JSPTR")
    parts = parts_of(pointer[0]) if pointer else None
    if parts is None or parts[0] in _LINES or (parts[0] == _MEDIA and BLOB_ID in parts):
        return None
    text = unescaped(item.value)
    if _depth(text) > DEEPEST - len(parts):
        return None
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return None
    return parts, without_blobs(value) if parts[0] == _MEDIA else value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON.")


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(_TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(depth, deepest)
    return deepest


def property_of(parts: Key, value: Any) -> CardProperty:
    """The line that says that this is there."""
    pointer = quoted(pointer_of(parts)).strip('"')
    text = escaped(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    return CardProperty("JSPROP", folded(f'JSPROP;JSPTR="{pointer}":{text}'))


def apply_patches(card: Value, lines: Sequence[Line]) -> tuple[Value, list[Line]]:
    """The card with what these lines say, and those that count.

    A line for an entry that a program has deleted which knows nothing of JSPROP counts no longer. The others are one
    patch: if anything in it is wrong, nothing of it is applied (RFC 9553 1.4.3).
    """
    fitting = [line for line in lines if found_at(card, line[1][:-1]) is not MISSING]
    patches = {parts: value for _, parts, value in fitting}
    if not patches or len(patches) < len(fitting) or overlapping(patches):
        return card, []
    if not all(may_patch(card, parts, value) for parts, value in patches.items()):
        return card, []
    made = copied(card)
    for parts, value in patches.items():
        patch(made, parts, value)
    return (card, []) if check(made) else (made, fitting)
