"""Range requests of bytes (RFC 9110 14): the Range field, Content-Range, and If-Range with an entity tag.

One range is served. A list of several, another unit or a field that is malformed counts as no Range at all, which RFC
9110 14.2 allows. If-Range with a date never matches: nothing here has a modification time.
"""

from __future__ import annotations

import re

from attrs import frozen

_RANGES = re.compile(r"bytes=[ \t]*(?:(?P<first>\d+)-(?P<last>\d*)|-(?P<suffix>\d+))[ \t]*", re.IGNORECASE | re.ASCII)
_LONGEST = 128


class UnsatisfiableError(ValueError):
    """The range begins behind the end of the content (RFC 9110 15.5.17)."""


@frozen
class ByteRange:
    """``length`` bytes from ``start`` on, all of them within the content."""

    start: int
    length: int

    def content_range(self, complete: int) -> str:
        """The value of Content-Range for content of ``complete`` bytes."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{complete}"


def unsatisfied_range(complete: int) -> str:
    """The value of Content-Range in a 416."""
    return f"bytes */{complete}"


def requested_range(field: str | None, complete: int) -> ByteRange | None:
    """The part of ``complete`` bytes that a Range field asks for; None if all of them are to be sent.

    :raises UnsatisfiableError: nothing of it is there.
    """
    match = _RANGES.fullmatch(field) if field is not None and len(field) <= _LONGEST else None
    if match is None:
        return None
    if match["suffix"] is not None:
        return _suffix(int(match["suffix"]), complete)
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else max(first, complete - 1)
    if last < first:
        return None
    if first >= complete:
        raise UnsatisfiableError
    return ByteRange(first, min(last, complete - 1) - first + 1)


def _suffix(wanted: int, complete: int) -> ByteRange | None:
    if wanted == 0:
        raise UnsatisfiableError
    length = min(wanted, complete)
    return ByteRange(complete - length, length) if length else None


def range_still_holds(if_range: str | None, current: str) -> bool:
    """Whether Range is to be obeyed: no If-Range, or exactly the strong entity tag ``current`` (RFC 9110 13.1.5)."""
    return if_range is None or (if_range.strip(" \t") == current and not current.startswith("W/"))
