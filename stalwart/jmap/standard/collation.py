"""How texts are compared when a query sorts (RFC 8620 5.5): three collations as keys for ``sorted``.

i;ascii-numeric and i;ascii-casemap are of RFC 4790 9, i;unicode-casemap is of RFC 5051 and the default here. Substring
operations are not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from string import digits
from typing import Any

from stalwart.codec.collations import ascii_casemap, unicode_casemap
from stalwart.jmap.errors import MethodError

Key = Callable[[str], Any]


def ascii_numeric(text: str) -> tuple[int, int, str]:
    """By the number that the text begins with; texts that begin with none are equal and above all numbers."""
    end = 0
    while end < len(text) and text[end] in digits:
        end += 1
    if not end:
        return (1, 0, "")
    number = text[:end].lstrip("0")
    return (0, len(number), number)


DEFAULT = "i;unicode-casemap"

COLLATIONS: dict[str, Key] = {
    "i;ascii-numeric": ascii_numeric,
    "i;ascii-casemap": ascii_casemap,
    "i;unicode-casemap": unicode_casemap,
}
"""By name: what the core capability announces as ``collationAlgorithms`` (RFC 8620 2)."""


def collation(name: str | None) -> Key:
    """The key of a collation, None for the default; raises ``MethodError`` ``unsupportedSort``."""
    found = COLLATIONS.get(DEFAULT if name is None else name)
    if found is None:
        raise MethodError("unsupportedSort", f'There is no collation "{(name or "")[:255]}".')
    return found
