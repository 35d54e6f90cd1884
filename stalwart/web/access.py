"""Who is asking: from the Authorization header or a live token to an ``Access`` (auth-api 2 and 11).

The usual case, a credential that was right a moment ago, is decided without leaving the caller's stack; everything else
is a coroutine. Passwords and tokens are the directory's business; which attempt is charged to whom is decided here. A
token that is bound to a key wants a proof of it with each request, and the scheme DPoP (RFC 9449 7).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Protocol

from stalwart.directory.access import Access
from stalwart.errors import Forbidden, Unauthenticated
from stalwart.provider.dpop import Proofs
from stalwart.provider.errors import Code, OAuthError
from stalwart.web.exchange import Exchange
from stalwart.web.routes import AUTHENTICATED

LIVE_PREFIX, EXPORT_PREFIX = "/api/live/", "/api/export/"
TOKEN_PREFIXES = (LIVE_PREFIX, EXPORT_PREFIX)
LIVE_KINDS = ("delivery", "tracing", "metrics")
DPOP = "dpop"
TOKEN_SCHEMES = ("bearer", DPOP)


class TokenRefused(Unauthenticated):
    """The token does not fit the key that the request proves; ``code`` is what the challenge says (RFC 9449 7.1)."""

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code


class Directory(Protocol):
    """What the front asks of ``stalwart.directory``."""

    def cached(self, header_value: str, client_ip: str) -> Access | None: ...
    def remember(self, header_value: str, access: Access) -> None: ...
    async def authenticate_basic(self, login: str, secret: str, client_ip: str) -> Access: ...
    async def authenticate_bearer(self, token: str, client_ip: str) -> Access: ...
    async def redeem_live_token(self, token: str, kind: str) -> Access: ...
    async def redeem_ticket(self, value: str, client_ip: str) -> Access: ...


def credentials_of(exchange: Exchange) -> tuple[str, str] | None:
    """Lower-case scheme and value of the Authorization header; None if it is missing or counts as missing."""
    header = exchange.head.fields.get("authorization")
    if header is None:
        return None
    scheme, space, value = header.partition(" ")
    value = value.strip(" ")
    if not space or not header.isascii() or "\t" in header:
        return None
    return scheme.lower(), value


def decode_basic(value: str) -> tuple[str, str] | None:
    """Login (trimmed, lower-cased) and password of RFC 7617 credentials, padding optional; None if undecodable."""
    try:
        raw = b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    login, colon, secret = raw.partition(":")
    return (login.strip().lower(), secret) if colon else None


def live_token(exchange: Exchange) -> tuple[str, str] | None:
    """Token and kind, where a live token stands in for the header: ``?token=`` below ``/api/live/`` (auth-api 11), and
    below ``/api/export/``, where browsers save what they get."""
    if not exchange.path.startswith(TOKEN_PREFIXES) or not exchange.head.query_string:
        return None
    token = exchange.query.get("token")
    if exchange.path.startswith(EXPORT_PREFIX):
        return (token, f"export-{exchange.path[len(EXPORT_PREFIX) :]}") if token else None
    kind = exchange.path[len(LIVE_PREFIX) :].partition("/")[0]
    return (token, kind) if token and kind in LIVE_KINDS else None


def check_authenticate(access: Access) -> None:
    """The permission to be here at all (auth-api 2 step 5).

    :raises Forbidden: it is missing.
    """
    if access.kind == "user" and "authenticate" not in access.permissions:
        raise Forbidden


def check_permission(access: Access, needs: str) -> None:
    """The route's permission.

    :raises Forbidden: it is missing.
    """
    if needs != AUTHENTICATED and needs not in access.permissions:
        raise Forbidden


def is_bound(access: Access, scheme: str) -> bool:
    """Whether a proof has to be looked at before ``access`` counts."""
    return access.dpop_thumbprint is not None or scheme == DPOP


def check_proof(
    access: Access, scheme: str, token: str, exchange: Exchange, proofs: Proofs | None, base_url: str
) -> None:
    """That the request proves the key which ``token`` is bound to (RFC 9449 4.3, 7.1, 7.2).

    :raises TokenRefused: there is no such proof, the scheme is another, or the token is bound to no key.
    """
    proof = exchange.header(DPOP)
    if access.dpop_thumbprint is None or scheme != DPOP:
        raise TokenRefused("invalid_token")
    if proof is None or proofs is None:
        raise TokenRefused("invalid_dpop_proof")
    try:
        proved = proofs.check(proof, method=exchange.method, url=base_url + exchange.path, access_token=token)
    except OAuthError as refused:
        raise TokenRefused(refused.code) from None
    if proved != access.dpop_thumbprint:
        raise TokenRefused("invalid_token")


async def authenticate(directory: Directory, scheme: str, value: str, client_ip: str) -> Access:
    """Ask the directory and remember the success.

    :raises Unauthenticated: wrong, or not decodable.
    """
    if scheme == "basic":
        decoded = decode_basic(value)
        if decoded is None:
            raise Unauthenticated
        access = await directory.authenticate_basic(*decoded, client_ip)
    else:
        access = await directory.authenticate_bearer(value, client_ip)
    directory.remember(value, access)
    return access
