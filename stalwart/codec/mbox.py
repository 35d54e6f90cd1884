"""Writing an mbox (RFC 4155), piece by piece: lines that look like the beginning of a message are quoted, and quoted
ones once more, so that nothing is lost (the form that is known as mboxrd). Lines end as on Unix.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from typing import Final

_SEPARATOR = re.compile(rb"(?m)^(>*From )")
_LONG_LINE = 1 << 16
_STATUS: Final = (("X-Status", "$answered", "A"), ("X-Status", "$flagged", "F"), ("X-Status", "$draft", "T"))


class Mbox:
    """One file; ``begin``, ``write`` as often as wanted, ``end`` for each message."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_within = False

    def begin(self, received_at: int, keywords: Collection[str]) -> bytes:
        """A message with the fields by which readers know its keywords."""
        self._rest, self._is_within = b"", False
        moment = time.asctime(time.gmtime(max(received_at, 0)))
        marks = "".join(mark for _, keyword, mark in _STATUS if keyword in keywords)
        fields = [f"From MAILER-DAEMON {moment}", f"Status: {'RO' if '$seen' in keywords else 'O'}"]
        if marks:
            fields.append(f"X-Status: {marks}")
        others = sorted(set(keywords) - {"$seen", *(keyword for _, keyword, _ in _STATUS)})
        if others:
            fields.append(f"X-Keywords: {' '.join(others)}")
        return "".join(f"{line}\n" for line in fields).encode("ascii", "replace")

    def write(self, piece: bytes) -> bytes:
        """More of the message; what is no complete line waits, unless it is long."""
        given = self._rest + piece
        cut = given.rfind(b"\n") + 1
        if len(given) - cut > _LONG_LINE:
            cut = len(given) - given.endswith(b"\r")
        self._rest = given[cut:]
        return self._lines(given[:cut])

    def end(self) -> bytes:
        """The empty line behind the message."""
        last, self._rest = self._lines(self._rest), b""
        return last + (b"\n\n" if self._is_within else b"\n")

    def _lines(self, octets: bytes) -> bytes:
        if not octets:
            return b""
        is_within, self._is_within = self._is_within, not octets.endswith(b"\n")
        octets = octets.replace(b"\r\n", b"\n")
        if not is_within:
            return _SEPARATOR.sub(rb">\1", octets)
        line, end, rest = octets.partition(b"\n")
        return line + end + _SEPARATOR.sub(rb">\1", rest)
