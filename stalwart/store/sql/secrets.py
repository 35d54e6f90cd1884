"""The server's own keys by name."""

from __future__ import annotations

from collections.abc import Callable

from stalwart.store.sql.session import Session


class SqlSecrets:
    """``store.Secrets`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> bytes | None:
        found = self._session.one("SELECT value FROM secret WHERE name = ?", name)
        return bytes(found[0]) if found else None

    def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        value = self.get(name)
        if value is not None:
            return value
        made = make()
        added = self._session.changed(
            "INSERT INTO secret(name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, made
        )
        return made if added else self.get(name) or made

    def put(self, name: str, value: bytes) -> None:
        self._session.later(
            "INSERT INTO secret(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )
