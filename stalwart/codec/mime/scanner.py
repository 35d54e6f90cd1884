"""Finds the parts of a message (RFC 2046 5.1) in one pass over its bytes, by searching for boundaries.

Bodies are never copied and never walked line by line; whatever a message holds, the time is linear in its length, and
the number of parts and their depth are bounded. What lies beyond the bounds is one opaque part. ``message/rfc822`` is a
part like any other (RFC 8621 4.1.4); ``scan`` takes offsets, so that what is in it can be scanned too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from stalwart.codec.mime import headers, parameters, transfer
from stalwart.codec.mime.part import Part

OPAQUE = "application/octet-stream"
_PLAIN = "text/plain"
_CONTENT = re.compile(
    rb"(type|transfer-encoding|disposition|id|language|location)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.I
)
_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z{}-]+/[!#$%&'*+.^_`|~0-9a-z{}/:=?@-]+\Z")
_TAIL = re.compile(rb"(--)?[ \t\r]*+(?:\n|\Z)")
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*+\)", re.S)
_BLANK = re.compile(r"\s+")
_TAG = re.compile(r"[A-Za-z0-9-]{1,60}\Z")
_LONGEST_BOUNDARY = 200  # RFC 2046 5.1.1 allows 70
_LONGEST_VALUE = 2000
_MANY = 100


@attrs.frozen
class Limits:
    """What is looked into; ``header`` counts octets."""

    parts: int = 2000
    depth: int = 32
    header: int = headers.LONGEST


USUAL = Limits()


@attrs.define
class _Content:
    """What the Content fields of a part say."""

    type: str
    charset: str | None
    encoding: str
    disposition: str | None = None
    filename: str | None = None
    cid: str | None = None
    language: tuple[str, ...] | None = None
    location: str | None = None
    boundary: bytes | None = None


def scan(data: bytes, limits: Limits = USUAL, begin: int = 0, end: int | None = None) -> Part:
    """The part table of the message in ``data[begin:end]``."""
    return _Scanner(data, limits).entity(begin, len(data) if end is None else end, 0, _PLAIN)


class _Scanner:
    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.count = 0

    def entity(self, begin: int, end: int, depth: int, implicit: str) -> Part:
        """A message or a part of one."""
        header_end, body = headers.block(self.data, begin, end, self.limits.header)
        content = _content(self.data, begin, header_end, implicit)
        number = self.count
        self.count += 1
        parts: tuple[Part, ...] = ()
        is_multipart = content.type.startswith("multipart/")
        if is_multipart:
            children = None
            if depth < self.limits.depth and content.boundary:
                below = "message/rfc822" if content.type == "multipart/digest" else _PLAIN
                children = self.children(content.boundary, body, end, depth + 1, below)
            if children is None:
                is_multipart = False
                content.type = OPAQUE if depth >= self.limits.depth else _PLAIN
                content.charset = None if content.type == OPAQUE else content.charset or "us-ascii"
                content.encoding = content.encoding if transfer.is_known(content.encoding) else "7bit"
            else:
                parts = children
        size = end - body if is_multipart else transfer.size(self.data, body, end, content.encoding)
        boundary = content.boundary.decode("latin-1") if is_multipart and content.boundary else None
        return Part(
            number, begin, header_end, body, end, size, content.type, content.encoding, content.charset,
            content.disposition, content.filename, content.cid, content.language, content.location, boundary, parts,
        )  # fmt: skip

    def children(self, boundary: bytes, begin: int, end: int, depth: int, implicit: str) -> tuple[Part, ...] | None:
        """The parts between delimiters; None if there is no delimiter at all."""
        found: list[Part] = []
        start = -1
        for before, after, closing in _delimiters(self.data, boundary, begin, end):
            if 0 <= start <= before:  # two delimiters in a row have nothing between them
                if self.count >= self.limits.parts:
                    found.append(self.opaque(start, end))
                    return tuple(found)
                found.append(self.entity(start, before, depth, implicit))
            if closing:
                return tuple(found)
            start = after
        if start < 0:
            return None
        if start < end:  # the closing delimiter is missing
            full = self.count >= self.limits.parts
            found.append(self.opaque(start, end) if full else self.entity(start, end, depth, implicit))
        return tuple(found)

    def opaque(self, begin: int, end: int) -> Part:
        """All that is left of a multipart with too many parts."""
        number = self.count
        self.count += 1
        return Part(number, begin, begin, begin, end, end - begin, OPAQUE, "binary")


def _delimiters(data: bytes, boundary: bytes, begin: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Where each delimiter line begins, with the line break before it, where it ends, and whether it closes."""
    needle = b"\n--" + boundary
    if data.startswith(needle[1:], begin, end):
        tail = _TAIL.match(data, begin + len(needle) - 1, end)
        if tail is not None:
            yield begin, tail.end(), tail[1] is not None
    at = data.find(needle, begin, end)
    others = 0
    while at >= 0:
        after = at + len(needle)
        tail = _TAIL.match(data, after, end)
        if tail is None:  # another boundary that begins like this one
            others += 1
            at = data.find(needle, after, end) if others < _MANY else _next_delimiter(data, needle, after, end)
            continue
        yield (at - 1 if at > begin and data[at - 1] == 13 else at), tail.end(), tail[1] is not None
        at = data.find(needle, tail.end() - 1, end)


def _next_delimiter(data: bytes, needle: bytes, begin: int, end: int) -> int:
    """As ``find``, but for whole lines: slower, unless there are many others."""
    found = re.compile(re.escape(needle) + _TAIL.pattern).search(data, begin, end)
    return -1 if found is None else found.start()


def _content(data: bytes, begin: int, end: int, implicit: str) -> _Content:
    content = _Content(implicit, "us-ascii" if implicit == _PLAIN else None, "7bit")
    lower = data[begin:end].lower()
    named: str | None = None
    at = lower.find(b"content-")
    while at >= 0:
        match = _CONTENT.match(data, begin + at + 8, end) if at == 0 or lower[at - 1] == 10 else None
        at = lower.find(b"content-", at + 8)
        if match is None:
            continue
        field = match[1].lower()
        if field == b"type":
            named = _type(content, match[2], implicit)
        elif field == b"disposition":
            found = parameters.parse(match[2])
            content.disposition = found.main.lower()[:_LONGEST_VALUE] or None
            content.filename = _short(found.text("filename"))
        elif field == b"transfer-encoding":
            content.encoding = transfer.canonical(_plain(match[2]).partition(";")[0])[:60]
        elif field == b"id":
            content.cid = _identifier(_plain(match[2]))
        elif field == b"language":
            tags = tuple(tag for tag in _BLANK.sub("", _plain(match[2])).split(",") if _TAG.match(tag))
            content.language = tags[:100] or None
        else:
            content.location = _short(_BLANK.sub("", _plain(match[2])))
    content.filename = content.filename or named
    return content


def _type(content: _Content, value: bytes, implicit: str) -> str | None:
    """Takes over what Content-Type says; its name, if it has one (RFC 8621 4.1.4)."""
    found = parameters.parse(value)
    kind = found.main.lower()
    if not _TYPE.match(kind) or len(kind) > 255:
        # RFC 2045 5.2: what cannot be read is plain text, unless it names a file
        name = _short(found.text("name"))
        content.type = OPAQUE if name else _PLAIN if not kind or kind == "text" else implicit
        content.charset = None if content.type != _PLAIN else _short(found.text("charset")) or "us-ascii"
        return name
    content.type = kind
    content.charset = _short(found.text("charset")) or ("us-ascii" if kind.startswith("text/") else None)
    boundary = found.octets("boundary") if kind.startswith("multipart/") else None
    content.boundary = boundary.rstrip()[:_LONGEST_BOUNDARY] if boundary else None
    return _short(found.text("name"))


def _plain(value: bytes) -> str:
    text = headers.text(value).strip()
    return _COMMENT.sub("", text).strip() if "(" in text else text


def _short(value: str | None) -> str | None:
    return value[:_LONGEST_VALUE] if value else None


def _identifier(value: str) -> str | None:
    begin, end = value.find("<"), value.rfind(">")
    inner = value[begin + 1 : end] if 0 <= begin < end else value.strip("<>")
    return _short(_BLANK.sub("", inner))
