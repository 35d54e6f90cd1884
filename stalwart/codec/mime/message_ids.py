"""Message identifiers in fields (RFC 5322 3.6.4), and those of a message that say what it answers."""

from __future__ import annotations

import re

from stalwart.codec.mime.headers import Field, text

MOST = 500
LONGEST = 998
_REFERRING = ("message-id", "in-reply-to", "references", "resent-message-id")
_BARE = re.compile(r"[^\s<>,;()\"@]++@[^\s<>,;()\"@]++")
_BLANK = re.compile(r"\s+")
_PART = re.compile(r'"(?:[^"\\]|\\.)*+"|\((?:[^()\\]|\\.)*+\)|<([^<>]*+)>', re.S)


def as_message_ids(value: str) -> list[str] | None:
    """The ids in a value without their brackets; None if there are none (RFC 8621 4.1.2.5).

    What else stands there is an obsolete phrase. Ids without brackets are taken if there is nothing else.
    """
    found = []
    for match in _PART.finditer(value):
        if match[1] is not None:
            identifier = _BLANK.sub("", match[1])
            if identifier:
                found.append(identifier)
    if found:
        return found
    words = value.replace(",", " ").split()
    return words if words and all(_BARE.fullmatch(word) for word in words) else None


def reference_ids(data: bytes, fields: tuple[Field, ...]) -> tuple[str, ...]:
    """What threads are made of: the ids of the message and of those that it refers to, each once, at most ``MOST``.

    Of too many the last are kept, which are nearest to the message.
    """
    found: dict[str, None] = {}
    for name in _REFERRING:
        for field in fields:
            if field.name.lower() == name:
                for identifier in as_message_ids(text(data[field.begin : field.end])) or ():
                    found[identifier[:LONGEST]] = None
    identifiers = tuple(found)
    return identifiers if len(identifiers) <= MOST else (identifiers[0], *identifiers[1 - MOST :])
