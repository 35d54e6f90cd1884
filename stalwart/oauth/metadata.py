"""What clients read first: RFC 8414, OpenID Connect Discovery, RFC 9728 (auth-api 9, 13.1).

Only what works is announced. The order of the members is that of the reference; what it lacks follows. In bootstrap and
recovery mode the base URL is empty, and so is the issuer: nobody but the administrator's browser is there then.
"""

from __future__ import annotations

from typing import Any

from stalwart.oauth.token import GRANTS
from stalwart.provider.claims import SUPPORTED
from stalwart.provider.dpop import ALGORITHMS as DPOP_ALGORITHMS
from stalwart.provider.keys import SigningKeys
from stalwart.provider.scopes import SCOPES
from stalwart.web.answers import CORS_TRIO, Answer, json_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

CLIENT_METHODS = ["none", "client_secret_post", "client_secret_basic"]
_SECRET_METHODS = CLIENT_METHODS[1:]
_RESOURCE = "/.well-known/oauth-protected-resource"


def authorization_server(base_url: str, signing_keys: SigningKeys) -> dict[str, Any]:
    """RFC 8414 2."""
    return {
        "issuer": base_url,
        "token_endpoint": f"{base_url}/auth/token",
        "authorization_endpoint": f"{base_url}/login",
        "device_authorization_endpoint": f"{base_url}/auth/device",
        "registration_endpoint": f"{base_url}/auth/register",
        "introspection_endpoint": f"{base_url}/auth/introspect",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": CLIENT_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "revocation_endpoint": f"{base_url}/auth/revoke",
        "revocation_endpoint_auth_methods_supported": CLIENT_METHODS,
        "introspection_endpoint_auth_methods_supported": _SECRET_METHODS,
        "userinfo_endpoint": f"{base_url}/auth/userinfo",
        "jwks_uri": f"{base_url}/auth/jwks.json",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "pushed_authorization_request_endpoint": f"{base_url}/auth/par",
        "require_pushed_authorization_requests": False,
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "ui_locales_supported": ["en", "de"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def openid_configuration(base_url: str, signing_keys: SigningKeys) -> dict[str, Any]:
    """OpenID Connect Discovery 3."""
    shared = authorization_server(base_url, signing_keys)
    first = (
        *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"),
        *("registration_endpoint", "device_authorization_endpoint", "scopes_supported", "response_types_supported"),
    )
    members = {name: shared[name] for name in first} | {"subject_types_supported": ["public"]}
    members |= {
        "grant_types_supported": shared["grant_types_supported"],
        "token_endpoint_auth_methods_supported": CLIENT_METHODS,
        "id_token_signing_alg_values_supported": list(signing_keys.algorithms),
        "claims_supported": [*SUPPORTED, "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "at_hash", "sid"],
        "claims_parameter_supported": False,
    }
    return members | {name: value for name, value in shared.items() if name not in members}


@route("GET", "/.well-known/oauth-authorization-server", needs=None, spec="auth-api 9")
def server_metadata(exchange: Exchange, *, base_url: str, signing_keys: SigningKeys) -> Answer:
    """The authorization server as OAuth clients see it."""
    return _open(authorization_server(base_url, signing_keys))


@route("GET", "/.well-known/openid-configuration", needs=None, spec="auth-api 9")
def provider_metadata(exchange: Exchange, *, base_url: str, signing_keys: SigningKeys) -> Answer:
    """The same for OpenID Connect."""
    return _open(openid_configuration(base_url, signing_keys))


@route("GET", "/.well-known/oauth-authorization-server/<path:ignored>", needs=None, spec="auth-api 9")
def server_metadata_anywhere(exchange: Exchange, *, base_url: str, signing_keys: SigningKeys) -> Answer:
    """As without the further path, which is ignored."""
    return _open(authorization_server(base_url, signing_keys))


@route("GET", "/.well-known/openid-configuration/<path:ignored>", needs=None, spec="auth-api 9")
def provider_metadata_anywhere(exchange: Exchange, *, base_url: str, signing_keys: SigningKeys) -> Answer:
    """As without the further path, which is ignored."""
    return _open(openid_configuration(base_url, signing_keys))


@route("GET", _RESOURCE, needs=None, spec="auth-api 9, RFC 9728")
def resource_metadata(exchange: Exchange, *, base_url: str) -> Answer:
    """Who issues the tokens that this server takes."""
    return _open(_resource(base_url, base_url))


@route("GET", f"{_RESOURCE}/<path:resource>", needs=None, spec="auth-api 13.1, RFC 9728 3.1")
def one_resource_metadata(exchange: Exchange, *, base_url: str) -> Answer:
    """The same for one resource, which is named as it was asked for."""
    return _open(_resource(base_url, f"{base_url}/{exchange.raw_path_value('resource')}"))


def _resource(base_url: str, resource: str) -> dict[str, Any]:
    return {
        "resource": resource,
        "authorization_servers": [base_url],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "jwks_uri": f"{base_url}/auth/jwks.json",
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "resource_name": "Stalwart",
    }


def _open(value: Any) -> Answer:
    return json_answer(value, headers=CORS_TRIO)
