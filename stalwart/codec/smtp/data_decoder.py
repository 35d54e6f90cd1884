r"""The message after DATA, in the chunks that arrive: its end found, the dots taken away (RFC 5321 4.5.2).

Only ``CRLF.CRLF`` ends a message (RFC 5321 4.1.1.4). A CR or LF that is not part of a CRLF is never a line end, so
``\n.\r\n`` and the like neither end nor begin anything; they are content, and are noted in ``has_bare_line_end``, for
whoever hands such a message on may hand it to somebody who is less strict. Everything else is kept as it is: lines of
any length, and NUL too, which is one of the 128 codes that a message may hold (RFC 5321 4.5.2).
"""

from __future__ import annotations

from io import IncrementalNewlineDecoder

_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."
_CRLF = b"\r\n"


class DataDecoder:
    """Takes chunks until ``ended``; then ``rest`` is what followed the message."""

    __slots__ = ("_begun", "_held", "_line_ends", "ended", "rest")

    def __init__(self) -> None:
        self._held = _CRLF  # as if a line had ended: a dot may come first
        self._begun = False
        self._line_ends = IncrementalNewlineDecoder(None, translate=False)
        self.ended = False
        self.rest = b""

    @property
    def has_bare_line_end(self) -> bool:
        """Whether there was a CR or LF outside of CRLF."""
        return self._line_ends.newlines not in (None, "\r\n")

    def feed(self, chunk: bytes) -> bytes:
        """The octets of the message that are certain now."""
        data = self._held + chunk
        dot = data.find(_STUFFED)
        end = data.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self.ended = True
            self.rest = data[end + 5 :]
            self._held = b""
            data = data[: end + 2]
        else:
            kept = _unsure(data)
            self._held = data[len(data) - kept :]
            if kept:
                data = data[:-kept]
        if not data:
            return b""
        self._line_ends.decode(data.decode("latin-1"))
        if dot != end:
            data = data.replace(_STUFFED, _CRLF)
        if not self._begun:
            self._begun = True
            return data[2:]
        return data


class ChunkDecoder:
    """The message of BDAT commands (RFC 3030 2), which is sent as it is; ``feed`` what arrived, then ``finish``."""

    __slots__ = ("_held", "_line_ends")

    def __init__(self) -> None:
        self._held = b""
        self._line_ends = IncrementalNewlineDecoder(None, translate=False)

    @property
    def has_bare_line_end(self) -> bool:
        """Whether there was a CR or LF outside of CRLF."""
        return self._line_ends.newlines not in (None, "\r\n")

    def feed(self, chunk: bytes) -> bytes:
        """The octets of the message that are certain now: a CR waits for what follows it."""
        data = self._held + chunk if self._held else chunk
        self._held = b"\r" if data.endswith(b"\r") else b""
        if self._held:
            data = data[:-1]
        self._line_ends.decode(data.decode("latin-1"))
        return data

    def finish(self) -> bytes:
        """What was held back; there is no more to come."""
        held, self._held = self._held, b""
        self._line_ends.decode(held.decode("latin-1"), final=True)
        return held


def _unsure(data: bytes) -> int:
    """How many octets at the end may belong to the end of the message, or to a line end with a dot."""
    for length in (4, 3, 2, 1):
        if data.endswith(_END[:length]):
            return length
    return 0


def stuffed(message: bytes) -> bytes:
    """What a client sends after DATA for ``message``, whose last line has an end."""
    text = (_CRLF + message).replace(_STUFFED, _STUFFED + b".")[2:]
    return text + b".\r\n"
