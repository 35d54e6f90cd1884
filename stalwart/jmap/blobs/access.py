"""Who may read a blob: an account whose objects hold it, and the one who uploaded it, until the upload expires.

RFC 8620 6.1: what nothing refers to yet is for its uploader alone, in shared accounts too. So an upload is a link whose
owner is a negative number that stands for the uploader. Of an account in which only single objects are shared, blobs of
these can be read.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.jmap.accounts import belongs
from stalwart.jmap.blobs.ids import BlobId, NotABlobId, Section, parse_blob_id
from stalwart.jmap.contacts import media
from stalwart.jmap.sharing.blobs import sees_any
from stalwart.store import Blob, Transaction

FETCH_ANY = "fetchAnyBlob"


def uploader(account_id: int) -> int:
    """The owner of links to what ``account_id`` has uploaded, in whichever account it put it."""
    return ~account_id


@frozen
class Readable:
    """A blob that a client may read; ``held`` is all of its content if that is small."""

    id: BlobId
    blob: Blob
    held: bytes | None

    @property
    def place(self) -> Section:
        """Where its octets are in the content; all of it is a section too."""
        return self.id.section or Section(0, self.blob.size)


def may_read(tx: Transaction, access: Access, account_id: int, hash: bytes, now: int) -> bool:
    """Whether ``access`` may read the content in the account ``account_id``.

    Who may fetch any blob may do so within its own tenant: whatever an account there has.
    """
    if access.may(FETCH_ANY) and access.tenant_id is None:
        return True
    links = tx.blobs.links(hash, account_id, now)
    if not links or not _is_within(tx, access, account_id):
        return False
    own = uploader(access.account_id)
    if access.may(FETCH_ANY) or any(link.owner_id == own for link in links):
        return True
    owners = [link.owner_id for link in links if link.owner_id > 0]
    return bool(owners) and (belongs(access, account_id) or sees_any(tx, access, account_id, owners))


def _is_within(tx: Transaction, access: Access, account_id: int) -> bool:
    """Whether the account is in the tenant of ``access``, if it has one; its own and its groups' always are."""
    if access.tenant_id is None or account_id == access.account_id or account_id in access.group_ids:
        return True
    row = tx.registry.get("Account", account_id)
    return row is not None and row.data.get("memberTenantId") == encode_id(access.tenant_id)


def find_readable(
    tx: Transaction, access: Access, account_id: int, ids: Iterable[str], now: int
) -> dict[str, Readable]:
    """The blobs among ``ids`` that are there and may be read. What is no blob id is left out like an unknown one."""
    found = {}
    for text in ids:
        try:
            blob_id = parse_blob_id(text)
        except NotABlobId:
            continue
        blob = tx.blobs.find(blob_id.hash)
        if blob is None or not _fits(blob_id, blob) or not may_read(tx, access, account_id, blob.hash, now):
            within = _within_card(tx, access, account_id, blob_id)
            if within is not None:
                found[text] = within
            continue
        held = tx.blobs.get(blob.hash) if blob.store == "db" else None
        found[text] = Readable(blob_id, blob, held)
    return found


def _within_card(tx: Transaction, access: Access, account_id: int, blob_id: BlobId) -> Readable | None:
    """A photo that stands in a card which may be read (RFC 9610 3)."""
    if blob_id.section is None or not _is_within(tx, access, account_id):
        return None
    holders = media.holders(tx, account_id, blob_id)
    if not (belongs(access, account_id) or access.may(FETCH_ANY)):
        holders = [id for id in holders if sees_any(tx, access, account_id, (id,))]
    held = media.content(tx, account_id, holders, blob_id.hash)
    if held is None or blob_id.section != Section(0, len(held)):
        return None
    return Readable(blob_id, Blob(blob_id.hash, len(held), "db"), held)


def _fits(blob_id: BlobId, blob: Blob) -> bool:
    section = blob_id.section
    return section is None or section.offset + section.length <= blob.size
