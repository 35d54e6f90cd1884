"""Device authorization: a device without a keyboard shows a code, a person enters it elsewhere (RFC 8628).

Of the device code the store has a digest. The user code is read as people type it: in any case, with or without hyphen.
A device that asks again before ``INTERVAL`` seconds are over is told to slow down; its interval does not grow, and an
approved code is answered whenever it is asked for (design.md 8).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.settings import Settings
from stalwart.directory.directory import Directory
from stalwart.provider.codes import digest, is_member, random_code
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client, SignedIn
from stalwart.provider.records import announce_sign_in, begin_sign_in, record_of
from stalwart.provider.sessions import Sessions, Tokens
from stalwart.store import SignIn, Store, Transaction

INTERVAL = 5
_DEVICE, _USER = "device-code", "user-code"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 8
_LONGEST = 128


@frozen
class Device:
    """A device authorization response (RFC 8628 3.2); times in seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int = INTERVAL


@frozen
class PendingDevice:
    """What a person is asked to approve."""

    user_code: str
    client_id: str
    client_name: str | None
    scope: tuple[str, ...]


class DeviceCodes:
    """Devices that wait for somebody to approve them."""

    def __init__(self, store: Store, settings: Settings, directory: Directory, sessions: Sessions, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._directory = directory
        self._sessions = sessions
        self._clock = clock

    async def begin(self, client: Client, scope: Sequence[str], nonce: str | None = None) -> Device:
        """Codes for a device that asks for ``scope``."""
        device_code, user_code = random_code(), _random_user_code()
        lifetime = self._settings.of(OidcProvider).user_code_expiry // 1000
        ends = self._now() + lifetime
        kept = {
            "client": client.id,
            "kind": client.kind,
            "tenant": client.tenant_id,
            "clientName": client.name,
            "scope": list(scope),
            "nonce": nonce,
            "userCode": user_code,
            "state": "pending",
            "polledAt": None,
            "ends": ends,
        }

        def begin(tx: Transaction) -> None:
            tx.tokens.put(digest(device_code), _DEVICE, kept, expires_at=ends)
            tx.tokens.put(user_code, _USER, {"device": digest(device_code)}, expires_at=ends)

        await self._store.write(begin)
        return Device(device_code, f"{user_code[:4]}-{user_code[4:]}", lifetime)

    async def find(self, user_code: str) -> PendingDevice | None:
        """The device that shows ``user_code``, if it still waits."""
        found = await self._store.read(lambda tx: self._waiting(tx, user_code))
        if found is None:
            return None
        _, kept = found
        shown = f"{kept['userCode'][:4]}-{kept['userCode'][4:]}"
        return PendingDevice(shown, kept["client"], kept["clientName"], tuple(kept["scope"]))

    async def approve(self, user_code: str, signed_in: SignedIn) -> bool:
        """Let the device have its tokens; False if no device waits with this code, or it is not for this account."""
        return await self._store.write(lambda tx: self._settled(tx, user_code, signed_in))

    async def deny(self, user_code: str) -> bool:
        """Tell the device that it was refused; False if no device waits with this code."""
        return await self._store.write(lambda tx: self._settled(tx, user_code, None))

    async def poll(self, device_code: str, client: Client, client_ip: str, thumbprint: str | None = None) -> Tokens:
        """The tokens of an approved device; else OAuthError (RFC 8628 3.5)."""
        if len(device_code) > _LONGEST:
            raise _expired()
        found = await self._store.write(lambda tx: self._polled(tx, digest(device_code), client, thumbprint))
        if isinstance(found, OAuthError):
            raise found
        sign_in, nonce = found
        return await self._sessions.first_tokens(client, sign_in, client_ip, nonce)

    def _polled(
        self, tx: Transaction, id: str, client: Client, thumbprint: str | None
    ) -> tuple[SignIn, str | None] | OAuthError:
        """Refusals are returned: raising would undo what was noted."""
        now = self._now()
        kept = tx.tokens.get(id, _DEVICE, now)
        if kept is None:
            return _expired()
        if (kept["client"], kept["kind"]) != (client.id, client.kind):
            return OAuthError("invalid_grant", "The device code was issued to another client.")
        if kept["state"] == "denied":
            tx.tokens.take(id, _DEVICE, now)
            return OAuthError("access_denied", "The person has refused.")
        if kept["state"] == "pending":
            early = kept["polledAt"] is not None and now - kept["polledAt"] < INTERVAL
            tx.tokens.put(id, _DEVICE, {**kept, "polledAt": now}, expires_at=kept["ends"])
            if early:
                return OAuthError("slow_down", f"Wait {INTERVAL} seconds between two requests.")
            return OAuthError("authorization_pending", "Nobody has approved the device yet.")
        tx.tokens.take(id, _DEVICE, now)
        sign_in = begin_sign_in(tx, kept["signIn"], now, self._sessions.lifetime, thumbprint)
        return (sign_in, kept["nonce"]) if sign_in is not None else _expired()

    def _settled(self, tx: Transaction, user_code: str, signed_in: SignedIn | None) -> bool:
        now = self._now()
        found = self._waiting(tx, user_code)
        if found is None:
            return False
        id, kept = found
        ends = now + self._settings.of(OidcProvider).auth_code_expiry // 1000
        settled = {**kept, "state": "denied"}
        client = Client(kept["client"], kept["kind"], kept["clientName"], tenant_id=kept["tenant"])
        if signed_in is not None and not is_member(client, signed_in.access):
            return False
        if signed_in is not None:
            mark = self._directory.recovery_mark
            record = record_of(client, signed_in, scope=kept["scope"], recovery_mark=mark, nonce=kept["nonce"])
            settled |= {"state": "approved", "signIn": announce_sign_in(tx, record, now, ends).id}
        tx.tokens.take(kept["userCode"], _USER, now)
        tx.tokens.put(id, _DEVICE, settled, expires_at=ends)
        return True

    def _waiting(self, tx: Transaction, user_code: str) -> tuple[str, dict[str, Any]] | None:
        code, now = read_user_code(user_code), self._now()
        place = tx.tokens.get(code, _USER, now) if code is not None else None
        kept = tx.tokens.get(place["device"], _DEVICE, now) if place is not None else None
        if place is None or kept is None or kept["state"] != "pending":
            return None
        return place["device"], kept

    def _now(self) -> int:
        return int(self._clock.seconds())


def read_user_code(text: str) -> str | None:
    """The eight letters of a user code, whatever its case, hyphen and spaces; None if it cannot be one."""
    letters = text.upper().replace("-", "").replace(" ", "")
    return letters if len(letters) == _LENGTH and all(letter in _LETTERS for letter in letters) else None


def _random_user_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def _expired() -> OAuthError:
    return OAuthError("expired_token", "The device code is unknown, expired or used.")
