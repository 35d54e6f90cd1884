"""`/api/discover/{email}`: where somebody with an address signs in, for applications that know no more (auth-api 10).

That is this server, or the OpenID provider that serves the domain. Nobody is looked up: every address in a domain gets
the same answer, and an unknown domain that of this server.
"""

from __future__ import annotations

from typing import Any

from stalwart.directory.external.directories import ExternalDirectories
from stalwart.oauth.metadata import openid_configuration
from stalwart.provider.keys import SigningKeys
from stalwart.web.answers import CORS_TRIO, NO_STORE, Answer, json_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

_LONGEST = 512
_ALWAYS = ("issuer", "jwks_uri", "userinfo_endpoint", "token_endpoint", "authorization_endpoint")
_IF_THERE = ("end_session_endpoint", "scopes_supported", "claims_supported", "code_challenge_methods_supported")


@route(ANY_METHOD, "/api/discover/", needs=None, spec="auth-api 10")
def discover_nobody(exchange: Exchange, *, base_url: str, signing_keys: SigningKeys) -> Answer:
    """Where to sign in, for whoever has no address."""
    return _here(base_url, signing_keys)


@route(ANY_METHOD, "/api/discover/<path:email>", needs=None, spec="auth-api 10, OpenID Connect Discovery 3")
async def discover(
    exchange: Exchange, *, base_url: str, signing_keys: SigningKeys, external_directories: ExternalDirectories
) -> Answer:
    """Where somebody with an address signs in: the metadata of the OpenID provider."""
    email = exchange.path_value("email").strip().lower()
    document = await external_directories.discovery(email) if len(email) <= _LONGEST else None
    if document is None:
        return _here(base_url, signing_keys)
    return json_answer(_reduced(document), headers=(NO_STORE,))


def _here(base_url: str, signing_keys: SigningKeys) -> Answer:
    return json_answer(openid_configuration(base_url, signing_keys), headers=CORS_TRIO)


def _reduced(document: dict[str, Any]) -> dict[str, Any]:
    """What an application needs of another provider's document, which may hold anything."""
    return {name: document[name] for name in (*_ALWAYS, *_IF_THERE) if name in document}
