"""Introspection of tokens (RFC 7662).

A confidential client asks with its own credentials about the tokens of its tenant's accounts; an account asks about its
own tokens, one that may impersonate about everybody's. For all others a token is not active.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.directory.failures import LoginFailed
from stalwart.errors import StalwartError
from stalwart.oauth.answers import in_oauth_words, oauth_answer
from stalwart.oauth.credentials import presented_access
from stalwart.oauth.form import client_of, needed, read_form
from stalwart.provider.clients import Clients
from stalwart.provider.sessions import Sessions
from stalwart.provider.tokens import Claims, signed_in_access
from stalwart.store import SignIn
from stalwart.web.access import credentials_of, decode_basic
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

INACTIVE = {"active": False}


@route("POST", "/auth/introspect", needs=None, spec="auth-api 7")
@in_oauth_words
async def introspect(
    exchange: Exchange, *, clients: Clients, sessions: Sessions, directory: Directory, base_url: str
) -> Answer:
    """Whether a token is in force, whose it is and what it is good for."""
    form = await read_form(exchange)
    may_see = await _asker(exchange, form, clients, directory)
    found = await sessions.inspect(needed(form, "token"))
    if found is None:
        return oauth_answer(INACTIVE)
    claims, sign_in = found
    try:
        access = await signed_in_access(directory, sign_in, sign_in.data.get("ip", exchange.client_ip))
    except (StalwartError, LoginFailed):
        return oauth_answer(INACTIVE)  # the account is gone or disabled: no token of it is in force
    return oauth_answer(_described(claims, sign_in, access, base_url) if may_see(access) else INACTIVE)


async def _asker(
    exchange: Exchange, form: dict[str, str], clients: Clients, directory: Directory
) -> Callable[[Access], bool]:
    """Whose tokens may be told about. Raises Unauthenticated, OAuthError."""
    if await _is_client(exchange, form, clients):
        client = await client_of(exchange, form, clients, directory)
        return lambda owner: client.tenant_id in (None, owner.tenant_id)
    asker = await presented_access(exchange, directory)
    return lambda owner: owner.account_id == asker.account_id or asker.may("impersonate")


async def _is_client(exchange: Exchange, form: dict[str, str], clients: Clients) -> bool:
    """Whether the credentials are those of a client: a registered id is never the login of an account as well."""
    id = form.get("client_id") if "client_secret" in form else None
    credentials = credentials_of(exchange)
    if credentials is not None and credentials[0] == "basic":
        decoded = decode_basic(credentials[1])
        id = decoded[0] if decoded is not None else None
    client = await clients.find(id) if id else None
    return client is not None and client.is_confidential


def _described(claims: Claims, sign_in: SignIn, access: Access, base_url: str) -> dict[str, Any]:
    """RFC 7662 2.2; ``username`` is the owner's."""
    scope = sign_in.data["scope"] if claims.scope is None else claims.scope
    members: dict[str, Any] = {
        "active": True,
        "username": access.login,
        "token_type": "bearer" if sign_in.data.get("jkt") is None else "DPoP",
        "exp": claims.expires_at,
        "iat": claims.issued_at,
        "nbf": claims.issued_at,
        "sub": str(access.account_id),
        "client_id": sign_in.client,
        "iss": base_url,
    }
    if scope:
        members["scope"] = " ".join(scope)
    if sign_in.data.get("resources"):
        members["aud"] = sign_in.data["resources"]
    if sign_in.data.get("jkt") is not None:
        members["cnf"] = {"jkt": sign_in.data["jkt"]}
    return members
