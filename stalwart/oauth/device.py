"""The device authorization endpoint (RFC 8628 3.1)."""

from __future__ import annotations

from stalwart.directory.directory import Directory
from stalwart.oauth.answers import in_oauth_words, oauth_answer
from stalwart.oauth.form import client_of, read_form
from stalwart.provider.clients import Clients
from stalwart.provider.devices import DeviceCodes
from stalwart.provider.errors import OAuthError
from stalwart.provider.requests import granted_scope
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route


@route("POST", "/auth/device", needs=None, spec="auth-api 5")
@in_oauth_words
async def device(
    exchange: Exchange, *, clients: Clients, directory: Directory, device_codes: DeviceCodes, base_url: str
) -> Answer:
    """Codes for a device: one to ask for tokens with, one for a person to enter at `/device`."""
    form = await read_form(exchange)
    client = await client_of(exchange, form, clients, directory)
    scope = granted_scope(client, form.get("scope"))
    if scope is None:
        raise OAuthError("invalid_scope", "None of these scopes is known here and registered by the application.")
    begun = await device_codes.begin(client, scope, form.get("nonce"))
    page = f"{base_url}/device"
    return oauth_answer(
        {
            "device_code": begun.device_code,
            "user_code": begun.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={begun.user_code}",
            "expires_in": begun.expires_in,
            "interval": begun.interval,
        }
    )
