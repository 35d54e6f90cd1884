"""The content of a file that is made or changed: a blob that who asks may read (RFC 8620 6, spec/jmap.md 8).

A part of a message is taken out of it before the transaction, so that the file is what the part says and not the
message around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import StalwartError
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.contents import Decoding, octets_of
from stalwart.jmap.blobs.ids import NotABlobId, parse_blob_id
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.store import Blob, Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.collection_rows import FileNode
from stalwart.store.incoming import store_content


async def prepare_parts(
    asking: Asking, given_by_key: Iterable[tuple[str, Mapping[str, Any]]], origin: Asking | None = None
) -> Mapping[str, StalwartError]:
    """Take parts of messages out of them, into ``asking.prepared`` by creation id or id; what cannot be is refused.
    Copies may name those of the account that they come from, ``origin``.
    """
    wanted: dict[str, str] = {}
    for key, given in given_by_key:
        blob_id = given.get("blobId")
        if isinstance(blob_id, str):
            text = asking.request.created_ids.get(blob_id[1:], "") if blob_id.startswith("#") else blob_id
            if _is_part(text):
                wanted[key] = text
    if not wanted:
        return {}
    store: Store = asking.services["store"]
    found = await store.read(lambda tx: _readable(tx, asking, wanted.values(), origin))
    decoding = Decoding(asking.services["settings"].of(Jmap).max_upload_size)
    refused: dict[str, StalwartError] = {}
    for key, text in wanted.items():
        try:
            if text in found:
                asking.prepared[key] = await _part(store, found[text], decoding)
        except StalwartError as problem:
            refused[key] = problem
    return refused


def content_of(
    tx: Transaction, asking: Asking, change: Change, original: FileNode | None, origin: Asking | None = None
) -> bytes | Stored | Blob | None:
    """What is to be in the file, None for a folder; ``original`` is what is copied from ``origin``. Raises
    ``SetRefused``.
    """
    text = change.new["blobId"]
    if text is None:
        return None
    prepared: bytes | Stored | None = asking.prepared.get(change.key)
    if prepared is not None:
        return prepared
    hash = None if _is_part(text) else _hash(text)
    if hash is not None and original is not None and hash == original.blob:
        return tx.blobs.find(hash)
    found = _readable(tx, asking, [text], origin).get(text)
    if hash is None or found is None:
        raise SetRefused("invalidProperties", "There is no such blob.", ("blobId",))
    tx.blobs.use(hash, asking.account_id)
    return found.blob


def _readable(tx: Transaction, asking: Asking, ids: Iterable[str], origin: Asking | None) -> dict[str, Readable]:
    wanted = list(ids)
    found = find_readable(tx, asking.access, asking.account_id, wanted, asking.now)
    if origin is not None and len(found) < len(set(wanted)):
        found = find_readable(tx, asking.access, origin.account_id, wanted, asking.now) | found
    return found


def _is_part(text: str) -> bool:
    try:
        return parse_blob_id(text).section is not None
    except NotABlobId:
        return False


def _hash(text: str) -> bytes | None:
    try:
        return parse_blob_id(text).hash
    except NotABlobId:
        return None


async def _part(store: Store, found: Readable, decoding: Decoding) -> bytes | Stored:
    octets = await octets_of(store, found, decoding)
    if found.id.section is not None and found.id.section.encoding == "n":
        decoding.spend(octets.size)  # to be copied, if not decoded
    if octets.held is not None:
        return await store_content(store, octets.held)
    return await store_content(store, await store.blob_work(lambda files: octets.read(files, 0, octets.size)))
