"""What scripts remember, in its table."""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.store.sql.session import Session


class SqlSeen:
    """``store.Seen`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self, account_id: int, kind: int, digests: Iterable[bytes], now: int) -> frozenset[bytes]:
        return frozenset(digest for digest in digests if self._is_known(account_id, kind, digest, now))

    def _is_known(self, account_id: int, kind: int, digest: bytes, now: int) -> bool:
        found = self._session.one(
            "SELECT 1 FROM seen WHERE account_id = ? AND kind = ? AND digest = ? AND expires_at > ?",
            *(account_id, kind, digest, now),
        )
        return found is not None

    def note(self, account_id: int, kind: int, digest: bytes, expires_at: int) -> None:
        self._session.run(
            "INSERT INTO seen(account_id, kind, digest, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account_id, kind, digest) DO UPDATE SET expires_at = excluded.expires_at",
            *(account_id, kind, digest, expires_at),
        )

    def purge(self, now: int, limit: int) -> int:
        return self._session.changed(
            "DELETE FROM seen WHERE (account_id, kind, digest) IN (SELECT account_id, kind, digest FROM seen"
            " WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            *(now, limit),
        )
