"""Further proofs of a person: passkeys, recovery codes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from stalwart.errors import Conflict
from stalwart.store.rows import Factor
from stalwart.store.sql.session import Session

_COLUMNS = "account_id, id, kind, key, created_at, data"
_ID_BITS = 40
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlFactors:
    """``store.Factors`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def insert(self, account_id: int, kind: str, key: str, data: Mapping[str, Any], *, now: int) -> Factor:
        holder = self.find(kind, key)
        if holder is not None:
            raise Conflict("This proof belongs to somebody already.", "key", (kind, holder.id))
        row = Factor(account_id, secrets.randbits(_ID_BITS), kind, key, now, dict(data))
        encoded = msgspec.json.encode(data).decode()
        self._session.later(
            f"INSERT INTO factor({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", account_id, row.id, kind, key, now, encoded
        )
        return row

    def find(self, kind: str, key: str) -> Factor | None:
        found = self._session.one(f"SELECT {_COLUMNS} FROM factor WHERE kind = ? AND key = ?", kind, key)
        return _row(found) if found else None

    def get(self, account_id: int, id: int) -> Factor | None:
        found = self._session.one(f"SELECT {_COLUMNS} FROM factor WHERE account_id = ? AND id = ?", account_id, id)
        return _row(found) if found else None

    def of_account(self, account_id: int, kind: str) -> list[Factor]:
        found = self._session.all(
            f"SELECT {_COLUMNS} FROM factor WHERE account_id = ? AND kind = ? ORDER BY created_at, id", account_id, kind
        )
        return [_row(columns) for columns in found]

    def update(self, account_id: int, id: int, data: Mapping[str, Any]) -> bool:
        encoded = msgspec.json.encode(data).decode()
        return (
            self._session.changed("UPDATE factor SET data = ? WHERE account_id = ? AND id = ?", encoded, account_id, id)
            > 0
        )

    def delete(self, account_id: int, id: int) -> bool:
        return self._session.changed("DELETE FROM factor WHERE account_id = ? AND id = ?", account_id, id) > 0

    def delete_of_account(self, account_id: int, kind: str) -> int:
        return self._session.changed("DELETE FROM factor WHERE account_id = ? AND kind = ?", account_id, kind)


def _row(columns: tuple[Any, ...]) -> Factor:
    return Factor(*(*columns[:5], _decode(columns[5])))
