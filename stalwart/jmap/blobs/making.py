"""``Blob/upload``: blobs made of what the request brings and of parts of other blobs (RFC 9404 4.1).

All blobs of a call are put together first, in bounded memory, and stored in one transaction. A blob may take parts of
one that the same call makes, in whatever order they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import StalwartError
from stalwart.jmap.accounts import account_argument, require_changeable
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.capability import MAX_DATA_SOURCES, max_blob_size
from stalwart.jmap.blobs.contents import MOST_DECODED, Decoding, octets_of
from stalwart.jmap.blobs.data_sources import Given, Part, Source, UploadObject, mentioned_creations, read_upload_object
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.blobs.quota import Uploader, UploadQuota, UploadQuotaExceeded, pending_uploads
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import BLOB, SHARED_TYPES
from stalwart.jmap.errors import SetRefused, set_error
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import invalid
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.order import creation_order
from stalwart.jmap.standard.presence import require_account
from stalwart.store import PendingUploads, Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.incoming import discarding, store_content
from stalwart.web.clock import Clock

_Refusals = dict[str, dict[str, Any]]


@method("Blob/upload", capability=BLOB, needs="jmapBlobUpload")
async def upload(call: Call, *, store: Store, settings: Any, clock: Clock) -> dict[str, Any]:
    """Makes blobs; they expire like any upload."""
    account_id = account_argument(call, shared=SHARED_TYPES)
    require_changeable(call.request.access, account_id)
    if call.arguments.get("create") is None:
        raise invalid("create", "is missing")
    create = SetArguments.read(call).create
    jmap = settings.of(Jmap)
    access = call.request.access
    by = Uploader(access, account_id, UploadQuota.of(jmap, access), int(clock.seconds()))
    workbench = _Workbench(store, by, call.request.created_ids, max_blob_size(jmap), jmap.max_upload_size)
    await workbench.make(create)
    call.request.created_ids.update({creation_id: made["id"] for creation_id, made in workbench.created.items()})
    return {
        "accountId": encode_id(account_id),
        "created": workbench.created or None,
        "notCreated": workbench.refused or None,
    }


@define
class _Workbench:
    """Where the blobs of one call are put together: ``contents`` are the finished ones by creation id."""

    store: Store
    by: Uploader
    created_ids: Mapping[str, str]
    most_each: int
    most_together: int
    readable: dict[str, Readable] = field(factory=dict)
    pending: PendingUploads = field(default=PendingUploads(0, 0, None))
    contents: dict[str, bytes] = field(factory=dict)
    created: dict[str, dict[str, Any]] = field(factory=dict)
    refused: _Refusals = field(factory=dict)
    _size: int = 0
    _decoding: Decoding = field(factory=lambda: Decoding(MOST_DECODED))

    async def make(self, create: Mapping[str, dict[str, Any]]) -> None:
        """Fill ``created`` and ``refused``.

        :raises MethodError: ``accountNotFound``, ``invalidArguments`` for a circle of references.
        """
        wanted: dict[str, UploadObject] = {}
        for creation_id in creation_order(create, mentioned_creations):
            try:
                wanted[creation_id] = read_upload_object(create[creation_id], MAX_DATA_SOURCES)
            except SetRefused as refusal:
                self.refused[creation_id] = refusal.wire()
        parts = [source for each in wanted.values() for source in each.sources if isinstance(source, Part)]
        await self.store.read(lambda tx: self._look_up(tx, parts))
        stored: dict[str, bytes | Stored] = {}
        with discarding(self.store, stored.values()):
            for creation_id, each in wanted.items():
                try:
                    content = self.contents[creation_id] = await self._content(each)
                    stored[creation_id] = await store_content(self.store, content)
                except StalwartError as refusal:
                    self.refused[creation_id] = _refusal(refusal)
            await self.store.write(lambda tx: self._keep(tx, wanted, stored))

    def _look_up(self, tx: Transaction, parts: list[Part]) -> None:
        by = self.by
        require_account(tx, by.account_id)
        ids = {self._stored_id(part.blob) for part in parts}
        self.readable = find_readable(tx, by.access, by.account_id, (id for id in ids if id is not None), by.now)
        self.pending = pending_uploads(tx, by.access, by.account_id, by.now)

    def _stored_id(self, blob: str) -> str | None:
        """The id that ``blob`` is or stands for; None if this request has made nothing of that name before."""
        return self.created_ids.get(blob[1:]) if blob.startswith("#") else blob

    async def _content(self, wanted: UploadObject) -> bytes:
        made = bytearray()
        for source in wanted.sources:
            made += await self._section(source, self.most_each - len(made))
        pending = self.pending
        so_far = PendingUploads(pending.count + len(self.contents), pending.size + self._size, pending.next_expiry)
        self.by.quota.check(so_far, len(made), self.by.now)
        self._size += len(made)
        if self._size > self.most_together:
            raise SetRefused("tooLarge", f"The blobs of one call may have {self.most_together} bytes together.")
        return bytes(made)

    async def _section(self, source: Source, room: int) -> bytes:
        if isinstance(source, Given):
            _check_size(len(source.content), room)
            return source.content
        made_here = self.contents.get(source.blob[1:]) if source.blob.startswith("#") else None
        if made_here is not None:
            length = _length(source, len(made_here), room)
            return made_here[source.offset : source.offset + length]
        octets = await octets_of(self.store, self._found(source.blob), self._decoding)
        length = _length(source, octets.size, room)
        if octets.held is not None:
            return octets.held[source.offset : source.offset + length]
        return await self.store.blob_work(lambda files: octets.read(files, source.offset, length))

    def _found(self, blob: str) -> Readable:
        stored_id = self._stored_id(blob)
        if stored_id is None:
            raise SetRefused("notFound", f"Nothing was created as {blob[:256]}.", ["data"])
        found = self.readable.get(stored_id)
        if found is None:
            raise SetRefused("blobNotFound", notFound=[stored_id])
        return found

    def _keep(self, tx: Transaction, wanted: Mapping[str, UploadObject], stored: dict[str, bytes | Stored]) -> None:
        for creation_id, content in stored.items():
            type = wanted[creation_id].type
            try:
                blob = self.by.keep(tx, content, type)
            except UploadQuotaExceeded as refusal:
                self.refused[creation_id] = _refusal(refusal)
            else:
                self.created[creation_id] = {"id": str(BlobId(blob.hash)), "type": type, "size": blob.size}


def _length(part: Part, size: int, room: int) -> int:
    length = size - part.offset if part.length is None else part.length
    if length < 0 or part.offset + length > size:  # RFC 9404 4.1: never clipped
        raise SetRefused("invalidProperties", "The property data names a range that is not all in the blob.", ["data"])
    _check_size(length, room)
    return length


def _check_size(size: int, room: int) -> None:
    if size > room:
        raise SetRefused("tooLarge", "The blob would be larger than maxSizeBlobSet.")


def _refusal(problem: StalwartError) -> dict[str, Any]:
    if isinstance(problem, UploadQuotaExceeded):
        return SetRefused("overQuota", problem.detail).wire()
    return set_error(problem)
