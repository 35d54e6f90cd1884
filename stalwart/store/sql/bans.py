"""Banned networks."""

from __future__ import annotations

from stalwart.store.rows import Ban
from stalwart.store.sql.session import Session


class SqlBans:
    """``store.Bans`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, now: int) -> list[Ban]:
        found = self._session.all(
            "SELECT network, reason, created_at, expires_at FROM ban"
            " WHERE expires_at IS NULL OR expires_at > ? ORDER BY network",
            now,
        )
        return [Ban(*columns) for columns in found]

    def add(self, network: str, reason: str, created_at: int, expires_at: int | None) -> None:
        self._session.later(
            "INSERT INTO ban(network, reason, created_at, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (network) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at,"
            " expires_at = excluded.expires_at",
            network,
            reason,
            created_at,
            expires_at,
        )

    def remove(self, network: str) -> bool:
        return self._session.changed("DELETE FROM ban WHERE network = ?", network) > 0

    def purge(self, now: int) -> int:
        return self._session.changed("DELETE FROM ban WHERE expires_at <= ?", now)
