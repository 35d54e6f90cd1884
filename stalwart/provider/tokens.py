"""Access and refresh tokens: their form, and what a bearer of one may do (auth-api 6.5, RFC 6750, RFC 9449 6).

A token is ``sw1.`` and a sealed list, then the login in clear, for proxies that route by it; the login is sealed in as
well. It names a sign-in in the store, and is good while that is: ending the sign-in ends its tokens at once.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from attrs import evolve

from stalwart.codec.sealing import LONGEST, Sealer
from stalwart.directory.access import RECOVERY_ACCOUNT, Access
from stalwart.directory.directory import Directory
from stalwart.errors import Unauthenticated
from stalwart.provider.records import PENDING
from stalwart.provider.scopes import scoped
from stalwart.store import SignIn, Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_TOKEN_EXPIRED

PREFIX = "sw1."
_CONTEXT = "token"
Kind = Literal["access", "refresh"]


class Claims(msgspec.Struct, array_like=True, frozen=True):
    """What a token says: its sign-in, when it was issued and when it ends (seconds since the epoch).

    ``generation`` is that of the sign-in when it was issued; ``scope`` None is all that the sign-in was granted.
    """

    kind: Kind
    sign_in_id: int
    account_id: int
    issued_at: int
    expires_at: int
    generation: int = 0
    scope: tuple[str, ...] | None = None


def write_token(sealer: Sealer, claims: Claims, login: str) -> str:
    """The token of ``claims`` for the account with ``login``."""
    name = login.encode()
    shown = urlsafe_b64encode(name).decode("ascii").rstrip("=")
    return f"{PREFIX}{sealer.seal(_CONTEXT, msgspec.json.encode(claims), name)}.{shown}"


def read_token(sealer: Sealer, token: str) -> Claims | None:
    """The claims of a token of ours, expired or not; None for anything else."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3 or f"{parts[0]}." != PREFIX or not token.isascii():
        return None
    try:
        name = urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4))
    except ValueError:
        return None
    if urlsafe_b64encode(name).decode("ascii").rstrip("=") != parts[2]:
        return None
    payload = sealer.open(_CONTEXT, parts[1], name)
    return msgspec.json.decode(payload, type=Claims) if payload is not None else None


class AccessTokens:
    """Access tokens as bearer tokens of the directory (``Directory.add_bearer``)."""

    def __init__(
        self, store: Store, sealer: Sealer, directory: Directory, clock: Any, telemetry: Telemetry | None = None
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._directory = directory
        self._clock = clock
        self._telemetry = telemetry

    def recognises(self, token: str) -> bool:
        """By the beginning."""
        return token.startswith(PREFIX)

    async def authenticate(self, token: str, client_ip: str) -> Access:
        """What the application may do that ``token`` was issued to.

        Raises Unauthenticated for anything that is no access token in force, Forbidden, LoginFailed.
        """
        now = int(self._clock.seconds())
        stamp = self._directory.generation  # what becomes stale from here on must not be remembered
        claims = read_token(self._sealer, token)
        if claims is None or claims.kind != "access" or claims.issued_at - 60 > now:
            raise Unauthenticated()
        if now >= claims.expires_at:
            if self._telemetry is not None:
                self._telemetry.emit(AUTH_TOKEN_EXPIRED, accountId=claims.account_id, remoteIp=client_ip)
            raise Unauthenticated()
        found = await self._store.read(lambda tx: tx.sign_ins.get(claims.sign_in_id, now))
        if found is None or found.account_id != claims.account_id or PENDING in found.data:
            raise Unauthenticated()
        access = await signed_in_access(self._directory, found, client_ip)
        scope = tuple(found.data["scope"]) if claims.scope is None else claims.scope
        return evolve(limited(access, claims, scope, found), stamp=stamp)


async def signed_in_access(directory: Directory, sign_in: SignIn, client_ip: str) -> Access:
    """What the account of a sign-in may do now, whatever the application was granted. Raises as ``authenticate``."""
    by_recovery = RECOVERY_ACCOUNT in (sign_in.account_id, sign_in.presenter_id)
    if by_recovery and sign_in.data.get("recovery") != directory.recovery_mark:
        raise Unauthenticated()
    if sign_in.presenter_id is not None:
        return await directory.entered_access(sign_in.account_id, sign_in.presenter_id, client_ip)
    return await directory.account_access(sign_in.account_id, client_ip)


def limited(access: Access, claims: Claims, scope: Sequence[str], sign_in: SignIn) -> Access:
    """``access`` with the limits of a token."""
    ends = claims.expires_at if access.expires_at is None else min(claims.expires_at, access.expires_at)
    return evolve(
        access,
        permissions=scoped(access.permissions, scope),
        expires_at=ends,
        session_id=sign_in.id,
        scope=tuple(scope),
        dpop_thumbprint=sign_in.data.get("jkt"),
    )
