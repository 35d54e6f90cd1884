"""Registration of clients (RFC 7591), and its management (RFC 7592).

A body that cannot be read is ``invalid_client_metadata``, as the RFC says; the reference answers with a problem body.
"""

from __future__ import annotations

from typing import Any

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.settings import Settings
from stalwart.directory.directory import Directory
from stalwart.errors import Forbidden, Invalid, TooLarge
from stalwart.oauth.answers import in_oauth_words, oauth_answer
from stalwart.oauth.credentials import presented_access
from stalwart.provider.errors import OAuthError
from stalwart.provider.registration import CONFIDENTIAL, Registration, checked
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_CLIENT_REGISTERED
from stalwart.web.access import credentials_of
from stalwart.web.answers import NO_STORE, Answer, no_content
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

BODY = 20_480
PERMISSION = "oAuthClientRegistration"


@route("POST", "/auth/register", needs=None, body_limit=BODY, spec="auth-api 4")
@in_oauth_words
async def register(
    exchange: Exchange, *, registration: Registration, directory: Directory, settings: Settings, telemetry: Telemetry
) -> Answer:
    """Registers an application; one that can keep a secret only for somebody who may."""
    said = checked(await _metadata(exchange))
    confidential = said.get("token_endpoint_auth_method") in CONFIDENTIAL
    if not confidential and settings.of(OidcProvider).anonymous_client_registration:
        told = registration.public(said)
    else:
        owner = await presented_access(exchange, directory)
        if not owner.may(PERMISSION):
            raise Forbidden
        told = await registration.confidential(said, owner) if confidential else registration.public(said)
    telemetry.emit(AUTH_CLIENT_REGISTERED, client=told["client_id"][:40], remoteIp=exchange.client_ip)
    return oauth_answer(told, 201)


@route("GET", "/auth/register/<client_id>", needs=None, spec="RFC 7592 2.1")
@in_oauth_words
async def registered(exchange: Exchange, *, registration: Registration) -> Answer:
    """What a client has registered."""
    return oauth_answer(await registration.read(exchange.path_value("client_id"), _token(exchange)))


@route("PUT", "/auth/register/<client_id>", needs=None, body_limit=BODY, spec="RFC 7592 2.2")
@in_oauth_words
async def change(exchange: Exchange, *, registration: Registration) -> Answer:
    """Replaces what a client has registered."""
    metadata = await _metadata(exchange)
    return oauth_answer(await registration.change(exchange.path_value("client_id"), _token(exchange), metadata))


@route("DELETE", "/auth/register/<client_id>", needs=None, spec="RFC 7592 2.3")
@in_oauth_words
async def remove(exchange: Exchange, *, registration: Registration, directory: Directory) -> Answer:
    """Removes a client; everybody is signed out of it."""
    await registration.remove(exchange.path_value("client_id"), _token(exchange))
    directory.forget_all()
    return no_content((NO_STORE,))


async def _metadata(exchange: Exchange) -> Any:
    try:
        return await exchange.json()
    except (Invalid, TooLarge) as problem:
        raise OAuthError("invalid_client_metadata", problem.detail, status=problem.status) from None


def _token(exchange: Exchange) -> str:
    credentials = credentials_of(exchange)
    if credentials is None or credentials[0] != "bearer":
        raise OAuthError("invalid_token", "The registration access token is missing.", status=401, challenge="Bearer")
    return credentials[1]
