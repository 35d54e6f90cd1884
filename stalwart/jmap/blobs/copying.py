"""``Blob/copy``: the same bytes for another account, without sending them again (RFC 8620 6.3).

The copy belongs to the client like an upload and expires like one. A section becomes a blob of its own, so that the
other account never gets at the rest of the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.accounts import account_argument, require_changeable
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.contents import Decoding, octets_of
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.blobs.quota import Uploader, UploadQuota, UploadQuotaExceeded
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import BLOB, CORE, SHARED_TYPES
from stalwart.jmap.errors import MethodError, SetRefused, set_error
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.presence import require_account
from stalwart.store import Blob, Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.incoming import discarding, store_content
from stalwart.web.clock import Clock


@method("Blob/copy", capability=(CORE, BLOB), needs="jmapBlobCopy")
async def copy(call: Call, *, store: Store, settings: Any, clock: Clock) -> dict[str, Any]:
    """Blobs of one account, for another one."""
    source = account_argument(call, member="fromAccountId", shared=SHARED_TYPES)
    target = account_argument(call, shared=SHARED_TYPES)
    require_changeable(call.request.access, target)
    if source == target:
        raise invalid("fromAccountId", "must name another account than accountId")
    ids = _blob_ids(call)
    jmap = settings.of(Jmap)
    access = call.request.access
    by = Uploader(access, target, UploadQuota.of(jmap, access), int(clock.seconds()))
    found = await store.read(lambda tx: _found(tx, by, source, ids))
    refused = {id: SetRefused("notFound", "There is no such blob.").wire() for id in ids if id not in found}
    contents: dict[str, Blob | bytes | Stored] = {}
    decoding = Decoding(jmap.max_upload_size)
    with discarding(store, contents.values()):
        for id, each in found.items():
            try:
                contents[id] = await _content(store, each, decoding)
            except StalwartError as problem:
                refused[id] = set_error(problem)
        copied = await store.write(lambda tx: _kept(tx, by, contents, refused))
    return {
        "fromAccountId": encode_id(source),
        "accountId": encode_id(target),
        "copied": copied or None,
        "notCopied": refused or None,
    }


def _blob_ids(call: Call) -> list[str]:
    ids = ArgumentReader(call.arguments).texts("blobIds")
    if ids is None:
        raise invalid("blobIds", "is missing")
    most = call.request.limits.max_objects_in_set
    if len(ids) > most:
        raise MethodError("requestTooLarge", f"At most {most} blobs can be copied in one call, not {len(ids)}.")
    return list(dict.fromkeys(call.request.id_of(each) for each in ids))


def _found(tx: Transaction, by: Uploader, source: int, ids: list[str]) -> dict[str, Readable]:
    require_account(tx, source, "fromAccountNotFound")
    require_account(tx, by.account_id)
    return find_readable(tx, by.access, source, ids, by.now)


async def _content(store: Store, found: Readable, decoding: Decoding) -> Blob | bytes | Stored:
    """What is stored already, or the bytes of a section."""
    section = found.id.section
    if section is None:
        return found.blob
    octets = await octets_of(store, found, decoding)
    if section.encoding == "n":
        decoding.spend(octets.size)  # to be copied, if not decoded
    if octets.held is not None:
        return await store_content(store, octets.held)
    return await store_content(store, await store.blob_work(lambda files: octets.read(files, 0, octets.size)))


def _kept(
    tx: Transaction,
    by: Uploader,
    contents: Mapping[str, Blob | bytes | Stored],
    refused: dict[str, dict[str, Any]],
) -> dict[str, str]:
    """The new ids by the old ones; what finds no room is added to ``refused``."""
    copied = {}
    for id, content in contents.items():
        try:
            copied[id] = str(BlobId(_keep(tx, by, content).hash))
        except UploadQuotaExceeded as problem:
            refused[id] = SetRefused("overQuota", problem.detail).wire()
        except NotFound as problem:
            refused[id] = set_error(problem)
    return copied


def _keep(tx: Transaction, by: Uploader, content: Blob | bytes | Stored) -> Blob:
    if not isinstance(content, Blob):
        return by.keep(tx, content)
    by.link(tx, content)
    return content
