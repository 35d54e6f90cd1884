"""Userinfo and the key set (OpenID Connect Core 5.3, RFC 7517 5)."""

from __future__ import annotations

from stalwart.oauth.answers import oauth_answer
from stalwart.provider.claims import identity_claims
from stalwart.provider.keys import SigningKeys
from stalwart.store import Store
from stalwart.web.answers import CORS_TRIO, PLAIN_JSON, Answer, json_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import AUTHENTICATED, route

KEYS_FRESH = ("Cache-Control", "public, max-age=3600")


@route(("GET", "POST"), "/auth/userinfo", needs=AUTHENTICATED, spec="auth-api 8")
async def userinfo(exchange: Exchange, *, store: Store) -> Answer:
    """Who the token or credential belongs to: the claims that its scopes open."""
    access = exchange.access
    assert access is not None
    return oauth_answer(await identity_claims(store, access, access.scope))


@route("GET", "/auth/jwks.json", needs=None, spec="auth-api 8")
async def key_set(exchange: Exchange, *, signing_keys: SigningKeys) -> Answer:
    """The public keys that ID tokens are signed with, former ones included while anybody may need them."""
    keys = await signing_keys.public_keys()
    return json_answer({"keys": keys}, headers=(KEYS_FRESH, *CORS_TRIO), content_type=PLAIN_JSON)
