"""How texts are compared when a query sorts (RFC 8620 5.5): three collations as keys for ``sorted``.

i;ascii-numeric and i;ascii-casemap are of RFC 4790 9, i;unicode-casemap is of RFC 5051 and the default here. Substring
operations are not needed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from string import digits
from typing import Any

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


_UPPER = {letter: letter - 32 for letter in range(ord("a"), ord("z") + 1)}


def ascii_casemap(text: str) -> str:
    """By code points, the letters a to z as A to Z."""
    return text.translate(_UPPER)


def unicode_casemap(text: str) -> str:
    """By code points after title case and full decomposition of each character."""
    if text.isascii():
        return text.upper()
    return "".join(map(_mapped, text))


@lru_cache(maxsize=4096)
def _mapped(character: str) -> str:
    title = character.title()
    # RFC 5051 2 means the simple mapping of UnicodeData.txt, which never makes two characters of one.
    return unicodedata.normalize("NFKD", title if len(title) == 1 else character)


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
