"""What is remembered of messages, in its table."""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.store.sql.session import Session

_LAST = b"\xff" * 8


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
        self._session.later(
            "INSERT INTO seen(account_id, kind, digest, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account_id, kind, digest) DO UPDATE SET expires_at = excluded.expires_at",
            *(account_id, kind, digest, expires_at),
        )

    def forget(self, account_id: int, kind: int, digest: bytes) -> None:
        self._session.later(
            "DELETE FROM seen WHERE account_id = ? AND kind = ? AND digest = ?", *(account_id, kind, digest)
        )

    def beginning(self, account_id: int, kind: int, prefix: bytes, now: int) -> list[bytes]:
        rows = self._session.all(
            "SELECT digest FROM seen WHERE account_id = ? AND kind = ? AND digest BETWEEN ? AND ? AND expires_at > ?"
            " ORDER BY digest",
            *(account_id, kind, prefix, prefix + _LAST, now),
        )
        return [bytes(row[0]) for row in rows]

    def forget_beginning(self, account_id: int, kind: int, prefix: bytes) -> None:
        self._session.later(
            "DELETE FROM seen WHERE account_id = ? AND kind = ? AND digest BETWEEN ? AND ?",
            *(account_id, kind, prefix, prefix + _LAST),
        )

    def spread(self, account_id: int, kind: int, other: int) -> None:
        self._session.later(
            "INSERT INTO seen(account_id, kind, digest, expires_at)"
            " SELECT account_id, ?, digest, expires_at FROM seen WHERE account_id = ? AND kind = ?"
            " ON CONFLICT (account_id, kind, digest) DO UPDATE SET expires_at = excluded.expires_at",
            *(other, account_id, kind),
        )

    def purge(self, now: int, limit: int) -> int:
        return self._session.changed(
            "DELETE FROM seen WHERE (account_id, kind, digest) IN (SELECT account_id, kind, digest FROM seen"
            " WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            *(now, limit),
        )
