"""Sign-ins to applications, from the first token to the last: issuing, refreshing, revoking.

RFC 6749 5 and 6, RFC 7009, RFC 7662.

A refresh token is good once; each refresh gives the next one, and one that was used before ends the sign-in, because it
has two holders (RFC 9700 4.14.2). A sign-in ends when nobody has refreshed it for ``OidcProvider.refreshTokenExpiry``:
it is prolonged once less than ``refreshTokenRenewal`` is left. Codes that lead here are in ``codes`` and ``devices``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from stalwart.codec.sealing import Sealer
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.settings import Settings
from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.directory.failures import LoginFailed
from stalwart.errors import Forbidden, Unauthenticated
from stalwart.provider.claims import access_token_hash, identity_claims
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client
from stalwart.provider.keys import SigningKeys
from stalwart.provider.scopes import SCOPES
from stalwart.provider.tokens import Claims, read_token, signed_in_access, write_token
from stalwart.store import SignIn, Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SESSION_ENDED, AUTH_TOKEN_ISSUED, AUTH_TOKEN_REFRESHED, AUTH_TOKEN_REUSED


@frozen
class Tokens:
    """A token response (RFC 6749 5.1); ``expires_in`` in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    scope: tuple[str, ...]
    id_token: str | None = None
    token_type: str = "bearer"

    def to_wire(self) -> dict[str, Any]:
        """Members in the order of the reference; what is not there is left out."""
        members = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "refresh_token": self.refresh_token,
            "scope": " ".join(self.scope) or None,
            "id_token": self.id_token,
        }
        return {name: value for name, value in members.items() if value is not None}


class Sessions:
    """The sign-ins of everybody. ``base_url`` is the issuer (RFC 8414 2)."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        directory: Directory,
        sealer: Sealer,
        keys: SigningKeys,
        clock: Any,
        telemetry: Telemetry,
        base_url: str,
    ) -> None:
        self._store = store
        self._settings = settings
        self._directory = directory
        self._sealer = sealer
        self._keys = keys
        self._clock = clock
        self._telemetry = telemetry
        self._base_url = base_url

    @property
    def lifetime(self) -> int:
        """Seconds that a sign-in lasts without being used."""
        return self._settings.of(OidcProvider).refresh_token_expiry // 1000

    async def first_tokens(self, client: Client, sign_in: SignIn, client_ip: str, nonce: str | None = None) -> Tokens:
        """The tokens of a sign-in that has just begun. Raises OAuthError invalid_grant, and ends it."""
        try:
            access = await self._access(sign_in, client_ip)
        except OAuthError:
            await self._store.write(lambda tx: tx.sign_ins.delete(sign_in.id))
            raise
        issued = self._issued(access, sign_in, None)
        scope = tuple(sign_in.data["scope"])
        self._telemetry.emit(
            AUTH_TOKEN_ISSUED,
            accountId=access.account_id,
            accountName=access.login,
            client=client.id,
            remoteIp=client_ip,
        )
        if scope and "openid" not in scope:
            return issued
        return await self._with_id_token(issued, client, access, sign_in, nonce)

    async def refresh(
        self,
        token: str,
        client: Client,
        client_ip: str,
        *,
        scope: Sequence[str] | None = None,
        thumbprint: str | None = None,
    ) -> Tokens:
        """The next tokens; ``scope`` narrows the access token (RFC 6749 6).

        Raises OAuthError invalid_grant, invalid_scope, invalid_dpop_proof.
        """
        claims = read_token(self._sealer, token)
        now = self._now()
        if claims is None or claims.kind != "refresh" or claims.expires_at <= now:
            raise invalid_grant()
        sign_in = await self._store.read(lambda tx: tx.sign_ins.get(claims.sign_in_id, now))
        if sign_in is None or (sign_in.client, sign_in.data["kind"]) != (client.id, client.kind):
            raise invalid_grant()
        scope = scope or None  # a blank one asks for nothing, and nothing is everything
        granted = tuple(sign_in.data["scope"])
        if scope is not None and not set(scope) <= set(granted or SCOPES):
            raise OAuthError("invalid_scope", "The scope goes beyond what was granted.")
        if sign_in.data.get("jkt") not in (None, thumbprint):
            raise OAuthError("invalid_dpop_proof", "The refresh token is bound to another key.")
        access = await self._access(sign_in, client_ip)
        prolonged = await self._store.write(lambda tx: self._next_generation(tx, claims, now))
        if prolonged is None:
            self._directory.forget(sign_in.account_id)
            self._telemetry.emit(AUTH_TOKEN_REUSED, accountName=access.login, client=client.id, remoteIp=client_ip)
            raise invalid_grant()
        self._telemetry.emit(AUTH_TOKEN_REFRESHED, accountName=access.login, client=client.id, remoteIp=client_ip)
        return self._issued(access, prolonged, None if scope is None else tuple(scope))

    async def revoke(self, token: str, client: Client) -> None:
        """End the sign-in of a token of ``client`` (RFC 7009 2.1); what is no token is none any more.

        Raises OAuthError invalid_client: it is another application's.
        """
        claims, now = read_token(self._sealer, token), self._now()
        if claims is None:
            return
        sign_in = await self._store.read(lambda tx: tx.sign_ins.get(claims.sign_in_id, now))
        if sign_in is None:
            return
        if sign_in.client != client.id:
            raise OAuthError("invalid_client", "The token was issued to another client.")
        await self.end(sign_in.account_id, sign_in.id)

    async def inspect(self, token: str) -> tuple[Claims, SignIn] | None:
        """A token in force and its sign-in; None for every other text (RFC 7662 2.2)."""
        claims, now = read_token(self._sealer, token), self._now()
        if claims is None or not claims.issued_at - 60 <= now < claims.expires_at:
            return None
        sign_in = await self._store.read(lambda tx: tx.sign_ins.get(claims.sign_in_id, now))
        if sign_in is None or (claims.kind == "refresh" and claims.generation != sign_in.generation):
            return None
        return claims, sign_in

    async def end(self, account_id: int, id: int) -> bool:
        """End one sign-in of an account: its tokens are void with the next request. False: there is none."""
        now = self._now()

        def end(tx: Transaction) -> SignIn | None:
            found = tx.sign_ins.get(id, now)
            if found is None or account_id not in (found.account_id, found.presenter_id):
                return None
            tx.sign_ins.delete(id)
            return found

        ended = await self._store.write(end)
        if ended is None:
            return False
        self._directory.forget(ended.account_id)
        self._telemetry.emit(AUTH_SESSION_ENDED, accountId=account_id, client=ended.client)
        return True

    async def end_all(self, account_id: int, *, spare: int | None = None) -> int:
        """End all sign-ins of an account but ``spare``; how many there were."""
        ended = await self._store.write(lambda tx: tx.sign_ins.delete_of_account(account_id, spare=spare))
        self._directory.forget(account_id)
        if ended:
            self._telemetry.emit(AUTH_SESSION_ENDED, accountId=account_id, total=ended)
        return ended

    def _next_generation(self, tx: Transaction, claims: Claims, now: int) -> SignIn | None:
        """The sign-in with its next generation; None if the token was used before, which ends it."""
        found = tx.sign_ins.get(claims.sign_in_id, now)
        if found is None:
            return None
        if found.generation != claims.generation:
            tx.sign_ins.delete(found.id)
            return None
        renewal = self._settings.of(OidcProvider).refresh_token_renewal // 1000
        ends = now + self.lifetime if found.expires_at - now <= renewal else found.expires_at
        tx.sign_ins.update(found.id, generation=found.generation + 1, used_at=now, expires_at=ends)
        return tx.sign_ins.get(found.id, now)

    async def _access(self, sign_in: SignIn, client_ip: str) -> Access:
        try:
            access = await signed_in_access(self._directory, sign_in, client_ip)
        except (Unauthenticated, Forbidden, LoginFailed):
            raise invalid_grant() from None
        if access.kind == "user" and not access.may("authenticate"):
            raise invalid_grant()
        return access

    def _issued(self, access: Access, sign_in: SignIn, narrowed: tuple[str, ...] | None) -> Tokens:
        now, lifetime = self._now(), self._settings.of(OidcProvider).access_token_expiry // 1000
        ends = min(now + lifetime, sign_in.expires_at)
        account, generation = sign_in.account_id, sign_in.generation
        bearer = Claims("access", sign_in.id, account, now, ends, generation, narrowed)
        renewing = Claims("refresh", sign_in.id, account, now, sign_in.expires_at, generation)
        return Tokens(
            write_token(self._sealer, bearer, access.login),
            ends - now,
            write_token(self._sealer, renewing, access.login),
            tuple(sign_in.data["scope"]) if narrowed is None else narrowed,
            token_type="DPoP" if sign_in.data.get("jkt") else "bearer",
        )

    async def _with_id_token(
        self, issued: Tokens, client: Client, access: Access, sign_in: SignIn, nonce: str | None
    ) -> Tokens:
        algorithm = client.signing_algorithm if client.signing_algorithm in self._keys.algorithms else None
        now, lifetime = self._now(), self._settings.of(OidcProvider).id_token_expiry // 1000
        claims: dict[str, Any] = {
            "iss": self._base_url,
            "aud": client.id,
            "nbf": now,
            "iat": now,
            "exp": now + lifetime,
            "auth_time": sign_in.data["authTime"],
            "amr": sign_in.data["methods"],
            "sid": str(sign_in.id),
            "at_hash": access_token_hash(issued.access_token, algorithm or self._keys.algorithms[0]),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        claims |= await identity_claims(self._store, access, issued.scope)
        signed = await self._keys.sign(claims, algorithm)
        return Tokens(
            issued.access_token, issued.expires_in, issued.refresh_token, issued.scope, signed, issued.token_type
        )

    def _now(self) -> int:
        return int(self._clock.seconds())


def invalid_grant() -> OAuthError:
    """The one answer to a code or token that is no good, whatever the reason."""
    return OAuthError("invalid_grant", "The code or token is unknown, expired, used, or was issued to another client.")
