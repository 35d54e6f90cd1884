"""Sign-ins to applications: what access and refresh tokens refer to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from stalwart.store.rows import SignIn
from stalwart.store.sql.session import Session

_COLUMNS = "id, account_id, presenter_id, client, generation, created_at, used_at, expires_at, data"
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_ID_BITS = 62


class SqlSignIns:
    """``store.SignIns`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def insert(
        self,
        account_id: int,
        client: str,
        data: Mapping[str, Any],
        *,
        now: int,
        expires_at: int,
        presenter_id: int | None = None,
    ) -> SignIn:
        row = SignIn(secrets.randbits(_ID_BITS), account_id, presenter_id, client, 0, now, now, expires_at, dict(data))
        self._session.later(
            f"INSERT INTO sign_in({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(row.id, account_id, presenter_id, client, 0, now, now, expires_at, _encode(data)),
        )
        return row

    def get(self, id: int, now: int) -> SignIn | None:
        found = self._session.one(f"SELECT {_COLUMNS} FROM sign_in WHERE id = ? AND expires_at > ?", id, now)
        return _row(found) if found else None

    def update(
        self,
        id: int,
        *,
        generation: int | UnsetType = UNSET,
        used_at: int | UnsetType = UNSET,
        expires_at: int | UnsetType = UNSET,
        data: Mapping[str, Any] | UnsetType = UNSET,
    ) -> bool:
        given = {"generation": generation, "used_at": used_at, "expires_at": expires_at}
        changes: dict[str, Any] = {column: value for column, value in given.items() if value is not UNSET}
        if data is not UNSET:
            changes["data"] = _encode(data)
        if not changes:
            return self._session.one("SELECT 1 FROM sign_in WHERE id = ?", id) is not None
        assignments = ", ".join(f"{column} = ?" for column in changes)
        return self._session.changed(f"UPDATE sign_in SET {assignments} WHERE id = ?", *changes.values(), id) > 0

    def of_account(self, account_id: int, now: int) -> list[SignIn]:
        found = self._session.all(
            f"SELECT {_COLUMNS} FROM sign_in WHERE account_id = ? AND expires_at > ? ORDER BY created_at, id",
            *(account_id, now),
        )
        return [_row(columns) for columns in found]

    def delete(self, id: int) -> bool:
        return self._session.changed("DELETE FROM sign_in WHERE id = ?", id) > 0

    def delete_of_account(self, account_id: int, *, client: str | None = None, spare: int | None = None) -> int:
        statement = "DELETE FROM sign_in WHERE (account_id = ? OR presenter_id = ?)"
        values: list[Any] = [account_id, account_id]
        if spare is not None:
            statement, values = statement + " AND id <> ?", [*values, spare]
        if client is None:
            return self._session.changed(statement, *values)
        return self._session.changed(statement + " AND client = ?", *values, client)

    def delete_of_client(self, client: str) -> int:
        return self._session.changed("DELETE FROM sign_in WHERE client = ?", client)

    def purge(self, now: int) -> int:
        return self._session.changed("DELETE FROM sign_in WHERE expires_at <= ?", now)


def _encode(data: Mapping[str, Any]) -> str:
    return msgspec.json.encode(data).decode()


def _row(columns: tuple[Any, ...]) -> SignIn:
    return SignIn(*(*columns[:8], _decode(columns[8])))
