"""What folders are for, by the names that programs and providers give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("inbox",), "inbox"),
    **dict.fromkeys(("drafts", "draft"), "drafts"),
    **dict.fromkeys(("sent", "sent items", "sent messages", "sent mail", "sent-mail"), "sent"),
    **dict.fromkeys(("trash", "deleted items", "deleted messages", "bin"), "trash"),
    **dict.fromkeys(("junk", "spam", "junk e-mail", "junk mail", "bulk mail"), "junk"),
    **dict.fromkeys(("archive", "archives"), "archive"),
}
_SPECIAL_USE: Final[Mapping[str, str]] = {
    "\\drafts": "drafts",
    "\\sent": "sent",
    "\\trash": "trash",
    "\\junk": "junk",
    "\\archive": "archive",
}
ALL_MAIL: Final = "\\all"
_PREFIXES: Final = ("inbox", "[gmail]", "[google mail]")


def role_of(place: tuple[str, ...], attributes: Iterable[str] = ()) -> str | None:
    """What a folder is for: as the server says (RFC 6154 2), else by its name, at the top or just below the Inbox."""
    for attribute in attributes:
        found = _SPECIAL_USE.get(attribute.lower())
        if found is not None:
            return found
    names = [name.lower() for name in place]
    if len(names) == 2 and names[0] in _PREFIXES:
        names = names[1:]
    return _NAMES.get(names[0]) if len(names) == 1 else None
