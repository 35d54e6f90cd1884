"""Tokens of one minute for event streams and exports, which browsers cannot give an Authorization header.

A token names an account, a login and one kind of these; it is encrypted and authenticated (Fernet: AES-CBC
with HMAC-SHA-256) under a key in the store, so that a token issued before a restart, or by another process,
is good. Nothing is stored for each token: it can be used again within its minute and cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from twisted.internet.interfaces import IReactorTime

from stalwart.directory.access import Access
from stalwart.errors import Forbidden, NotFound, Unauthenticated
from stalwart.store.store import Store

LIFETIME = 60

PERMISSIONS = {
    "delivery": "liveDeliveryTest",
    "tracing": "liveTracing",
    "metrics": "liveMetrics",
    "export-mail": "jmapEmailGet",
    "export-calendars": "jmapCalendarEventGet",
    "export-contacts": "jmapContactCardGet",
    "export-files": "jmapFileNodeGet",
}
"""The permission that a token of each kind asks for and grants."""

_MAX_TOKEN = 2048


class _Claims(msgspec.Struct, array_like=True):
    kind: str
    account_id: int
    login: str
    expires_at: int


class LiveTokens:
    """Issues and redeems live tokens of ``store``'s server by ``clock``."""

    def __init__(self, store: Store, clock: IReactorTime) -> None:
        self._store = store
        self._clock: Any = clock
        self._box: Fernet | None = None

    async def issue(self, access: Access, kind: str) -> str:
        """A token of ``kind`` for the holder of ``access``; `NotFound` for another kind, `Forbidden` without
        permission.
        """
        if kind not in PERMISSIONS:
            raise NotFound()
        if not access.may(PERMISSIONS[kind]):
            raise Forbidden()
        now = int(self._clock.seconds())
        claims = msgspec.json.encode(_Claims(kind, access.account_id, access.login, now + LIFETIME))
        token = (await self._fernet()).encrypt_at_time(claims, now)
        return token.decode("ascii").rstrip("=")

    async def redeem(self, token: str, kind: str) -> Access:
        """The access of a token of ``kind``: its one permission. `Unauthenticated` if forged, expired, of
        another kind.
        """
        box = await self._fernet()
        claims = _open(box, token)
        if claims is None or claims.kind != kind or claims.expires_at <= self._clock.seconds():
            raise Unauthenticated()
        return Access(
            account_id=claims.account_id,
            login=claims.login,
            name=None,
            permissions=frozenset((PERMISSIONS[kind],)),
            kind="live",
            expires_at=claims.expires_at,
        )

    async def _fernet(self) -> Fernet:
        if self._box is None:
            make: Callable[[], bytes] = Fernet.generate_key
            key = await self._store.write(lambda tx: tx.secrets.get_or_create("live-token", make))
            self._box = Fernet(key)
        return self._box


def _open(box: Fernet, token: str) -> _Claims | None:
    if len(token) > _MAX_TOKEN:
        return None
    packed: Any = token + "=" * (-len(token) % 4)
    try:
        return msgspec.json.decode(box.decrypt(packed), type=_Claims)
    except (InvalidToken, msgspec.DecodeError, ValueError):
        return None
