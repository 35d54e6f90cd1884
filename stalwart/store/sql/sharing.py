"""What people see of objects of accounts in their own way, and who has locked what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stalwart.store.collection_rows import Lock
from stalwart.store.sql.lists import bounded, select_in
from stalwart.store.sql.session import Session

_LOCK = "token, account_id, home, path, user_id, is_deep, is_shared, owner, expires_at"
_SEQ = "(SELECT seq FROM account WHERE id = ?)"
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SqlPreferences:
    """``store.collections.Preferences`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, account_id: int, object_id: int, user_id: int) -> dict[str, Any] | None:
        found = self._session.one(
            "SELECT data FROM pref WHERE account_id = ? AND obj_id = ? AND user_id = ?",
            *(account_id, bounded(object_id), bounded(user_id)),
        )
        return _decode(found[0]) if found else None

    def of_objects(self, account_id: int, object_ids: Iterable[int], user_id: int) -> dict[int, dict[str, Any]]:
        rows = select_in(
            self._session,
            "SELECT obj_id, data FROM pref WHERE account_id = ? AND user_id = ? AND obj_id IN",
            *(account_id, bounded(user_id)),
            ids=object_ids,
        )
        return {object_id: _decode(data) for object_id, data in rows}

    def of_users(self, account_id: int, object_id: int, limit: int) -> dict[int, dict[str, Any]]:
        rows = self._session.all(
            "SELECT user_id, data FROM pref WHERE account_id = ? AND obj_id = ? ORDER BY user_id LIMIT ?",
            *(account_id, bounded(object_id), limit),
        )
        return {user_id: _decode(data) for user_id, data in rows}

    def set(self, account_id: int, object_id: int, user_id: int, data: Mapping[str, Any] | None) -> None:
        if data is None:
            self._session.later(
                "DELETE FROM pref WHERE account_id = ? AND obj_id = ? AND user_id = ?", account_id, object_id, user_id
            )
            return
        self._session.later(
            f"INSERT INTO pref(account_id, obj_id, user_id, seq, data) VALUES (?, ?, ?, {_SEQ}, ?)"
            " ON CONFLICT (account_id, obj_id, user_id) DO UPDATE SET seq = excluded.seq, data = excluded.data",
            *(account_id, object_id, user_id, account_id, msgspec.json.encode(data).decode()),
        )


class SqlLocks:
    """``store.collections.Locks`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_account(self, account_id: int, home: int, now: int) -> list[Lock]:
        asked = (account_id, home, now)
        statement = f"SELECT {_LOCK} FROM dav_lock WHERE account_id = ? AND home = ? AND expires_at > ?"
        rows = self._session.recalled(
            *("dav_lock", asked), lambda: self._session.all(f"{statement} ORDER BY path, token", *asked)
        )
        return [_lock(columns) for columns in rows]

    def add(self, lock: Lock) -> None:
        self._session.later(
            f"INSERT INTO dav_lock({_LOCK}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(lock.token, lock.account_id, lock.home, lock.path, lock.user_id, int(lock.is_deep), int(lock.is_shared)),
            *(lock.owner, lock.expires_at),
        )

    def refresh(self, token: int, expires_at: int) -> None:
        self._session.later("UPDATE dav_lock SET expires_at = ? WHERE token = ?", expires_at, token)

    def remove(self, token: int) -> None:
        self._session.later("DELETE FROM dav_lock WHERE token = ?", token)

    def purge(self, now: int) -> int:
        return self._session.changed("DELETE FROM dav_lock WHERE expires_at <= ?", now)


def _lock(columns: tuple[Any, ...]) -> Lock:
    token, account_id, home, path, user_id, is_deep, is_shared, owner, expires_at = columns
    return Lock(token, account_id, home, path, user_id, bool(is_deep), bool(is_shared), owner, expires_at)
