"""Pushed authorization requests (RFC 9126)."""

from __future__ import annotations

from stalwart.directory.directory import Directory
from stalwart.oauth.answers import in_oauth_words, oauth_answer
from stalwart.oauth.form import client_of, read_lists
from stalwart.oauth.token import proved_key
from stalwart.provider.clients import Clients
from stalwart.provider.dpop import Proofs
from stalwart.provider.errors import OAuthError
from stalwart.provider.requests import AuthorizationRequests
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

_CREDENTIALS = ("client_secret",)


@route("POST", "/auth/par", needs=None, spec="RFC 9126 2")
@in_oauth_words
async def push(
    exchange: Exchange,
    *,
    clients: Clients,
    directory: Directory,
    authorization_requests: AuthorizationRequests,
    proofs: Proofs,
    base_url: str,
) -> Answer:
    """Takes an authorization request, and gives a short name for it that the browser can carry."""
    form = await read_lists(exchange)
    single = {name: values[0] for name, values in form.items()}
    client = await client_of(exchange, single, clients, directory)
    parameters = {name: values for name, values in form.items() if name not in _CREDENTIALS}
    thumbprint = await proved_key(exchange, proofs, f"{base_url}/auth/par")
    if thumbprint is not None:
        if single.get("dpop_jkt", thumbprint) != thumbprint:
            raise OAuthError("invalid_dpop_proof", "The proof is of another key than dpop_jkt says.")
        parameters["dpop_jkt"] = [thumbprint]
    request_uri, lifetime = await authorization_requests.push(client, parameters)
    return oauth_answer({"request_uri": request_uri, "expires_in": lifetime}, 201)
