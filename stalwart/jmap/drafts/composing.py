"""Drafts become messages: blobs are found, parts are decoded and encoded in a thread, piece by piece (RFC 8621 4.6).

No attachment is in memory as a whole, but for a section of another message that has to be decoded. What stays small is
held, the rest goes into a file.
"""

from __future__ import annotations

import codecs
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import attrs

from stalwart.codec.mime import composer, transfer
from stalwart.codec.mime.composer import Contents, Outline
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.config.collaboration.email import Email
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, TooLarge
from stalwart.jmap.blobs.access import Readable
from stalwart.jmap.blobs.ids import TRANSFER_ENCODINGS
from stalwart.jmap.drafts.body import Piece
from stalwart.jmap.drafts.draft import Draft
from stalwart.jmap.drafts.fields import Field
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.dates import utc_date
from stalwart.store import Store
from stalwart.store.blob_files import LARGE, BlobFiles, Stored

_DENSITIES: Final = {"q": 4, "b": 2, "u": 2}  # at most so many encoded octets for one


@attrs.frozen
class Sizes:
    """Octets of a message, and of all the blobs in it, decoded."""

    message: int
    attachments: int


class Composing:
    """Makes the messages of one call; ``settings`` say how large they may be and what the host is called."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._charsets: dict[str, str | None] = {}  # by blob id, as far as they were looked for

    async def message(self, draft: Draft, found: Mapping[str, Readable], now: int) -> bytes | Stored:
        """The message that ``draft`` describes; ``found`` has its blobs by their ids.

        :raises SetRefused: ``blobNotFound`` with all that are missing, ``tooLarge``, ``invalidProperties``.
        """
        missing = [id for id in draft.blob_ids() if id not in found]
        if missing:
            raise SetRefused("blobNotFound", "Some of the blobs do not exist.", notFound=missing)
        email = self._settings.of(Email)
        sizes = Sizes(email.max_message_size, email.max_attachment_size)
        _check_plain_sizes(draft, found, sizes)
        header = draft.header(self._message_id, utc_date(now))
        large = sum(found[id].blob.size for id in draft.blob_ids()) >= LARGE
        work = partial(_composed, draft, found, header, sizes, self._charsets)
        return await self._store.blob_work(work, writes=large)

    def _message_id(self) -> str:
        host = self._settings.of(SystemSettings).default_hostname
        return f"{secrets.token_hex(16)}@{host}"


def least_octets(draft: Draft, found: Mapping[str, Readable]) -> int:
    """How many octets the message has at least, as far as that is known without reading."""
    total = 0
    for piece in draft.body.pieces():
        if piece.blob_id is None:
            total += len(piece.outline.text or "")
        elif piece.blob_id in found:
            total += _plain_octets(found[piece.blob_id])
    return total


def octets_of(draft: Draft, found: Mapping[str, Readable]) -> int:
    """How many octets are read for the parts of a draft."""
    parts = [found[each.blob_id] for each in draft.body.pieces() if each.blob_id is not None and each.blob_id in found]
    return sum(each.place.length for each in parts)


def _check_plain_sizes(draft: Draft, found: Mapping[str, Readable], sizes: Sizes) -> None:
    """What is known without reading, before anything is. What is encoded is judged by the least that it can hold if it
    was encoded sensibly.
    """
    total = 0
    for piece in draft.body.pieces():
        if piece.blob_id is not None:
            each = found[piece.blob_id]
            total += _plain_octets(each)
            if each.place.encoding in _DENSITIES:
                total += each.place.length // _DENSITIES[each.place.encoding]
    if total > sizes.attachments:
        raise _too_large(sizes)


def _plain_octets(found: Readable) -> int:
    return found.place.length if found.place.encoding == "n" else 0


def _too_large(sizes: Sizes) -> SetRefused:
    return SetRefused("tooLarge", f"The attachments are larger than {sizes.attachments} octets together.")


def _composed(
    draft: Draft,
    found: Mapping[str, Readable],
    header: Sequence[Field],
    sizes: Sizes,
    charsets: dict[str, str | None],
    files: BlobFiles,
) -> bytes | Stored:
    """In a thread."""
    budget = _Budget(sizes)

    def filled(piece: Piece) -> Outline:
        id = piece.blob_id or ""
        contents = partial(budget.counted, _contents(found[id], files))
        charset = piece.outline.charset
        if charset is None and piece.outline.type.lower().startswith("text/"):
            if id not in charsets:
                charsets[id] = _sniffed(contents())
            charset = charsets[id]
        return attrs.evolve(piece.outline, contents=contents, charset=charset)

    try:
        return kept(composer.compose(header, draft.body.outline(filled), boundaries()), sizes.message, files)
    except InvalidValue as problem:
        raise SetRefused("invalidProperties", f"The message cannot be written: {problem}.") from None
    except NotFound:
        raise SetRefused("blobNotFound", "The content of a blob is gone.", notFound=list(draft.blob_ids())) from None


def _contents(found: Readable, files: BlobFiles) -> Contents:
    """The octets of a blob or of a section of one, decoded."""
    hash, held = found.blob.hash, found.held
    place = found.place
    offset, length, encoding = place.offset, place.length, place.encoding

    def raw() -> bytes:
        return files.read(hash, offset, length) if held is None else held[offset : offset + length]

    def contents() -> Iterable[bytes]:
        if encoding != "n":
            octets = raw()
            return transfer.pieces(octets, 0, len(octets), TRANSFER_ENCODINGS[encoding])
        return files.chunks(hash, offset, length) if held is None else (raw(),)

    return contents


class _Budget:
    """Counts what is decoded; contents are asked for twice at most, and once more in a call for the charset."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._left = sizes.attachments
        self._counted: dict[int, int] = {}

    def counted(self, contents: Contents) -> Iterator[bytes]:
        """The pieces of ``contents``; raises ``SetRefused`` ``tooLarge``."""
        former = self._counted.get(id(contents), 0)
        size = 0
        for piece in contents():
            size += len(piece)
            if size > former:
                self._left -= size - former
                self._counted[id(contents)] = former = size
            if self._left < 0:
                raise _too_large(self._sizes)
            yield piece


def _sniffed(pieces: Iterable[bytes]) -> str | None:
    """``utf-8`` for text that is that and not just ASCII; None for what says nothing of itself."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    try:
        for piece in pieces:
            is_ascii = is_ascii and piece.isascii()
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return None if is_ascii else "utf-8"


def boundaries() -> Iterator[str]:
    """Such as no encoded content can hold (RFC 2045 6.7, 6.8)."""
    while True:
        yield f"=_{secrets.token_hex(14)}"


def kept(pieces: Iterator[bytes], most: int, files: BlobFiles) -> bytes | Stored:
    """In memory, or in a file if it is large."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= LARGE:
            break
    else:
        if size > most:
            raise TooLarge(f"The message would have more than {most} octets.")
        return b"".join(held)
    with files.begin() as writer:
        writer.write(b"".join(held))
        held.clear()
        for piece in pieces:
            if writer.size > most:
                break
            writer.write(piece)
        if writer.size > most:
            raise TooLarge(f"The message would have more than {most} octets.")
        return writer.commit()
