"""Messages as they leave an account: copied without Bcc, completed, signed, ready for the queue (RFC 8621 7.5).

All of it is for threads, and a large message is never in memory as a whole. What is written to files on the way is
noted in ``files``: whoever sends removes those that the queue has not come to need.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.codec.feedback import message_id_of
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import field as header_field
from stalwart.codec.mime.leaving import HEAD, Head, Passing, read_head
from stalwart.codec.smtp.authors import Authors, read_authors
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import Invalid
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.dates import utc_date
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.queue.queue import MailQueue
from stalwart.store import Store
from stalwart.store.blob_files import BlobFiles, Stored

_MESSAGE_ID: Final = "message-id"
_DATE: Final = "date"


@frozen
class Source:
    """A stored message; ``held`` is its content if that is small."""

    hash: bytes
    size: int
    held: bytes | None


@frozen
class Copy:
    """A message as it leaves, without its signature. ``head`` is that of the original; ``is_utf8_header`` and
    ``is_8bit`` say whether the header that leaves, and the body, have other octets than ASCII. ``message_id`` has no
    brackets.
    """

    content: bytes | Stored
    size: int
    head: Head
    authors: Authors
    is_utf8_header: bool
    is_8bit: bool
    message_id: str | None = None


@define
class Departure:
    """Makes what leaves, for one call; ``now`` dates what has no date."""

    _store: Store
    _settings: Settings
    _signing: Signing
    _queue: MailQueue
    now: int
    files: list[Any] = field(factory=list)

    async def copied(self, source: Source) -> Copy:
        """The copy that leaves. Date and Message-ID are added where they are missing (RFC 6409 8.2, 8.3).

        Raises NotFound, Unavailable.
        """
        work = partial(_copied, source, header_field("Date", Form.DATE, utc_date(self.now)), self._message_id())
        copy = await self._store.blob_work(work, writes=source.held is None)
        self._note(copy.content, source.hash)
        return copy

    async def signed(self, content: bytes | Stored, domain: str) -> bytes | Stored:
        """The content with the signatures of ``domain`` before it, as the queue takes it.

        :raises SetRefused: the queue does not take such content.
        """
        fields = await self._signing.signed(content, domain)
        if fields and isinstance(content, bytes):
            content = fields + content
        elif fields and isinstance(content, Stored):
            content = await self._store.blob_work(partial(_prefixed, fields, content), writes=True)
            self._note(content)
        try:
            prepared = await self._queue.prepare(content)
        except Invalid as problem:
            raise SetRefused("invalidEmail", problem.detail, ()) from None
        self._note(prepared)
        return prepared

    def _note(self, content: bytes | Stored, but: bytes = b"") -> None:
        """It may have to be removed, unless it is the blob ``but``."""
        if isinstance(content, Stored) and content.hash != but:
            self.files.append(content)

    def _message_id(self) -> bytes:
        host = self._settings.of(SystemSettings).default_hostname
        return f"Message-ID: <{secrets.token_hex(16)}@{host}>\r\n".encode()


def _copied(source: Source, date: bytes, message_id: bytes, files: BlobFiles) -> Copy:
    hash, size, held = source.hash, source.size, source.held
    begin = held if held is not None else files.read(hash, 0, min(size, HEAD))
    head = read_head(begin)
    missing = {_DATE: date, _MESSAGE_ID: message_id}
    written = head.written([line for name, line in missing.items() if not head.has(name)])
    passing = Passing()
    if held is not None:
        content: bytes | Stored = written + b"".join(passing.passed((held[head.body_begin :],)))
        return _copy(content, written, passing, head)
    if written == begin[: head.body_begin]:
        for _ in passing.passed(_rest(source, head, files)):
            pass
        if passing.is_clean:  # the original is what leaves
            return _copy(Stored(hash, size), written, passing, head)
        passing = Passing()
    with files.begin() as writer:
        writer.write(written)
        for piece in passing.passed(_rest(source, head, files)):
            writer.write(piece)
        content = writer.commit()
    return _copy(content, written, passing, head)


def _copy(content: bytes | Stored, header: bytes, passing: Passing, head: Head) -> Copy:
    size, authors = len(header) + passing.size, read_authors(header)
    return Copy(content, size, head, authors, not head.is_ascii, not passing.is_ascii, message_id_of(header))


def _rest(source: Source, head: Head, files: BlobFiles) -> Iterator[bytes]:
    return files.chunks(source.hash, head.body_begin, source.size - head.body_begin)


def _prefixed(fields: bytes, content: Stored, files: BlobFiles) -> Stored:
    with files.begin() as writer:
        writer.write(fields)
        for piece in files.chunks(content.hash):
            writer.write(piece)
        return writer.commit()
