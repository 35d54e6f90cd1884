"""Push subscriptions in their table."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from stalwart.store.push_subscriptions import PushSubscription
from stalwart.store.sql.session import Session

_COLUMNS = (
    "id, account_id, device, url, p256dh, auth, code, verified, expires_at, created_at, types, email_push, holder"
)
_ID_BITS = 62


class SqlPushSubscriptions:
    """``store.PushSubscriptions`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def insert(
        self,
        account_id: int,
        device: str,
        url: str,
        *,
        keys: tuple[str, str] | None,
        code: str,
        now: int,
        expires_at: int,
        types: tuple[str, ...] | None,
        email_push: Mapping[str, Any] | None = None,
        holder: Any = None,
    ) -> PushSubscription:
        self._session.later("DELETE FROM push_sub WHERE account_id = ? AND device = ?", account_id, device)
        made = PushSubscription(
            *(secrets.randbits(_ID_BITS), account_id, device, url, keys, code, False, expires_at, now),
            *(types, email_push, holder),
        )
        self._session.later(
            f"INSERT INTO push_sub({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
            *(made.id, account_id, device, url, *(keys or (None, None)), code, expires_at, now),
            *(_json(types), _json(email_push), msgspec.json.encode(holder).decode()),
        )
        return made

    def get(self, account_id: int, id: int, now: int) -> PushSubscription | None:
        found = self._session.one(
            f"SELECT {_COLUMNS} FROM push_sub WHERE id = ? AND account_id = ? AND expires_at > ?", id, account_id, now
        )
        return _row(*found) if found else None

    def of_account(self, account_id: int, now: int) -> list[PushSubscription]:
        found = self._session.all(
            f"SELECT {_COLUMNS} FROM push_sub WHERE account_id = ? AND expires_at > ? ORDER BY created_at, id",
            *(account_id, now),
        )
        return [_row(*columns) for columns in found]

    def accounts(self, now: int) -> list[int]:
        found = self._session.all("SELECT DISTINCT account_id FROM push_sub WHERE expires_at > ? ORDER BY 1", now)
        return [row[0] for row in found]

    def update(self, subscription: PushSubscription) -> bool:
        return bool(
            self._session.changed(
                "UPDATE push_sub SET verified = ?, expires_at = ?, types = ?, email_push = ? WHERE id = ?",
                *(int(subscription.verified), subscription.expires_at, _json(subscription.types)),
                *(_json(subscription.email_push), subscription.id),
            )
        )

    def delete(self, account_id: int, id: int) -> bool:
        return self._session.changed("DELETE FROM push_sub WHERE id = ? AND account_id = ?", id, account_id) > 0

    def purge(self, now: int) -> int:
        return self._session.changed("DELETE FROM push_sub WHERE expires_at <= ?", now)


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _row(
    id: int,
    account_id: int,
    device: str,
    url: str,
    p256dh: str | None,
    auth: str | None,
    code: str,
    verified: int,
    expires_at: int,
    created_at: int,
    types: str | None,
    email_push: str | None,
    holder: str,
) -> PushSubscription:
    return PushSubscription(
        *(id, account_id, device, url, None if p256dh is None or auth is None else (p256dh, auth), code),
        *(bool(verified), expires_at, created_at),
        None if types is None else tuple(msgspec.json.decode(types)),
        None if email_push is None else msgspec.json.decode(email_push),
        msgspec.json.decode(holder),
    )
