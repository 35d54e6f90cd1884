"""``/.well-known/acme-challenge/{token}``: proving names to certificate authorities (RFC 8555 8.3, acme-tls A4).

Anybody may ask, on every listener, by HTTP too and under any host name; the answer tells nothing that the authority has
not been told. Without an account that proves names in this way there is nothing here.
"""

from __future__ import annotations

from stalwart.config.settings import Settings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.errors import NotFound
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import ACME_TOKEN_NOT_FOUND
from stalwart.tls.challenge_answers import HttpAnswers
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route


@route("GET", "/.well-known/acme-challenge/<token>", needs=None, limit="none", spec="acme-tls A4")
async def challenge(
    exchange: Exchange, *, http_answers: HttpAnswers, settings: Settings, telemetry: Telemetry
) -> Answer:
    """What a certificate authority checks names with (HTTP-01)."""
    providers = [provider for _, provider in settings.all(AcmeProvider)]
    if providers and all(provider.challenge_type != "Http01" for provider in providers):
        raise NotFound
    token = exchange.path_value("token")
    found = await http_answers.find(token)
    if found is None:
        telemetry.emit(ACME_TOKEN_NOT_FOUND, remoteIp=exchange.client_ip)
        raise NotFound
    return Answer(200, found.encode("ascii"), "text/plain")
