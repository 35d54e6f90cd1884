"""The token endpoint (RFC 6749 3.2, 4.1.3 and 6; RFC 8628 3.4; RFC 9449 5).

Errors are those of the RFCs, with a description; the reference has other codes for some of them (auth-api 6, 13.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.directory.directory import Directory
from stalwart.oauth.answers import in_oauth_words, oauth_answer
from stalwart.oauth.form import MANY, client_of, needed, read_lists
from stalwart.provider.clients import Clients
from stalwart.provider.codes import AuthorizationCodes
from stalwart.provider.devices import DeviceCodes
from stalwart.provider.dpop import Proofs
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client
from stalwart.provider.requests import AuthorizationRequests
from stalwart.provider.sessions import Sessions, Tokens
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", "refresh_token", DEVICE_CODE)


@route("POST", "/auth/token", needs=None, spec="auth-api 6")
@in_oauth_words
async def token(
    exchange: Exchange,
    *,
    clients: Clients,
    directory: Directory,
    authorization_requests: AuthorizationRequests,
    authorization_codes: AuthorizationCodes,
    device_codes: DeviceCodes,
    sessions: Sessions,
    proofs: Proofs,
    base_url: str,
) -> Answer:
    """Exchanges a code, the approval of a device, or a refresh token for tokens."""
    lists = await read_lists(exchange)
    form = {name: values[0] for name, values in lists.items() if name != MANY}
    authorization_requests.check_resources(lists.get(MANY, ()))
    grant = needed(form, "grant_type").lower()
    if grant not in GRANTS:
        raise OAuthError("unsupported_grant_type", f"Known are: {', '.join(GRANTS)}.")
    client = await client_of(exchange, form, clients, directory)
    thumbprint = await proved_key(exchange, proofs, f"{base_url}/auth/token")
    ip = exchange.client_ip
    tokens: Tokens
    if grant == "authorization_code":
        code, uri = needed(form, "code"), needed(form, "redirect_uri")
        verifier = form.get("code_verifier")
        tokens = await authorization_codes.redeem(code, client, uri, verifier, ip, thumbprint=thumbprint)
    elif grant == DEVICE_CODE:
        tokens = await device_codes.poll(needed(form, "device_code"), client, ip, thumbprint)
    else:
        tokens = await _refreshed(form, client, sessions, ip, thumbprint)
    return oauth_answer(tokens.to_wire())


async def _refreshed(
    form: Mapping[str, str], client: Client, sessions: Sessions, ip: str, thumbprint: str | None
) -> Tokens:
    scope = form["scope"].split() if "scope" in form else None
    return await sessions.refresh(needed(form, "refresh_token"), client, ip, scope=scope, thumbprint=thumbprint)


async def proved_key(exchange: Exchange, proofs: Proofs, url: str) -> str | None:
    """The thumbprint of the key that the client has proved for ``url``, if it has sent a proof (RFC 9449 4.3)."""
    proof = exchange.header("dpop")
    if proof is None:
        return None
    return proofs.check(proof, method="POST", url=url, access_token=None)
