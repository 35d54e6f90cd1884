"""A directory that is an OpenID Connect provider: its tokens open accounts here, its passwords are never seen (auth-api
2.3).

A JWT is checked with the provider's keys, and the provider is asked for what the token does not tell. Any other token
means something to the provider only: userinfo says whose it is (OpenID Connect Core 5.3), and introspection (RFC 7662),
where the provider allows it with the token itself, what it is good for. Left out: userinfo that is signed, encrypted
tokens, and tokens that are bound to a key of their holder, which must not be taken without its proof.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from copy import copy
from hashlib import sha256
from typing import Any

from stalwart.directory.external import token_claims
from stalwart.directory.external.found import Found
from stalwart.directory.external.provider_keys import NotSigned, check_header, verified_claims
from stalwart.directory.external.provider_metadata import ProviderMetadata, unreachable
from stalwart.directory.external.token_claims import LEEWAY
from stalwart.directory.failures import LoginFailed
from stalwart.errors import Unauthenticated, Unavailable
from stalwart.net.flights import Flights
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import Fetcher, JsonAnswer
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_TOKEN_REFUSED

UNKNOWN_END = 300
"""Seconds for which a token is taken as right whose end nobody tells."""

_REFUSED = (400, 401, 403)


class OidcDirectory:
    """The `TokenDirectory` of an `Oidc` settings object."""

    def __init__(self, declared: Any, fetcher: Fetcher, clock: Any, telemetry: Telemetry) -> None:
        self._declared = declared
        self._fetcher = fetcher
        self._clock = clock
        self._telemetry = telemetry
        self._metadata = ProviderMetadata(declared.issuer_url, fetcher, clock)
        self._flights: Flights[bytes, Found] = Flights(copy)

    async def authenticate(self, token: str) -> Found:
        """See `TokenDirectory`; whoever brings the same token at the same time shares the requests."""
        if not token_claims.is_token(token):
            raise Unauthenticated()
        return await self._flights.join(sha256(token.encode()).digest(), lambda: self._found(token))

    async def discovery(self) -> dict[str, Any]:
        """See `TokenDirectory`."""
        return await self._metadata.document()

    async def close(self) -> None:
        """Nothing is open between requests."""

    def _found(self, token: str) -> Coroutine[Any, Any, Found]:
        read = token_claims.unverified(token)
        return self._of_opaque(token) if read is None else self._of_jwt(token, read[0])

    async def _of_jwt(self, token: str, header: Mapping[str, Any]) -> Found:
        try:
            check_header(header)
            key = await self._metadata.key(header)
            if key is None:
                raise NotSigned("the provider has no such key")
            claims = verified_claims(token, header, key)
            self._check(claims)
        except NotSigned as problem:
            self._telemetry.emit(AUTH_TOKEN_REFUSED, reason=f"token of {self._declared.issuer_url}: {problem}")
            raise Unauthenticated() from None
        if not self._tells_all(claims):
            claims = await self._completed(token, claims)
        return self._read(claims, _ends_at(claims))

    def _check(self, claims: Mapping[str, Any]) -> None:
        """RFC 7519 4.1, RFC 9068 4. Raises NotSigned."""
        if claims.get("iss") != self._declared.issuer_url:
            raise NotSigned("another issuer")
        now = self._clock.seconds()
        try:
            ends, begins, issued = (token_claims.seconds_in(claims, name) for name in ("exp", "nbf", "iat"))
        except ValueError as problem:
            raise NotSigned(str(problem)) from None
        if ends is None or ends + LEEWAY <= now:
            raise NotSigned("expired")
        if any(moment is not None and moment - LEEWAY > now for moment in (begins, issued)):
            raise NotSigned("from the future")
        audience = self._declared.require_audience
        if audience is not None and audience not in token_claims.audiences_in(claims):
            raise NotSigned("meant for somebody else")
        self._check_scopes(claims)

    def _check_scopes(self, claims: Mapping[str, Any]) -> None:
        missing = self._declared.require_scopes - token_claims.scopes_in(claims)
        if missing:
            raise NotSigned(f"without the scope {min(missing)}")
        if claims.get("cnf") is not None:
            raise NotSigned("bound to a key")

    async def _of_opaque(self, token: str) -> Found:
        document = await self._metadata.document()
        claims = await self._introspected(token, document)
        if "userinfo_endpoint" in document:
            told = await self._userinfo(token, document)
            if claims.get("sub") not in (None, told["sub"]):
                raise LoginFailed("userinfo of somebody else")
            return self._read({**claims, **told}, _ends_at(claims))
        if not claims:
            raise Unauthenticated()
        return self._read(claims, _ends_at(claims))

    async def _introspected(self, token: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider says that ``token`` is good for; empty if that needs credentials that we have not."""
        needed = self._declared.require_audience is not None or self._declared.require_scopes
        if "introspection_endpoint" not in document or not needed:
            return {}
        form = {"token": token, "token_type_hint": "access_token"}
        answer = await self._asked(
            self._fetcher.post(str(document["introspection_endpoint"]), form, bearer=token), "introspection"
        )
        if answer.status != 200 or answer.value is None:
            return {}
        if answer.value.get("active") is not True:
            raise LoginFailed("token refused by the identity provider")
        self._check_introspected(answer.value)
        return answer.value

    def _check_introspected(self, claims: Mapping[str, Any]) -> None:
        """The audience is that of the token, or the application that it was issued to (RFC 7662 2.2)."""
        try:
            audience = self._declared.require_audience
            known = token_claims.audiences_in(claims) | {claims.get("client_id")}
            if audience is not None and audience not in known:
                raise NotSigned("meant for somebody else")
            self._check_scopes(claims)
            ends = token_claims.seconds_in(claims, "exp")
            if ends is not None and ends + LEEWAY <= self._clock.seconds():
                raise NotSigned("expired")
        except (NotSigned, ValueError) as problem:
            self._telemetry.emit(AUTH_TOKEN_REFUSED, reason=f"token of {self._declared.issuer_url}: {problem}")
            raise Unauthenticated() from None

    def _tells_all(self, claims: Mapping[str, Any]) -> bool:
        wanted = (self._declared.claim_name, self._declared.claim_groups)
        return self._address(claims) is not None and all(
            name is None or token_claims.claim(claims, name) is not None for name in wanted
        )

    async def _completed(self, token: str, claims: dict[str, Any]) -> dict[str, Any]:
        """``claims`` and what userinfo says besides. Without an endpoint, or not allowed there, what is known must do:
        the signature has been checked already.
        """
        document = await self._metadata.document()
        if "userinfo_endpoint" not in document:
            return claims
        try:
            told = await self._userinfo(token, document)
        except _NotForUserinfo:
            return claims
        if told["sub"] != claims.get("sub"):  # OpenID Connect Core 5.3.2
            raise LoginFailed("userinfo of somebody else")
        return {**told, **claims}

    async def _userinfo(self, token: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Claims with a `sub`. Raises LoginFailed, Unavailable."""
        answer = await self._asked(self._fetcher.get(str(document["userinfo_endpoint"]), bearer=token), "userinfo")
        if answer.status == 403:
            raise _NotForUserinfo("token refused by the identity provider")
        if answer.status in _REFUSED:
            raise LoginFailed("token refused by the identity provider")
        if answer.status != 200 or answer.value is None or not isinstance(answer.value.get("sub"), str):
            raise Unavailable(f"The identity provider's userinfo cannot be used (HTTP status {answer.status}).")
        return answer.value

    async def _asked(self, request: Coroutine[Any, Any, JsonAnswer], what: str) -> JsonAnswer:
        try:
            answer = await request
        except FetchFailed as failure:
            raise unreachable(failure) from None
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable(f"The identity provider's {what} does not work (HTTP status {answer.status}).")
        return answer

    def _address(self, claims: Mapping[str, Any]) -> str | None:
        return token_claims.address_in(claims, self._declared.claim_username, self._declared.username_domain)

    def _read(self, claims: Mapping[str, Any], ends_at: int | None) -> Found:
        address = self._address(claims)
        if address is None:
            raise Unauthenticated(
                "The identity provider does not say which address is yours. Its administrator can add a claim with it."
            )
        if ends_at is None:
            ends_at = int(self._clock.seconds()) + UNKNOWN_END
        return Found(
            address,
            token_claims.name_in(claims, self._declared.claim_name),
            token_claims.groups_in(claims, self._declared.claim_groups),
            None,
            expires_at=ends_at,
        )


class _NotForUserinfo(LoginFailed):
    """The token is not meant for userinfo."""


def _ends_at(claims: Mapping[str, Any]) -> int | None:
    ends = token_claims.seconds_in(claims, "exp")
    return None if ends is None else int(ends)
