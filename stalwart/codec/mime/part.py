"""The part table: where each part of a message lies in its bytes, and what its Content fields say of it.

A table is what is stored beside a message, so that no later request has to scan it again. It holds offsets into the raw
message and no content.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_VERSION = b"\x01"


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of a message. ``size`` counts decoded octets; that of a multipart is the raw size of its body."""

    number: int
    header_begin: int
    header_end: int
    body_begin: int
    body_end: int
    size: int
    type: str
    encoding: str
    charset: str | None = None
    disposition: str | None = None
    filename: str | None = None
    cid: str | None = None
    language: tuple[str, ...] | None = None
    location: str | None = None
    boundary: str | None = None
    parts: tuple[Part, ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Whether it consists of parts."""
        return self.type.startswith("multipart/")

    @property
    def part_id(self) -> str | None:
        """RFC 8621 4.1.4: null if and only if it is a multipart."""
        return None if self.is_multipart else str(self.number)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Part)


class UnreadableTable(ValueError):
    """The bytes are no part table of this version."""


def pack(part: Part) -> bytes:
    """The table as it is stored."""
    return _VERSION + _ENCODER.encode(part)


def unpack(table: bytes) -> Part:
    """What ``pack`` has written. Raises ``UnreadableTable``."""
    if table[:1] != _VERSION:
        raise UnreadableTable("unknown version")
    try:
        return _DECODER.decode(memoryview(table)[1:])
    except msgspec.MsgspecError as problem:
        raise UnreadableTable(str(problem)) from None


def root_of(table: bytes | None) -> Part | None:
    """The same; None where there is no table, or none of this version."""
    try:
        return unpack(table) if table else None
    except UnreadableTable:
        return None


def walk(part: Part) -> Iterator[Part]:
    """The part and all parts below it, in the order of the message."""
    yield part
    for child in part.parts:
        yield from walk(child)


def leaf(part: Part, part_id: str) -> Part | None:
    """The part with this partId (RFC 8621 4.1.4)."""
    return next((each for each in walk(part) if each.part_id == part_id), None)
