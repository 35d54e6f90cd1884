"""Who a message says that it is from: the addresses in From and Sender (RFC 5322 3.6.2), for whoever has to allow it
(RFC 6409 6.1, 8.1).
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.mime import addresses, headers
from stalwart.codec.smtp.paths import InvalidPath, Path, forward_path

LONGEST_FIELD = 32 << 10
"""Octets of a field; who writes longer ones is not understood."""


@frozen
class Authors:
    """``fields`` counts the fields From; ``paths`` are all addresses in them and in Sender, each once.

    ``is_clear``: there is an address in From, and every one of both is valid.
    """

    fields: int
    paths: tuple[Path, ...]
    is_clear: bool


def read_authors(head: bytes) -> Authors:
    """The authors in a message or its head."""
    count, is_clear, found = 0, True, dict[Path, None]()
    begin, end = 0, headers.block(head, 0, len(head))[0]
    for name, at, stop in headers.fields(head, begin, end):
        name = name.lower()
        if name not in ("from", "sender"):
            continue
        count += name == "from"
        if stop - at > LONGEST_FIELD:
            is_clear = False
            continue
        members = addresses.mailboxes(addresses.parse(headers.text(head[at:stop])))
        is_clear = is_clear and bool(members)
        for member in members:
            path = _path(member.email)
            if path is None:
                is_clear = False
            else:
                found[path] = None
    return Authors(count, tuple(found), is_clear and count > 0)


def _path(address: str) -> Path | None:
    try:
        path, rest = forward_path(f"<{address}>")
    except InvalidPath:
        return None
    return None if rest else path
