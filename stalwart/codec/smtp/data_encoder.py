r"""A message on its way out, in the pieces that are read: line ends made proper, dots doubled (RFC 5321 4.5.2).

A CR or LF that is not part of a CRLF becomes one (RFC 5321 2.3.8): a host that takes ``\n.\r\n`` for the end of a
message would otherwise find commands in what was content. A message that does not end with a line end gets one.
"""

from __future__ import annotations

import re

_BARE = re.compile(rb"\r\n|\r|\n")
_CRLF = b"\r\n"


def with_line_ends(data: bytes) -> bytes:
    """``data`` with CRLF wherever a line ends; itself if that is so already."""
    ends = data.count(b"\n")
    if ends == data.count(b"\r") and ends == data.count(_CRLF):
        return data
    return _BARE.sub(_CRLF, data)


def whole_message(data: bytes) -> bytes:
    """A message for BDAT (RFC 3030 2): proper line ends, one at the end, and nothing else changed."""
    data = with_line_ends(data)
    return data if data.endswith(_CRLF) else data + _CRLF


def whole_data(data: bytes) -> bytes:
    """A message for DATA, with the dot that ends it (RFC 5321 4.1.1.4)."""
    data = whole_message(data)
    if b"\n." in data:
        data = data.replace(b"\n.", b"\n..")
    return b"." + data + b".\r\n" if data.startswith(b".") else data + b".\r\n"


class MessageEncoder:
    """Takes the pieces of a message and gives what is to be sent; ``stuffs`` for DATA, not for BDAT."""

    __slots__ = ("_ended_line", "_held_cr", "_stuffs")

    def __init__(self, *, stuffs: bool) -> None:
        self._stuffs = stuffs
        self._held_cr = False
        self._ended_line = True  # the first line may begin with a dot

    def feed(self, piece: bytes) -> bytes:
        """What is certain now: a CR waits for what follows it."""
        if self._held_cr:
            piece = b"\r" + piece
        self._held_cr = piece.endswith(b"\r")
        if self._held_cr:
            piece = piece[:-1]
        if not piece:
            return b""
        data = with_line_ends(piece)
        if self._stuffs:
            if b"\n." in data:
                data = data.replace(b"\n.", b"\n..")
            if self._ended_line and data.startswith(b"."):
                data = b"." + data
        self._ended_line = data.endswith(b"\n")
        return data

    def finish(self) -> bytes:
        """What is left to send: the last line end, and for DATA the dot."""
        end = b"" if self._ended_line and not self._held_cr else _CRLF
        return end + b".\r\n" if self._stuffs else end
