"""Media types as they stand in Content-Type (RFC 9110 8.3.1): whether a text is one, nothing about what it means."""

from __future__ import annotations

import re

LONGEST = 255

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"'
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(?:[ \t]*;[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|{_QUOTED}))?)*", re.ASCII)


def is_media_type(text: str) -> bool:
    """Whether ``text`` is a media type with or without parameters, in ASCII and of no more than ``LONGEST`` characters.

    Ranges such as ``*/*`` are none.
    """
    return len(text) <= LONGEST and not text.startswith("*") and _MEDIA_TYPE.fullmatch(text) is not None
