"""Header blocks to fields (RFC 7541): pure, and no block takes more memory or time than its limits allow.

Written here and not left to ``hpack``, whose tables it uses, because this is half of what a request costs.
``version`` changes with the table: as long as it stays, equal blocks mean equal fields.
"""

from __future__ import annotations

from hpack.table import HeaderTable

from stalwart.web.http2.frames import ConnectionFault, ErrorCode
from stalwart.web.http2.huffman import NotHuffman, decode_huffman

TABLE_SIZE = 4096  # RFC 9113 6.5.2, the default
LARGEST_LIST = 65536  # a list of fields that is larger ends the connection, one that is too large is answered
OVERHEAD = 32  # of a field in the size of a list and of the table, RFC 7541 4.1

Field = tuple[bytes, bytes]

_STATIC: tuple[Field, ...] = ((b"", b""), *((bytes(name), bytes(value)) for name, value in HeaderTable.STATIC_TABLE))
_LAST_STATIC = len(_STATIC) - 1
_LARGEST_INTEGER = 2**28


class FieldDecoder:
    """The table of one connection."""

    __slots__ = ("_entries", "_limit", "_size", "version")

    def __init__(self) -> None:
        self._entries: list[Field] = []  # the newest is the last
        self._size = 0
        self._limit = TABLE_SIZE
        self.version = 0

    def decode(self, block: bytes) -> list[Field]:
        """The fields of a block.

        :raises ConnectionFault: it is not a block, or there are too many fields in it.
        """
        try:
            return self._decode(block)
        except IndexError:  # it ends too early, or an index points to nothing
            raise _broken("a header block is cut off") from None

    def _decode(self, block: bytes) -> list[Field]:
        entries = self._entries
        fields: list[Field] = []
        at, end, total = 0, len(block), 0
        while at < end:
            first = block[at]
            at += 1
            if first & 0x80:  # RFC 7541 6.1
                index = first & 0x7F
                if index == 0x7F:
                    index, at = _integer(block, at, 0x7F)
                elif not index:
                    raise _broken("the index of a field is 0")
                field = _STATIC[index] if index <= _LAST_STATIC else entries[_LAST_STATIC - index]
            elif first & 0x40:  # 6.2.1
                field, at = self._literal(block, at, first & 0x3F, 0x3F)
                self._add(field)
            elif first & 0x20:  # 6.3, at the beginning of a block only (4.2)
                if fields:
                    raise _broken("the table changes within a header block")
                at = self._resize(block, at, first & 0x1F)
                continue
            else:  # 6.2.2, 6.2.3
                field, at = self._literal(block, at, first & 0x0F, 0x0F)
            total += len(field[0]) + len(field[1]) + OVERHEAD
            if total > LARGEST_LIST:
                raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "a list of fields is too large")
            fields.append(field)
        return fields

    def _literal(self, block: bytes, at: int, index: int, most: int) -> tuple[Field, int]:
        if index == most:
            index, at = _integer(block, at, most)
        if not index:
            name, at = _string(block, at)
        elif index <= _LAST_STATIC:
            name = _STATIC[index][0]
        else:
            name = self._entries[_LAST_STATIC - index][0]
        value, at = _string(block, at)
        return (name, value), at

    def _add(self, field: Field) -> None:
        """RFC 7541 4.4: an entry that is too large only empties the table."""
        size = len(field[0]) + len(field[1]) + OVERHEAD
        self._shrink(self._limit - size)
        if size <= self._limit:
            self._entries.append(field)
            self._size += size
        self.version += 1

    def _resize(self, block: bytes, at: int, limit: int) -> int:
        if limit == 0x1F:
            limit, at = _integer(block, at, 0x1F)
        if limit > TABLE_SIZE:
            raise _broken("the table would be larger than it may be")
        self._limit = limit
        self._shrink(limit)
        self.version += 1
        return at

    def _shrink(self, most: int) -> None:
        entries, gone = self._entries, 0
        while self._size > most and gone < len(entries):
            name, value = entries[gone]
            self._size -= len(name) + len(value) + OVERHEAD
            gone += 1
        del entries[:gone]


def _integer(block: bytes, at: int, most: int) -> tuple[int, int]:
    """An integer whose prefix is ``most`` (RFC 7541 5.1), and where it ends."""
    value, shift = most, 0
    while True:
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if value > _LARGEST_INTEGER or shift > 28:
            raise _broken("an integer is too large")
        if byte < 0x80:
            return value, at
        shift += 7


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """A string (RFC 7541 5.2), and where it ends."""
    first = block[at]
    size = first & 0x7F
    at += 1
    if size == 0x7F:
        size, at = _integer(block, at, 0x7F)
    end = at + size
    if end > len(block):
        raise _broken("a string is cut off")
    text = block[at:end]
    if first & 0x80:
        try:
            text = decode_huffman(text)
        except NotHuffman:
            raise _broken("a Huffman code is wrong") from None
    return text, end


def _broken(reason: str) -> ConnectionFault:
    return ConnectionFault(ErrorCode.COMPRESSION_ERROR, reason)
