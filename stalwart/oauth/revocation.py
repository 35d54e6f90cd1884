"""Revocation of tokens (RFC 7009)."""

from __future__ import annotations

from stalwart.directory.directory import Directory
from stalwart.oauth.answers import in_oauth_words
from stalwart.oauth.form import client_of, needed, read_form
from stalwart.provider.clients import Clients
from stalwart.provider.grants import Client
from stalwart.provider.sessions import Sessions
from stalwart.web.answers import NO_STORE, Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route


@route("POST", "/auth/revoke", needs=None, spec="auth-api 13.1")
@in_oauth_words
async def revoke(exchange: Exchange, *, clients: Clients, directory: Directory, sessions: Sessions) -> Answer:
    """Ends the sign-in that an access or refresh token belongs to; its other tokens end with it."""
    form = await read_form(exchange)
    token = needed(form, "token")
    id = form.get("client_id", "")
    if id and "client_secret" not in form and await clients.find(id) is None:
        client = Client(id, "unregistered")  # registration was not required when it came
    else:
        client = await client_of(exchange, form, clients, directory)
    await sessions.revoke(token, client)
    return Answer(200, headers=(NO_STORE,))
