"""What collations hold for equal: the foldings of i;ascii-casemap (RFC 4790 9.2) and i;unicode-casemap (RFC 5051)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_UPPER = {letter: letter - 32 for letter in range(ord("a"), ord("z") + 1)}


def ascii_casemap(text: str) -> str:
    """``text`` with the letters a to z as A to Z."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def unicode_casemap(text: str) -> str:
    """``text`` after title case and full decomposition of each character."""
    if text.isascii():
        return text.upper()
    return "".join(map(_mapped, text))


@lru_cache(maxsize=4096)
def _mapped(character: str) -> str:
    title = character.title()
    # RFC 5051 2 means the simple mapping of UnicodeData.txt, which never makes two characters of one.
    return unicodedata.normalize("NFKD", title if len(title) == 1 else character)
