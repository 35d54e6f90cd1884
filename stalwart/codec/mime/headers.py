"""Where a header ends and which fields it has (RFC 5322 2.2), as offsets into the raw message.

Lines that are no field, such as an mbox "From " line, are passed over. A block without any field is no header at all,
and what follows the last field without an empty line between is the body already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 2 << 20
MOST_FIELDS = 20_000

_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.M)
_NAME = re.compile(rb"[!-9;-~]++[ \t]*+:")
_BLANKS = b" \t"


class Field(NamedTuple):
    """A field: its name as written, and where its raw value begins and ends, without the last line break."""

    name: str
    begin: int
    end: int


def block(data: bytes, begin: int, end: int, longest: int = LONGEST) -> tuple[int, int]:
    """Where the header of an entity that begins at ``begin`` ends, and where its body begins."""
    if data.startswith(b"\n", begin, end):
        return begin, begin + 1
    if data.startswith(b"\r\n", begin, end):
        return begin, begin + 2
    limit = min(end, begin + longest)
    stop, body = _empty_line(data, begin, limit)
    last = data.rfind(b"\n", begin, stop) + 1 or begin
    if _NAME.match(data, begin, stop) and _continues(data, begin, max(last, begin), stop):
        if stop == limit and limit < end:  # too long: the rest is content
            stop = body = data.rfind(b"\n", begin, limit) + 1 or limit
        return stop, body
    return _irregular(data, begin, stop, body)


def _empty_line(data: bytes, begin: int, limit: int) -> tuple[int, int]:
    """The end of the last line before the first empty one, its line break included, and what follows the empty one."""
    crlf = data.find(b"\n\r\n", begin, limit)
    lf = data.find(b"\n\n", begin, limit if crlf < 0 else crlf + 1)
    if lf >= 0 and (crlf < 0 or lf < crlf):
        return lf + 1, lf + 2
    return (crlf + 1, crlf + 3) if crlf >= 0 else (limit, limit)


def _continues(data: bytes, begin: int, last: int, stop: int) -> bool:
    """Whether the line at ``last`` belongs to a field."""
    if last >= stop:  # the block ends with a line break; look at the line before
        last = data.rfind(b"\n", begin, stop - 1) + 1 or begin
    return data[last : last + 1] in (b" ", b"\t") or _NAME.match(data, last, stop) is not None


def _irregular(data: bytes, begin: int, stop: int, body: int) -> tuple[int, int]:
    """A block that does not begin or does not end with a field: the header ends with the last field."""
    header_end = begin
    for field in _matches(data, begin, stop):
        header_end = field.end()
    if header_end == begin:
        if data.startswith((b"From ", b">From "), begin):  # RFC 4155: nothing but the line of an mbox
            rest = data.find(b"\n", begin, stop) + 1
            if rest == stop:
                return stop, body
        return begin, begin
    if header_end < stop:
        header_end += 1  # the line break
    return (stop, body) if header_end >= stop else (header_end, header_end)


def _matches(data: bytes, begin: int, end: int) -> Iterator[re.Match[bytes]]:
    for count, match in enumerate(_FIELD.finditer(data, begin, end), start=1):
        yield match
        if count >= MOST_FIELDS:
            return


def fields(data: bytes, begin: int, end: int) -> tuple[Field, ...]:
    """The fields between ``begin`` and ``end``, in order."""
    found = []
    for match in _matches(data, begin, end):
        start, stop = match.span(2)
        if stop > start and data[stop - 1] == 13:
            stop -= 1
        found.append(Field(match[1].decode("ascii"), start, stop))
    return tuple(found)


def text(raw: bytes) -> str:
    """RFC 8621 4.1.2.1: octets that are not UTF-8 become U+FFFD, NUL is dropped."""
    return raw.decode("utf-8", "replace").replace("\0", "")


def pairs(data: bytes, found: tuple[Field, ...]) -> list[dict[str, str]]:
    """The ``headers`` property (RFC 8621 4.1.3)."""
    return [{"name": name, "value": text(data[begin:end])} for name, begin, end in found]
