"""Names of files and folders: which there can be, which is free, which match a pattern.

A name is what WebDAV has in its URLs, so it is composed (NFC). What Windows cannot store is refused as well; files that
WebDAV has made under such names keep them.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Container
from functools import lru_cache
from typing import Final

from stalwart.codec.dav.paths import LONGEST_SEGMENT as LONGEST_NAME
from stalwart.jmap.errors import SetRefused

__all__ = ["FORBIDDEN_CHARACTERS", "FORBIDDEN_NAMES", "LONGEST_NAME", "checked_name", "free_name", "glob"]

FORBIDDEN_CHARACTERS: Final = '/<>:"\\|?*'
FORBIDDEN_NAMES: Final = (
    *(".", "..", "CON", "PRN", "AUX", "NUL"),
    *(f"COM{digit}" for digit in range(10)),
    *(f"LPT{digit}" for digit in range(10)),
)
_WRONG: Final = frozenset(FORBIDDEN_CHARACTERS)
_CONTROLS: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))
_ENDING: Final = re.compile(r"(?<=.)\.[^.\s]{1,16}$")
_MOST_TRIED: Final = 10_000


def checked_name(name: str) -> str:
    """``name`` as it is kept. Raises ``SetRefused``."""
    kept = unicodedata.normalize("NFC", name)
    if not kept:
        raise _refused("A name cannot be empty.")
    if not _WRONG.isdisjoint(kept):
        raise _refused(f"A name can have none of {FORBIDDEN_CHARACTERS}")
    if any(unicodedata.category(each) in _CONTROLS or _is_noncharacter(ord(each)) for each in kept):
        raise _refused("A name cannot have control characters.")
    if len(kept.encode()) > LONGEST_NAME:
        raise _refused(f"A name has at most {LONGEST_NAME} octets.")
    if kept.upper() in FORBIDDEN_NAMES:
        raise _refused("Some systems have no files of this name.")
    return kept


def free_name(name: str, taken: Container[str]) -> str:
    """``name`` with a number before its ending, as small as can be: ``name (2).ext``."""
    ending = _ENDING.search(name)
    stem, suffix = (name[: ending.start()], ending[0]) if ending else (name, "")
    for number in range(2, _MOST_TRIED):
        added = f" ({number}){suffix}"
        found = _shortened(stem, LONGEST_NAME - len(added.encode())) + added
        if found not in taken:
            return found
    raise _refused("There are too many of this name.")


@lru_cache(maxsize=256)
def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches: ``*`` is anything, ``?`` one character, ``[a-z]`` one of a set, ``[!a]`` and ``[^a]`` one
    that is not in it. Upper and lower case are the same.
    """
    lower = unicodedata.normalize("NFC", pattern).lower().replace("[^", "[!")
    found = re.compile(fnmatch.translate(lower))  # re.IGNORECASE would walk through every character of a range
    return lambda text: found.match(text.lower()) is not None


def _shortened(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def _is_noncharacter(number: int) -> bool:
    """What no JSON that we send may have (RFC 7493 2.1)."""
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF


def _refused(why: str) -> SetRefused:
    return SetRefused("invalidProperties", why, ("name",))
