"""Authorization codes (RFC 6749 4.1, RFC 7636, RFC 9700 4.5).

A code is good once and for a few minutes; of it the store has a digest. Redeeming it begins a sign-in in the same
transaction. A code that comes a second time ends what it began, and one that was tried with wrong parameters too often
is void.
"""

from __future__ import annotations

import re
import secrets
import string
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.settings import Settings
from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import AuthorizationRequest, Client, SignedIn
from stalwart.provider.records import Record, announce_sign_in, begin_sign_in, record_of
from stalwart.provider.sessions import Sessions, Tokens, invalid_grant
from stalwart.store import SignIn, Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_TOKEN_REUSED

_CODE, _USED = "authorization-code", "used-code"
_LETTERS = string.ascii_letters + string.digits
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636 4.1
_LONGEST = 128


def is_member(client: Client, access: Access) -> bool:
    """Whether the application of a tenant is for the holder of ``access``; one without a tenant is for everybody."""
    return client.tenant_id is None or client.tenant_id == access.tenant_id


def random_code(length: int = 40) -> str:
    """Random ASCII letters and digits: 40 of them carry 238 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def digest(code: str) -> str:
    """What the store has of a code."""
    return sha256(code.encode()).hexdigest()


class AuthorizationCodes:
    """Issues and redeems codes."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        directory: Directory,
        sessions: Sessions,
        clock: Any,
        telemetry: Telemetry,
    ) -> None:
        self._store = store
        self._settings = settings
        self._directory = directory
        self._sessions = sessions
        self._clock = clock
        self._telemetry = telemetry

    async def issue(self, request: AuthorizationRequest, signed_in: SignedIn) -> str:
        """A code for what ``request`` asks, on behalf of who has ``signed_in``: 40 letters and digits.

        Raises OAuthError access_denied: the application is not for this account.
        """
        record = record_of(
            request.client,
            signed_in,
            scope=request.scope,
            recovery_mark=self._directory.recovery_mark,
            resources=request.resources,
            nonce=request.nonce,
            thumbprint=request.dpop_thumbprint,
        )
        if not is_member(request.client, signed_in.access):
            raise OAuthError("access_denied", "This application is for the accounts of another organisation only.")
        kept = {
            "record": record,
            "redirectUri": request.redirect_uri,
            "challenge": request.challenge,
            "method": request.challenge_method,
            "attempts": 0,
        }
        code, now = random_code(), self._now()
        ends = now + self._settings.of(OidcProvider).auth_code_expiry // 1000

        def issue(tx: Transaction) -> None:
            announced = announce_sign_in(tx, record, now, ends)
            tx.tokens.put(digest(code), _CODE, {**kept, "signIn": announced.id}, expires_at=ends)

        await self._store.write(issue)
        return code

    async def redeem(
        self,
        code: str,
        client: Client,
        redirect_uri: str | None,
        verifier: str | None,
        client_ip: str,
        *,
        thumbprint: str | None = None,
    ) -> Tokens:
        """The tokens for a code; ``thumbprint`` is that of a proved key (RFC 9449 5). Raises OAuthError."""
        if len(code) > _LONGEST:
            raise invalid_grant()
        found = await self._store.write(
            lambda tx: self._redeemed(tx, digest(code), client, redirect_uri, verifier, thumbprint)
        )
        if isinstance(found, OAuthError):
            raise found
        if found == "reused":
            self._telemetry.emit(AUTH_TOKEN_REUSED, client=client.id, remoteIp=client_ip)
            self._directory.forget_all()  # whose tokens they were is not worth another read
            raise invalid_grant()
        sign_in, record = found
        return await self._sessions.first_tokens(client, sign_in, client_ip, record.get("nonce"))

    def _redeemed(
        self,
        tx: Transaction,
        id: str,
        client: Client,
        redirect_uri: str | None,
        verifier: str | None,
        thumbprint: str | None,
    ) -> tuple[SignIn, Record] | OAuthError | Literal["reused"]:
        """Refusals are returned: raising would undo what they have changed."""
        now = self._now()
        kept = tx.tokens.get(id, _CODE, now)
        if kept is None:
            return self._replayed(tx, id, now)
        record: Record = kept["record"]
        problem = _mismatch(kept, client, redirect_uri, verifier, thumbprint)
        if problem is not None:
            self._count_attempt(tx, id, kept, now)
            return problem
        tx.tokens.take(id, _CODE, now)
        sign_in = begin_sign_in(tx, kept["signIn"], now, self._sessions.lifetime, thumbprint)
        if sign_in is None:
            return invalid_grant()
        tx.tokens.put(id, _USED, {"signIn": sign_in.id}, expires_at=sign_in.expires_at)
        return sign_in, record

    def _replayed(self, tx: Transaction, id: str, now: int) -> OAuthError | Literal["reused"]:
        used = tx.tokens.get(id, _USED, now)
        if used is None:
            return invalid_grant()
        tx.sign_ins.delete(used["signIn"])
        return "reused"

    def _count_attempt(self, tx: Transaction, id: str, kept: dict[str, Any], now: int) -> None:
        provider = self._settings.of(OidcProvider)
        attempts = kept["attempts"] + 1
        if attempts >= provider.auth_code_max_attempts:
            tx.tokens.take(id, _CODE, now)
        else:
            ends = kept["record"]["authTime"] + provider.auth_code_expiry // 1000
            tx.tokens.put(id, _CODE, {**kept, "attempts": attempts}, expires_at=ends)

    def _now(self) -> int:
        return int(self._clock.seconds())


def _mismatch(
    kept: Mapping[str, Any], client: Client, redirect_uri: str | None, verifier: str | None, thumbprint: str | None
) -> OAuthError | None:
    record = kept["record"]
    if (record["client"], record["kind"]) != (client.id, client.kind) or kept["redirectUri"] != redirect_uri:
        return invalid_grant()
    if not proves(verifier, kept["challenge"], kept["method"]):
        return OAuthError("invalid_grant", "The code_verifier does not belong to the code_challenge.")
    if record.get("jkt") not in (None, thumbprint):
        return OAuthError("invalid_dpop_proof", "The code is bound to another key.")
    return None


def proves(verifier: str | None, challenge: str | None, method: str | None) -> bool:
    """Whether ``verifier`` belongs to ``challenge`` (RFC 7636 4.6); one without the other does not."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    if not _VERIFIER.fullmatch(verifier):
        return False
    if method == "S256":
        verifier = urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).decode("ascii").rstrip("=")
    return secrets.compare_digest(verifier.encode(), challenge.encode())
