"""Several objects of a calendar as one stream (RFC 5545 3.4): their components, each time zone once.

Lines stay as they are written; nothing is read but where components begin and end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Stalwart//Export//EN\r\n"
END = b"END:VCALENDAR\r\n"

_MARK = re.compile(rb"(BEGIN|END):\s*([\w-]+)\s*\Z", re.IGNORECASE)
_ZONE_ID = re.compile(rb"\ATZID(?:;[^:]*)?:(.*)\Z", re.IGNORECASE)


class Merging:
    """Objects that become one; ``HEAD`` stands before what this gives, ``END`` behind it."""

    def __init__(self) -> None:
        self._zones: set[bytes] = set()

    def components(self, octets: bytes) -> bytes:
        """What an object has that was not there yet."""
        return b"".join(text for name, text in _components(octets) if name != b"VTIMEZONE" or self._is_new(text))

    def _is_new(self, zone: bytes) -> bool:
        unfolded = re.sub(rb"\r?\n[ \t]", b"", zone)
        found = next((match[1] for line in unfolded.splitlines() if (match := _ZONE_ID.match(line))), b"")
        if found in self._zones:
            return False
        self._zones.add(found)
        return True


def _components(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names and texts of what stands directly in the object."""
    depth, name = 0, b""
    lines: list[bytes] = []
    for line in octets.splitlines():
        mark = _MARK.match(line)
        if mark is not None and mark[1].upper() == b"BEGIN":
            depth += 1
            if depth == 2:
                name, lines = mark[2].upper(), []
        if depth >= 2:
            lines.append(line)
        if mark is not None and mark[1].upper() == b"END":
            depth -= 1
            if depth == 1:
                yield name, b"".join(each + b"\r\n" for each in lines)
