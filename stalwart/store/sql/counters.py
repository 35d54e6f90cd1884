"""Expiring counters: one statement each, so that they count right whoever else counts."""

from __future__ import annotations

from stalwart.store.sql.session import Session

_NEVER = -1


class SqlCounters:
    """``store.Counters`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def increment(self, bucket: str, expires_at: int, by: int = 1, now: int | None = None) -> int:
        moment = _NEVER if now is None else now
        value: int = self._session.one(
            "INSERT INTO counter(bucket, value, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (bucket) DO UPDATE SET"
            " value = CASE WHEN counter.expires_at <= ? THEN 0 ELSE counter.value END + excluded.value,"
            " expires_at = CASE WHEN counter.expires_at <= ? THEN excluded.expires_at"
            " ELSE counter.expires_at END RETURNING value",
            bucket,
            by,
            expires_at,
            moment,
            moment,
        )[0]
        return value

    def value(self, bucket: str, now: int | None = None) -> int:
        found = self._session.one(
            "SELECT value FROM counter WHERE bucket = ? AND expires_at > ?",
            bucket,
            _NEVER if now is None else now,
        )
        return found[0] if found else 0

    def purge(self, now: int) -> int:
        return self._session.changed("DELETE FROM counter WHERE expires_at <= ?", now)
