"""What vCard 3.0 and 4.0 call in different ways, in both directions: names of properties, labels of related people,
forms of dates (RFC 6350 10, and what clients write in vCard 3.0 for lack of words).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

RENAMED: Final[Mapping[str, str]] = {
    "X-ADDRESSBOOKSERVER-KIND": "KIND",
    "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER",
    "X-ANNIVERSARY": "ANNIVERSARY",
    "X-GENDER": "GENDER",
}
"""Of 3.0: the name in 4.0."""

RELATIVES: Final[Mapping[str, str]] = {
    "spouse": "Spouse",
    "child": "Child",
    "parent": "Parent",
    "sibling": "Sibling",
    "friend": "Friend",
    "colleague": "Colleague",
    "co-worker": "Coworker",
    "neighbor": "Neighbor",
    "emergency": "Emergency",
    "sweetheart": "Partner",
    "agent": "Assistant",
}
"""Types of RELATED, and what Apple calls them in X-ABLabel."""
RELATED_NAMES: Final = "X-ABRELATEDNAMES"
LABEL: Final = "X-ABLABEL"
DATE: Final = "X-ABDATE"
ANNIVERSARY_LABEL: Final = "Anniversary"

DATES: Final = frozenset({"BDAY", "ANNIVERSARY", "DEATHDATE"})
MOMENTS: Final = frozenset({"REV"})
INLINE: Final[Mapping[str, str]] = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}
"""What may be in the card itself: the first half of its media type."""
KEYS: Final[Mapping[str, str]] = {"PGP": "pgp-keys", "X509": "pkix-cert"}
"""Types of keys in 3.0, and the second half of their media types."""
OMITTED: Final = "X-APPLE-OMIT-YEAR"
_OMITTED_YEAR: Final = "1604"

_LONG_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?\Z", re.A
)
_SHORT_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z|[+-]\d\d(?:\d\d)?)?)?\Z", re.A)
_YEARLESS = re.compile(r"--(\d\d)-?(\d\d)\Z", re.A)
_LABELLED = re.compile(r"_\$!<(.*)>!\$_\Z", re.DOTALL)


def short_date(written: str, omitted: str | None) -> str:
    """A date of 3.0 as 4.0 writes it: without hyphens; ``omitted`` is the year that means none (Apple)."""
    found = _LONG_DATE.match(written.strip())
    if found is None:
        yearless = _YEARLESS.match(written.strip())
        return f"--{yearless[1]}{yearless[2]}" if yearless else written
    year, month, day, hour, minute, second, zone = found.groups()
    if omitted is not None and year == omitted.strip():
        return f"--{month}{day}"
    if hour is None:
        return f"{year}{month}{day}"
    return f"{year}{month}{day}T{hour}{minute}{second or ''}{(zone or '').replace(':', '')}"


def long_date(written: str) -> tuple[str, str | None]:
    """A date of 4.0 as 3.0 writes it, and the year that means none, if there is none."""
    yearless = _YEARLESS.match(written.strip())
    if yearless is not None:
        return f"{_OMITTED_YEAR}-{yearless[1]}-{yearless[2]}", _OMITTED_YEAR
    found = _SHORT_DATE.match(written.strip())
    if found is None:
        return written, None
    year, month, day, hour, minute, second, zone = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}", None
    if zone and zone != "Z":
        zone = f"{zone[:3]}:{zone[3:] or '00'}"
    return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{zone or ''}", None


def label_text(written: str) -> str:
    """What a label says, without the signs that Apple puts around those that it translates."""
    found = _LABELLED.match(written.strip())
    return found[1] if found is not None else written.strip()


def apple_label(text: str) -> str:
    """A label that Apple's clients translate."""
    return f"_$!<{text}>!$_"
