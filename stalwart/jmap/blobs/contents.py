"""The bytes behind a blob id: small ones at hand, large ones in a file, sections decoded (RFC 2045 6.7, 6.8).

Files are read in the store's threads. A section with a transfer encoding is decoded as a whole, in memory, because no
part of it can be found without the beginning; messages bound how large it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from stalwart.codec.mime import transfer
from stalwart.errors import TooLarge
from stalwart.jmap.blobs.access import Readable
from stalwart.jmap.blobs.ids import TRANSFER_ENCODINGS, Encoding
from stalwart.store import Store
from stalwart.store.blob_files import BlobFiles
from stalwart.web.answers import Content
from stalwart.web.transfer import held_content

MOST_DECODED = 100_000_000
"""What a request may have decoded, if nothing else is said: a message (x:Email maxMessageSize) and some more."""


@frozen
class Octets:
    """What a blob id stands for: ``size`` bytes, ``held`` or else in the file ``hash`` from ``start`` on."""

    size: int
    held: bytes | None
    hash: bytes
    start: int = 0

    def pieces(self, files: BlobFiles, offset: int, length: int) -> Iterator[bytes]:
        """A section that lies within, piece by piece; blocks."""
        if self.held is not None:
            return iter((self.held[offset : offset + length],))
        return files.chunks(self.hash, self.start + offset, length)

    def read(self, files: BlobFiles, offset: int, length: int) -> bytes:
        """A section that lies within; blocks."""
        if self.held is not None:
            return self.held[offset : offset + length]
        return files.read(self.hash, self.start + offset, length)

    def content(self, store: Store) -> Content:
        """All of it, to be sent."""
        if self.held is not None:
            return held_content(self.held)
        return Content(self.size, lambda offset, size: store.blob_work(lambda files: self.read(files, offset, size)))


class Decoding:
    """How many bytes one request may have decoded."""

    def __init__(self, most: int) -> None:
        self._left = most

    def spend(self, size: int) -> None:
        """Before a section of ``size`` is decoded; raises TooLarge."""
        self._left -= size
        if self._left < 0:
            raise TooLarge


async def octets_of(store: Store, found: Readable, decoding: Decoding) -> Octets:
    """The bytes of what ``found`` names.

    :raises TooLarge: there is more to decode than the request may have.
    :raises NotFound: the file is missing.
    """
    section = found.id.section
    hash = found.blob.hash
    if section is None:
        return Octets(found.blob.size, found.held, hash)
    held = found.held[section.offset : section.offset + section.length] if found.held is not None else None
    octets = Octets(section.length, held, hash, section.offset)
    encoding = section.encoding
    if encoding == "n":
        return octets
    decoding.spend(octets.size)
    if held is None:
        decoded = await store.blob_work(lambda files: decode(octets.read(files, 0, octets.size), encoding))
    else:
        decoded = decode(held, encoding)
    return Octets(len(decoded), decoded, hash)


def decode(encoded: bytes, encoding: Encoding) -> bytes:
    """The content of a body part, as everything else here that reads mail decodes it."""
    return transfer.decode(encoded, TRANSFER_ENCODINGS[encoding])
