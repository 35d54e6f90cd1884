"""Cuts what arrives into command lines (RFC 5321 2.3.8, 4.5.3.1.4).

A line ends with CRLF and with nothing else: one with a bare CR or LF is answered, not guessed at. Of a line that is too
long nothing is kept, however long it gets.
"""

from __future__ import annotations

from stalwart.codec.smtp.replies import LINE_END, LINE_TOO_LONG
from stalwart.codec.smtp_reply import Reply

LONGEST_LINE = 4096
"""Octets, the line end included. RFC 5321 4.5.3.1.4 asks for 512, and for more where extensions do."""


class CommandLines:
    """A buffer of input, cut into lines of at most ``longest`` octets, their ends included."""

    __slots__ = ("_at", "_data", "_skipping", "longest")

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self.longest = longest
        self._data = b""
        self._at = 0
        self._skipping = False

    @property
    def pending(self) -> int:
        """How many octets wait."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def take(self, most: int | None = None) -> bytes:
        """What waits, as it is; at most ``most`` octets of it."""
        begin = self._at
        end = len(self._data) if most is None else min(begin + most, len(self._data))
        taken = self._data[begin:end] if begin or end < len(self._data) else self._data
        self._at = end
        if end == len(self._data):
            self._data, self._at = b"", 0
        return taken

    def clear(self) -> None:
        """Forget all that waits."""
        self._data, self._at, self._skipping = b"", 0, False

    def next(self) -> bytes | Reply | None:
        """The next line without its end; a reply if it is not one; None if it is not complete."""
        begin, data = self._at, self._data
        end = data.find(b"\n", begin)
        if end < 0:
            if self._skipping or len(data) - begin > self.longest:
                self._skipping = True
                self._data, self._at = b"", 0
            return None
        self._at = end + 1
        if self._skipping or end + 1 - begin > self.longest:
            self._skipping = False
            return LINE_TOO_LONG
        if data[end - 1 : end] != b"\r" or end == begin or data.find(b"\r", begin, end - 1) >= 0:
            return LINE_END
        return data[begin : end - 1]
