"""Entries of the systemd journal in its native form: one datagram of fields, each `NAME=value` on a line.

A value with a line end in it is written as the name, a line end, its length as 64 bits little endian, the value, a line
end (systemd, "Native Journal Protocol"). The journal takes names of A-Z, 0-9 and `_` that begin with a letter and
have at most 64 characters; those that begin with `_` it writes itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from struct import pack

LARGEST = 48 * 1024
"""Octets of an entry: datagrams of UNIX sockets are larger wherever there is a journal."""

PRIORITIES: Mapping[str, int] = {"error": 3, "warn": 4, "info": 6, "debug": 7, "trace": 7}
"""The syslog priority (RFC 5424 6.2.1) of each level."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^A-Z0-9_]+")
_LONGEST_NAME = 64
_TAKEN = frozenset(("MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "STALWART_EVENT"))


def field_name(key: str) -> str:
    """What the journal calls ``key``: ``remoteIp`` is ``REMOTE_IP``; a name with a meaning there gets a prefix."""
    name = _OTHER.sub("_", _HUMP.sub("_", key).upper())
    if not name[:1].isalpha() or name in _TAKEN:
        name = f"STALWART_{name}"
    return name[:_LONGEST_NAME]


def journal_entry(fields: Iterable[tuple[str, str]]) -> bytes:
    """The datagram of ``fields``, by names of the journal; what does not fit into ``LARGEST`` is left out or cut."""
    parts: list[bytes] = []
    room = LARGEST
    for name, value in fields:
        data = _field(name, value.encode("utf-8", "replace"))
        if len(data) > room and not parts:  # the first one is what people read
            data = _field(name, value.encode("utf-8", "replace")[: room - 128])
        if len(data) <= room:
            parts.append(data)
            room -= len(data)
    return b"".join(parts)


def _field(name: str, value: bytes) -> bytes:
    head = name.encode("ascii")
    if b"\n" in value:
        return b"".join((head, b"\n", pack("<Q", len(value)), value, b"\n"))
    return b"".join((head, b"=", value, b"\n"))
