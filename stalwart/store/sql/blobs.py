"""Blobs: rows for what is stored and who holds it; small content in the database, large content in files.

A blob is removed when nothing has held it for the time of grace. A file is removed inside the write
transaction that forgets its row, and only if it has not been written again meanwhile: whoever stores the same
bytes at that moment finds out in ``adopt``, which looks for the file under the same lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from stalwart.errors import NotFound, Unavailable
from stalwart.store.blob_files import LARGE, BlobFiles, Stored
from stalwart.store.rows import Blob, BlobLink, PendingUploads, Swept
from stalwart.store.sql.session import Session

_DATABASE = "db"
_FILE = "file"


class SqlBlobs:
    """``store.Blobs`` on a session and a place for files."""

    def __init__(self, session: Session, files: BlobFiles) -> None:
        self._session = session
        self._files = files

    def put(self, content: bytes, now: int) -> Blob:
        if len(content) >= LARGE:
            with self._files.begin() as writer:
                writer.write(content)
                return self.adopt(writer.commit(), now)
        blob = Blob(hashlib.sha256(content).digest(), len(content), _DATABASE)
        if self._keep(blob, now):
            self._session.later("INSERT INTO blob_bytes(hash, bytes) VALUES (?, ?)", blob.hash, content)
        return blob

    def adopt(self, stored: Stored, now: int) -> Blob:
        found = self.find(stored.hash)
        if (found is None or found.store == _FILE) and not self._files.exists(stored.hash):
            raise Unavailable("The stored content has gone meanwhile; send it again.")
        self._keep(found or Blob(stored.hash, stored.size, _FILE), now)
        found = found or self.find(stored.hash)
        assert found is not None
        return found

    def discard(self, stored: Stored) -> bool:
        return not self._needs_file(stored.hash) and self._files.discard(stored)

    def find(self, hash: bytes) -> Blob | None:
        ask = "SELECT size, store FROM blob WHERE hash = ?"
        found = self._session.recalled("blob", hash, lambda: self._session.one(ask, hash))
        return Blob(hash, *found) if found else None

    def get(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes | None:
        blob = self.find(hash)
        if blob is None:
            return None
        if blob.store == _FILE:
            return self._files.read(hash, offset, length)
        section = blob.size if length is None else length
        found = self._session.one(
            "SELECT substr(bytes, CAST(? AS INTEGER), CAST(? AS INTEGER)) FROM blob_bytes WHERE hash = ?",
            *(offset + 1, section, hash),
        )
        return bytes(found[0] or b"")

    def link(
        self,
        hash: bytes,
        account_id: int,
        owner_id: int,
        *,
        type: str | None = None,
        expires_at: int | None = None,
    ) -> None:
        blob = self.find(hash)
        if blob is None or (blob.store == _FILE and not self._files.exists(hash)):
            raise NotFound
        self._session.later(
            "INSERT INTO blob_link(hash, account_id, owner_id, expires_at, type) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (hash, account_id, owner_id)"
            " DO UPDATE SET expires_at = excluded.expires_at, type = excluded.type, used = 0",
            *(hash, account_id, owner_id, expires_at, type),
        )
        self._session.later("UPDATE blob SET unref_at = NULL WHERE hash = ? AND unref_at IS NOT NULL", hash)

    def use(self, hash: bytes, account_id: int) -> None:
        self._session.later(
            "UPDATE blob_link SET used = 1 WHERE hash = ? AND account_id = ? AND owner_id < 0 AND used = 0",
            *(hash, account_id),
        )

    def unlink(self, account_id: int, owner_id: int, now: int, hash: bytes | None = None) -> int:
        only, value = ("", ()) if hash is None else (" AND hash = ?", (hash,))
        gone = self._session.all(
            f"DELETE FROM blob_link WHERE account_id = ? AND owner_id = ?{only} RETURNING hash",
            *(account_id, owner_id, *value),
        )
        self._release({row[0] for row in gone}, now)
        return len(gone)

    def unlink_many(self, account_id: int, owner_ids: Iterable[int], now: int) -> None:
        """Let go of all that these owners hold."""
        gone = self._session.all(
            "DELETE FROM blob_link WHERE account_id = ? AND owner_id IN"
            f" ({self._session.dialect.numbers}) RETURNING hash",
            *(account_id, msgspec.json.encode(list(owner_ids)).decode()),
        )
        self._release({row[0] for row in gone}, now)

    def hold_as(self, account_id: int, owner_id: int, to_account_id: int, to_owner_id: int) -> None:
        """Hold for another owner what one holds."""
        self._session.later(
            "INSERT INTO blob_link(hash, account_id, owner_id) SELECT hash, ?, ? FROM blob_link"
            " WHERE account_id = ? AND owner_id = ? ON CONFLICT (hash, account_id, owner_id) DO NOTHING",
            *(to_account_id, to_owner_id, account_id, owner_id),
        )

    def links(self, hash: bytes, account_id: int, now: int) -> list[BlobLink]:
        found = self._session.all(
            "SELECT account_id, owner_id, expires_at, type, used FROM blob_link WHERE hash = ? AND account_id = ?"
            " AND (expires_at IS NULL OR expires_at > ?) ORDER BY owner_id",
            *(hash, account_id, now),
        )
        return [
            BlobLink(account, owner, expires_at, type, bool(used)) for account, owner, expires_at, type, used in found
        ]

    def pending(self, account_id: int, owner_id: int, now: int) -> PendingUploads:
        count, size, next_expiry = self._session.one(
            "SELECT COUNT(*), COALESCE(SUM(blob.size), 0), MIN(upload.expires_at) FROM blob_link AS upload"
            " JOIN blob ON blob.hash = upload.hash"
            " WHERE upload.account_id = ? AND upload.owner_id = ? AND upload.expires_at > ? AND upload.used = 0"
            " AND NOT EXISTS"
            " (SELECT 1 FROM blob_link AS used WHERE used.hash = upload.hash AND used.account_id = upload.account_id"
            " AND used.owner_id > 0)",
            *(account_id, owner_id, now),
        )
        return PendingUploads(count, int(size), next_expiry)

    def sweep(self, now: int, grace: int = 86_400, limit: int = 1000) -> Swept:
        expired = self._session.all(
            "DELETE FROM blob_link WHERE (hash, account_id, owner_id) IN (SELECT hash, account_id, owner_id"
            " FROM blob_link WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING hash",
            *(now, limit),
        )
        self._release({row[0] for row in expired}, now)
        forgotten = self._session.all(
            "SELECT hash, store FROM blob WHERE unref_at <= ? AND NOT EXISTS"
            " (SELECT 1 FROM blob_link WHERE blob_link.hash = blob.hash) ORDER BY unref_at LIMIT ?",
            *(now - grace, limit),
        )
        removed = [self._remove(bytes(hash), store, now - grace) for hash, store in forgotten]
        return Swept(len(expired), sum(removed))

    def strays(self, hashes: Iterable[bytes]) -> list[bytes]:
        return [hash for hash in hashes if not self._needs_file(hash)]

    def sweep_files(self, hashes: Iterable[bytes], now: int, grace: int = 86_400) -> int:
        return sum(self._files.remove(hash, now - grace) for hash in self.strays(hashes))

    def _needs_file(self, hash: bytes) -> bool:
        found = self.find(hash)
        return found is not None and found.store == _FILE

    def _keep(self, blob: Blob, now: int) -> bool:
        """True if the content is new here. Until something holds it, its time of grace runs."""
        added = self._session.changed(
            "INSERT INTO blob(hash, size, stored_at, store, unref_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(blob.hash, blob.size, now, blob.store, now),
        )
        if added:
            self._session.recall.put("blob", blob.hash, (blob.size, blob.store))
        else:
            self._session.later("UPDATE blob SET unref_at = ? WHERE hash = ? AND unref_at IS NOT NULL", now, blob.hash)
        return added > 0

    def _release(self, hashes: set[bytes], now: int) -> None:
        for hash in hashes:
            self._session.later(
                "UPDATE blob SET unref_at = ? WHERE hash = ? AND NOT EXISTS"
                " (SELECT 1 FROM blob_link WHERE blob_link.hash = blob.hash)",
                *(now, hash),
            )

    def _remove(self, hash: bytes, store: str, before: int) -> bool:
        if store == _FILE and not self._files.remove(hash, before):
            return False
        self._session.later("DELETE FROM blob_bytes WHERE hash = ?", hash)
        self._session.later("DELETE FROM blob WHERE hash = ?", hash)
        return True
