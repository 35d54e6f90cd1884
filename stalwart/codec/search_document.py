"""What is kept of a message for searching: its texts, compressed, and the words that the index is made of.

The words follow from the texts alone: an index that forgets a message must be told the same words again.
"""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from stalwart.codec.search_terms import terms

COLUMNS: Final = ("sender", "recipients", "copies", "blind_copies", "subject", "body", "names", "header")
"""The columns of an index, in the order of ``Document``."""

_VERSION = b"\x01"
_LEVEL = 1  # a third faster than the usual one, for some octets of a hundred more


class Document(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The texts of a message. ``header`` is words already (``search_header``), with blanks between them."""

    sender: str = ""
    recipients: str = ""
    copies: str = ""
    blind_copies: str = ""
    subject: str = ""
    body: str = ""
    names: str = ""
    header: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Document)


class UnreadableDocument(ValueError):
    """The bytes are no document of this version."""


def pack(document: Document) -> bytes:
    """The document as it is stored."""
    return _VERSION + zlib.compress(_ENCODER.encode(document), _LEVEL)


def unpack(packed: bytes) -> Document:
    """What ``pack`` has written. Raises ``UnreadableDocument``."""
    if packed[:1] != _VERSION:
        raise UnreadableDocument("unknown version")
    try:
        return _DECODER.decode(zlib.decompress(memoryview(packed)[1:]))
    except (zlib.error, msgspec.MsgspecError) as problem:
        raise UnreadableDocument(str(problem)) from None


def columns(document: Document) -> tuple[str, ...]:
    """The words of each column, with blanks between them."""
    texts = (getattr(document, name) for name in COLUMNS[:-1])
    return (*(" ".join(terms(text)) if text else "" for text in texts), document.header)
