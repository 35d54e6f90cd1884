"""How much one user may have uploaded and not used yet (x:Jmap, RFC 8620 6, jmap.md 2).

Counted for each user in each account: what expires, is held by an object, or was made something of, makes room again.
What was used stays so when that is destroyed; uploaded again it is a new upload. The permission ``unlimitedUploads``
lifts the quota. Nothing is removed early to make room.
"""

from __future__ import annotations

from hashlib import sha256

from attrs import frozen

from stalwart.codec.rate_limit_headers import upload_quota_exceeded
from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.access import Access
from stalwart.errors import TooMany
from stalwart.jmap.blobs.access import uploader
from stalwart.store import Blob, PendingUploads, Transaction
from stalwart.store.blob_files import Stored

UNLIMITED = "unlimitedUploads"
_LONGEST_TYPE = 255


class UploadQuotaExceeded(TooMany):
    """The upload does not fit; the headers say what is left and when there is more."""

    title = "Quota exceeded"


@frozen
class UploadQuota:
    """``files`` and ``size`` (bytes) that may wait, None for any number; each for ``ttl`` seconds."""

    files: int | None
    size: int | None
    ttl: int

    @classmethod
    def of(cls, jmap: Jmap, access: Access) -> UploadQuota:
        """What the settings grant ``access``."""
        ttl = -(-jmap.upload_ttl // 1000)
        if access.may(UNLIMITED):
            return cls(None, None, ttl)
        return cls(jmap.max_upload_count, jmap.upload_quota, ttl)

    def check(self, pending: PendingUploads, size: int, now: int) -> None:
        """Whether one more upload of ``size`` bytes fits beside the ``pending`` ones.

        :raises UploadQuotaExceeded: it does not.
        """
        if self.files is None or self.size is None:
            return
        if pending.count < self.files and pending.size + size <= self.size:
            return
        headers = upload_quota_exceeded(
            self.files,
            self.size,
            files_left=self.files - pending.count,
            bytes_left=self.size - pending.size,
            reset=None if pending.next_expiry is None else pending.next_expiry - now,
        )
        detail = f"You have exceeded the blob upload quota of {self.files} files or {self.size} bytes."
        raise UploadQuotaExceeded(detail, headers=headers)


def pending_uploads(tx: Transaction, access: Access, account_id: int, now: int) -> PendingUploads:
    """What ``access`` has uploaded into the account and not used yet."""
    return tx.blobs.pending(account_id, uploader(access.account_id), now)


@frozen
class Uploader:
    """Somebody who puts blobs into the account ``account_id`` at ``now`` (seconds), and how many may wait there."""

    access: Access
    account_id: int
    quota: UploadQuota
    now: int

    def keep(self, tx: Transaction, content: bytes | Stored, type: str | None = None) -> Blob:
        """Store an upload, in a write; what is uploaded again unused only lasts longer.

        :raises UploadQuotaExceeded: there is no room for it; then nothing is stored.
        :raises Unavailable: the file has gone meanwhile.
        """
        if isinstance(content, Stored):
            self._check_room(tx, content.hash, content.size)
            blob = tx.blobs.adopt(content, self.now)
        else:
            self._check_room(tx, sha256(content).digest(), len(content))
            blob = tx.blobs.put(content, self.now)
        self._link(tx, blob.hash, type)
        return blob

    def link(self, tx: Transaction, blob: Blob) -> None:
        """Hold what is stored already as an upload. Raises as ``keep``."""
        self._check_room(tx, blob.hash, blob.size)
        self._link(tx, blob.hash, None)

    def _check_room(self, tx: Transaction, hash: bytes, size: int) -> None:
        owner = uploader(self.access.account_id)
        links = tx.blobs.links(hash, self.account_id, self.now)
        if not any(link.owner_id == owner and not link.used for link in links):
            self.quota.check(pending_uploads(tx, self.access, self.account_id, self.now), size, self.now)

    def _link(self, tx: Transaction, hash: bytes, type: str | None) -> None:
        kept_type = type if type is not None and len(type) <= _LONGEST_TYPE else None
        expires_at = self.now + self.quota.ttl
        tx.blobs.link(hash, self.account_id, uploader(self.access.account_id), type=kept_type, expires_at=expires_at)
