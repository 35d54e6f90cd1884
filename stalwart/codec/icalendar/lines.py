"""Content lines of iCalendar (RFC 5545 3.1): what a stream of them may be like, and how their names are told.

Line breaks of any system, a byte order mark and folds within a character are read (``codec.content_lines``).
"""

from __future__ import annotations

import re
from typing import Final

from stalwart.codec.content_lines import FOLD, decoded
from stalwart.codec.content_lines import Property as Property
from stalwart.codec.content_lines import folded as folded
from stalwart.errors import Invalid

MAX_OCTETS: Final = 512 * 1024
"""The largest calendar object that is read unless the reader says otherwise."""

MAX_LINES: Final = 100_000

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}\Z")
_BREAK = re.compile(r"\n(?![ \t])")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class MalformedCalendar(Invalid):
    """What was sent is not iCalendar; the text says what is wrong, and where."""

    condition: str = "supported-calendar-data"
    """The element of the CalDAV name space that says why it is not stored (RFC 4791 5.3.2.1)."""


def content_lines(octets: bytes, *, max_octets: int = MAX_OCTETS) -> list[str]:
    """The content lines of a stream, still folded, without line breaks and empty lines."""
    if len(octets) > max_octets:
        raise MalformedCalendar(f"A calendar object can have {max_octets} octets at most.")
    try:
        text = decoded(octets)
    except UnicodeDecodeError as problem:
        raise MalformedCalendar("Calendar data has to be UTF-8.") from problem
    if text.count("\n") > 2 * MAX_LINES:
        raise MalformedCalendar(f"A calendar object can have {MAX_LINES} lines at most.")
    lines = _BREAK.split(text) if "\n " in text or "\n\t" in text else text.split("\n")
    lines = [line for line in lines if line and not line.isspace()]
    if len(lines) > MAX_LINES:
        raise MalformedCalendar(f"A calendar object can have {MAX_LINES} lines at most.")
    return lines


def has_controls(octets: bytes) -> bool:
    """Whether there are characters that neither iCalendar (RFC 5545 3.1) nor XML can carry."""
    return _CONTROLS.search(octets) is not None


def without_controls(octets: bytes) -> bytes:
    """The same without them."""
    return _CONTROLS.sub(b"", octets)


KNOWN_NAMES: Final[dict[str, str]] = {}
"""Names as they were met, without parameters, and in upper case. Only ``property_name`` adds to it, up to a bound."""


def property_name(line: str) -> str | None:
    """The name of a content line in upper case; None if it is no content line."""
    head, colon, _ = line.partition(":")
    if not colon:
        return None
    if ";" in head:
        head = head.partition(";")[0]
    name = KNOWN_NAMES.get(head)
    if name is None:
        plain = FOLD.sub("", head) if "\n" in head else head
        if _NAME.match(plain) is None:
            return None
        name = plain.upper()
        if len(KNOWN_NAMES) < 2048:
            KNOWN_NAMES[head] = name
    return name
