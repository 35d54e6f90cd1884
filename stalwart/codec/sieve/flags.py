"""Flags of messages as scripts name them (RFC 5232), and the keywords that they are with us (RFC 8621 4.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

MOST: Final = 50
"""Flags of one message."""

_SYSTEM: Mapping[str, str | None] = {
    "\\seen": "$seen",
    "\\answered": "$answered",
    "\\flagged": "$flagged",
    "\\draft": "$draft",
    "\\deleted": None,  # says nothing where messages are deleted at once
}
_KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,255}\Z")


def is_flag(text: str) -> bool:
    """Whether it may be a flag; unknown ones of the system are not."""
    return text.lower() in _SYSTEM or _KEYWORD.match(text) is not None


def listed(texts: Iterable[str]) -> tuple[str, ...]:
    """The flags in strings, which may hold several with blanks between, each once; what is none is left out."""
    found: dict[str, str] = {}
    for text in texts:
        for flag in text.split():
            if is_flag(flag) and len(found) < MOST:
                found.setdefault(flag.lower(), flag)
    return tuple(found.values())


def keywords(flags: Iterable[str]) -> frozenset[str]:
    """The keywords of flags, in lower case."""
    found = (_SYSTEM.get(flag.lower(), flag.lower()) for flag in flags)
    return frozenset(each for each in found if each is not None)
