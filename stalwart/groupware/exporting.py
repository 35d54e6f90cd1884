"""All that an account has of a kind, as a zip file that is made while it is sent: mail as an mbox for each folder, a
stream of iCalendar for each calendar, one of vCards for each address book, files as they are.

The store is asked for a page at a time and nothing is held longer than it takes to pack it, so memory does not grow
with the account. What is lost in the store is named at the end, and the rest is sent.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec
from attrs import define, frozen

from stalwart.codec.icalendar.merging import END, HEAD, Merging
from stalwart.codec.mbox import Mbox
from stalwart.codec.zip_stream import LONGEST_NAME, ZipStream
from stalwart.errors import NotFound, Unavailable
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, FILES, Kind
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.store.collection_rows import Content, FileNode
from stalwart.store.mail_rows import EmailRow, MailboxRow

_PIECE = 1 << 18
_PAGE = 64
_MOST_MESSAGES = 10_000_000
_KEPT_IN_MEMORY = 1 << 20
_MOST_LOST = 1000
_HIDDEN = frozenset(("Cc", "Cs", "Cf", "Zl", "Zp"))
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')

Octets = AsyncGenerator[bytes, None]


@frozen
class _Entry:
    name: str
    changed_at: int
    size: int
    content: Octets


@define
class _Names:
    """Names in one folder: harmless everywhere, and none twice."""

    taken: set[str]

    def unique(self, wanted: str, ending: str = "") -> str:
        shown = "".join(each for each in wanted[:200] if unicodedata.category(each) not in _HIDDEN)
        shown = _FORBIDDEN.sub("_", shown).strip(" .") or "_"
        number, name = 1, shown + ending
        while name.casefold() in self.taken:
            number += 1
            name = f"{shown} ({number}){ending}"
        self.taken.add(name.casefold())
        return name


class Export:
    """What ``account_id`` has of a kind: ``mail``, ``calendars``, ``contacts`` or ``files``.

    ``now`` is in seconds since the epoch.
    """

    def __init__(self, store: Store, account_id: int, now: int) -> None:
        self._store = store
        self._account_id = account_id
        self._now = now
        self._lost: list[str] = []

    async def pieces(self, kind: str) -> Octets:
        """The zip file, from its beginning to its end."""
        entries = {"mail": self._mail, "calendars": self._calendars, "contacts": self._contacts, "files": self._files}
        with SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY) as records:
            made = ZipStream(records)  # type: ignore[arg-type]  # it is a file as any other
            async for entry in entries[kind]():
                async for packed in self._packed(made, entry):
                    yield packed
            if self._lost:
                async for packed in self._packed(made, self._confession()):
                    yield packed
            for piece in made.finish():
                yield piece

    async def _packed(self, made: ZipStream, entry: _Entry) -> Octets:
        yield made.begin(entry.name[:LONGEST_NAME], entry.changed_at, entry.size)
        waiting: list[bytes] = []
        async for piece in entry.content:
            waiting.append(piece)
            if sum(map(len, waiting)) >= _PIECE:
                given, waiting = b"".join(waiting), []
                yield await self._store.blob_work(partial(_written, made, given))
        last = b"".join(waiting)
        yield await self._store.blob_work(lambda files: made.write(last) + made.end())

    def _confession(self) -> _Entry:
        text = "".join(f"{name}\n" for name in self._lost[:_MOST_LOST])

        async def content() -> Octets:
            yield text.encode()

        return _Entry("MISSING.txt", self._now, 0, content())

    # Blobs

    async def _blob(self, hash: bytes, name: str) -> Octets:
        """The octets of a blob, or the knowledge that they are lost."""
        found = await self._store.read(lambda tx: _small(tx, hash))
        if isinstance(found, bytes):
            yield found
            return
        offset = 0
        while found is not None and offset < found:
            size = min(_PIECE, found - offset)
            try:
                piece = await self._store.blob_work(partial(_section, hash, offset, size))
            except (NotFound, Unavailable):
                break
            yield piece
            offset += size
        if offset != found:
            self._lost.append(name)

    # Mail

    async def _mail(self) -> AsyncIterator[_Entry]:
        boxes = await self._store.read(lambda tx: tx.mail.mailboxes.list(self._account_id))
        used = await self._store.read(lambda tx: _used(tx, self._account_id))
        for box, name in _paths(boxes):
            yield _Entry(name, self._now, used, self._messages(box.id, name))

    async def _messages(self, box: int, name: str) -> Octets:
        account_id = self._account_id
        page = await self._store.read(
            lambda tx: tx.mail.page(account_id, limit=_MOST_MESSAGES, mailbox=box, ascending=True)
        )
        ids, mbox = array("q", page.ids), Mbox()
        del page
        for start in range(0, len(ids), _PAGE):
            some = ids[start : start + _PAGE]
            rows = await self._store.read(partial(_rows, account_id, some))
            for row in rows.values():
                yield mbox.begin(row.received_at, _keywords(row))
                async for piece in self._blob(row.blob, f"{name}: {row.id}"):
                    yield mbox.write(piece)
                yield mbox.end()

    # Calendars and address books

    async def _calendars(self) -> AsyncIterator[_Entry]:
        async for id, name in self._collections(CALENDARS, ".ics"):
            yield _Entry(name, self._now, 0, self._calendar(id))

    async def _calendar(self, id: int) -> Octets:
        merging = Merging()
        yield HEAD
        async for octets in self._contents(id):
            yield merging.components(octets)
        yield END

    async def _contacts(self) -> AsyncIterator[_Entry]:
        async for id, name in self._collections(ADDRESS_BOOKS, ".vcf"):
            yield _Entry(name, self._now, 0, self._cards(id))

    async def _cards(self, id: int) -> Octets:
        async for octets in self._contents(id):
            yield octets.rstrip(b"\r\n") + b"\r\n"

    async def _collections(self, kind: Kind, ending: str) -> AsyncIterator[tuple[int, str]]:
        found = await self._store.read(lambda tx: tx.collections.of_type(self._account_id, kind.type))
        names = _Names(set())
        for each in found:
            yield each.id, names.unique(str((each.data or {}).get(DISPLAY_NAME) or each.segment), ending)

    async def _contents(self, id: int) -> Octets:
        after, account_id = "", self._account_id
        while found := await self._store.read(partial(_contents, account_id=account_id, id=id, after=after)):
            after = found[-1].member.segment
            for each in found:
                yield each.octets

    # Files

    async def _files(self) -> AsyncIterator[_Entry]:
        waiting, account_id = [(FILES.home, "")], self._account_id
        while waiting:
            folder, path = waiting.pop()
            nodes = await self._store.read(partial(_inside, account_id, folder))
            names = _Names(set())
            for node in sorted(nodes, key=lambda node: node.name):
                name = path + names.unique(node.name)
                if node.is_folder:
                    waiting.append((node.id, f"{name}/"))
                elif node.blob is not None:
                    yield _Entry(name, node.modified_at, node.size, self._blob(node.blob, name))


def _written(made: ZipStream, piece: bytes, files: BlobFiles) -> bytes:
    """In a thread for files, because it reckons for a while."""
    return made.write(piece)


def _section(hash: bytes, offset: int, size: int, files: BlobFiles) -> bytes:
    return files.read(hash, offset, size)


def _rows(account_id: int, ids: Iterable[int], tx: Transaction) -> dict[int, EmailRow]:
    return tx.mail.list_rows(account_id, ids)


def _contents(tx: Transaction, account_id: int, id: int, after: str) -> list[Content]:
    return tx.collections.contents(account_id, id, after=after, limit=_PAGE)


def _inside(account_id: int, folder: int, tx: Transaction) -> list[FileNode]:
    return tx.collections.nodes.inside(account_id, (folder,), with_data=True)


def _used(tx: Transaction, account_id: int) -> int:
    """No folder is larger than all that the account has."""
    row = tx.accounts.get(account_id)
    return row.used_octets if row is not None else 0


def _small(tx: Transaction, hash: bytes) -> bytes | int | None:
    """The octets of a blob that is a row, the length of one that is a file, None for none."""
    blob = tx.blobs.find(hash)
    if blob is None:
        return None
    return tx.blobs.get(hash) if blob.store == "db" else blob.size


def _keywords(row: EmailRow) -> list[str]:
    read: dict[str, Any] = msgspec.json.decode(row.keywords)
    return [name for name, is_set in read.items() if is_set]


def _paths(boxes: list[MailboxRow]) -> Iterator[tuple[MailboxRow, str]]:
    """Mailboxes with the names of their files, which are in folders as those are in others."""
    places: dict[int | None, tuple[str, _Names]] = {None: ("", _Names(set()))}
    waiting = boxes
    while waiting:
        later = []
        for box in waiting:
            if box.parent_id not in places:
                later.append(box)
                continue
            path, names = places[box.parent_id]
            name = names.unique(box.name)
            places[box.id] = (f"{path}{name}/", _Names(set()))
            yield box, f"{path}{name}.mbox"
        if len(later) == len(waiting):  # a circle, which the store does not let happen
            return
        waiting = later
