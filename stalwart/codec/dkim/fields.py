"""A message as signatures see it: fields of its head with their exact octets, then the body in pieces (RFC 6376 2.8).

A CR or LF that is not part of a CRLF counts as a line end, here as for whoever reads the message later: what could be
taken for a field must not hide in another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

LONGEST_HEAD = 1 << 20
"""Octets; a message with a longer head is neither signed nor verified."""

_PIECE = 1 << 16
_BARE = re.compile(rb"\r\n?|\n")
_BETWEEN = re.compile(rb"\r\n(?![ \t])")
_SPACE = re.compile(rb"[ \t]+")


class HeadTooLong(Exception):
    """The head of the message has more octets than are looked at."""


@frozen
class Field:
    """A header field: ``name`` in lower case, ``raw`` as it stands there without the CRLF at its end."""

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        """What follows the colon, with the line ends within."""
        return self.raw.partition(b":")[2]

    def relaxed(self) -> bytes:
        """RFC 6376 3.4.2, without the CRLF at its end."""
        return self.name + b":" + _SPACE.sub(b" ", self.value.replace(b"\r\n", b"")).strip(b" \t")

    def canonical(self, relaxed: bool) -> bytes:
        """As it is hashed, without the CRLF at its end."""
        return self.relaxed() if relaxed else self.raw


def divided(content: Iterable[bytes]) -> tuple[tuple[Field, ...], Iterator[bytes]]:
    """The fields, and the body piece by piece with CRLF as its only line ends; no piece ends within one.

    :raises HeadTooLong: it is longer than LONGEST_HEAD.
    """
    pieces = _uniform(content)
    head = bytearray()
    for piece in pieces:
        looked = max(0, len(head) - 3)
        head += piece
        if head.startswith(b"\r\n"):
            return (), _after(bytes(head[2:]), pieces)
        end = head.find(b"\r\n\r\n", looked)
        if end > LONGEST_HEAD or (end < 0 and len(head) > LONGEST_HEAD):
            raise HeadTooLong
        if end >= 0:
            return _fields(bytes(head[:end])), _after(bytes(head[end + 4 :]), pieces)
    return _fields(bytes(head)), iter(())


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Octets in memory cut into pieces, so that what is made of them does not double them."""
    return (content[start : start + _PIECE] for start in range(0, len(content), _PIECE))


def selected(fields: Sequence[Field], names: Iterable[bytes]) -> list[Field]:
    """The fields that a list of names means: of each name the last that was not taken yet (RFC 6376 5.4.2)."""
    listed = tuple(names)
    left: dict[bytes, list[Field]] = {name: [] for name in listed}
    for field in fields:
        if field.name in left:
            left[field.name].append(field)
    return [left[name].pop() for name in listed if left[name]]


def _after(rest: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if rest:
        yield rest
    yield from pieces


def _fields(head: bytes) -> tuple[Field, ...]:
    """Lines without a colon are no fields; nobody signs them."""
    found = []
    for raw in _BETWEEN.split(head.removesuffix(b"\r\n")):
        name, colon, _ = raw.partition(b":")
        if colon:
            found.append(Field(name.strip(b" \t").lower(), raw))
    return tuple(found)


def _uniform(content: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces with CRLF as the only line ends, none of them split."""
    held = b""
    for piece in content:
        data = held + piece if held else piece
        held = b""
        if data.endswith(b"\r"):
            data, held = data[:-1], b"\r"
        pairs = data.count(b"\r\n")
        if data.count(b"\n") != pairs or data.count(b"\r") != pairs:
            data = _BARE.sub(b"\r\n", data)
        if data:
            yield data
    if held:
        yield b"\r\n"
