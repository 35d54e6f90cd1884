"""Tokens: data by (kind, id) until a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stalwart.store.sql.session import Session

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlTokens:
    """``store.Tokens`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, id: str, kind: str, data: Mapping[str, Any], expires_at: int) -> None:
        self._session.later(
            "INSERT INTO token(kind, id, data, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at",
            kind,
            id,
            msgspec.json.encode(data).decode(),
            expires_at,
        )

    def get(self, id: str, kind: str, now: int) -> dict[str, Any] | None:
        found = self._session.one("SELECT data FROM token WHERE kind = ? AND id = ? AND expires_at > ?", kind, id, now)
        return _decode(found[0]) if found else None

    def take(self, id: str, kind: str, now: int) -> dict[str, Any] | None:
        found = self._session.one("DELETE FROM token WHERE kind = ? AND id = ? RETURNING data, expires_at", kind, id)
        return _decode(found[0]) if found and found[1] > now else None

    def purge(self, now: int) -> int:
        return self._session.changed("DELETE FROM token WHERE expires_at <= ?", now)
