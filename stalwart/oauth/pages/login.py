"""``/login``: the authorization endpoint, which is the sign-in page (RFC 6749 3.1, OpenID Connect Core 3.1.2).

The page names the application and what it asks for; sending its form is the consent, and one answer leads back. No
cookie, no session: the checked request is in a sealed field, so two sign-ins at once do not disturb each other. An
application that may not ask is told so by the redirect; where that must not be followed, the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from attrs import frozen

from stalwart.codec.sealing import Sealer
from stalwart.oauth.form import read_lists
from stalwart.oauth.pages.attempts import Attempts, Fields, Refused, SecondFactor
from stalwart.oauth.pages.carried import CarriedRequest, Carrier
from stalwart.oauth.pages.language import reader_in, reader_of
from stalwart.oauth.pages.layout import Reader, page
from stalwart.oauth.pages.notices import bad_link, nothing_asked, refused
from stalwart.oauth.pages.redirects import by_own_choice, to_application
from stalwart.oauth.pages.views import (
    KNOWN_KINDS,
    about_request,
    button,
    form,
    hidden,
    passkey_button,
    password_fields,
    pressed,
    problem,
    second_factor_fields,
)
from stalwart.provider.clients import Clients
from stalwart.provider.codes import AuthorizationCodes
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import AuthorizationRequest, SignedIn
from stalwart.provider.requests import AuthorizationRequests, Redirectable
from stalwart.provider.sign_in import SignIn
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_CONSENT_DENIED, AUTH_REQUEST_REFUSED
from stalwart.web.answers import Answer
from stalwart.web.clock import Clock
from stalwart.web.exchange import Exchange
from stalwart.web.pages import sent_by_our_page
from stalwart.web.routes import route

LARGEST_FORM = 65_536
_SEALED = "sealed"
_REQUEST_PARAMETERS = ("client_id", "redirect_uri", "request_uri", "request", "response_type")

Parameters = Mapping[str, Sequence[str]]


@route("GET", "/login", needs=None, spec="auth-api 3.5")
async def login(
    exchange: Exchange,
    *,
    authorization_requests: AuthorizationRequests,
    clients: Clients,
    sealer: Sealer,
    clock: Clock,
    base_url: str,
    telemetry: Telemetry,
) -> Answer:
    """The authorization endpoint: the sign-in page for the application that sent somebody here."""
    entrance = Entrance(authorization_requests, clients, Carrier(sealer, clock.seconds), base_url, telemetry)
    try:
        parameters = parse_qs(exchange.head.query_string, errors="replace", max_num_fields=64)
    except ValueError:
        return bad_link(reader_of(exchange), "invalid_request: There are too many parameters.")
    return await entrance.enter(exchange, parameters)


@route("POST", "/login", needs=None, body_limit=LARGEST_FORM, spec="auth-api 3.5")
async def submit(
    exchange: Exchange,
    *,
    sign_in: SignIn,
    authorization_requests: AuthorizationRequests,
    clients: Clients,
    authorization_codes: AuthorizationCodes,
    sealer: Sealer,
    clock: Clock,
    base_url: str,
    telemetry: Telemetry,
) -> Answer:
    """The form of the sign-in page; without its sealed field an authorization request (RFC 6749 3.1)."""
    try:
        parameters = await read_lists(exchange, limit=LARGEST_FORM)
    except OAuthError as error:
        return bad_link(reader_of(exchange), str(error))
    carrier = Carrier(sealer, clock.seconds)
    if _SEALED not in parameters:
        return await Entrance(authorization_requests, clients, carrier, base_url, telemetry).enter(exchange, parameters)
    if not sent_by_our_page(exchange):
        reader = reader_of(exchange)
        return refused(reader, reader.texts.foreign, 403)
    fields = {name: values[0] for name, values in parameters.items()}
    desk = Desk(Attempts(sign_in, carrier), authorization_requests, authorization_codes, carrier, base_url, telemetry)
    return await desk.take(exchange, fields)


@frozen
class Entrance:
    """Checks what an application asks for, and shows the sign-in page."""

    requests: AuthorizationRequests
    clients: Clients
    carrier: Carrier
    base_url: str
    telemetry: Telemetry

    async def enter(self, exchange: Exchange, parameters: Parameters) -> Answer:
        """The page, the way back with an error, or a page that says why there is no way back."""
        reader = reader_of(exchange, next(iter(parameters.get("ui_locales", ())), None))
        if not any(name in parameters for name in _REQUEST_PARAMETERS):
            return nothing_asked(reader)
        try:
            request = await self.requests.read(parameters, host=exchange.header("host"))
        except OAuthError as error:
            self._refused(exchange, parameters, str(error))
            return bad_link(reader, str(error))
        except Redirectable as refusal:
            self._refused(exchange, parameters, str(refusal))
            return await self._way_back(reader, parameters, refusal)
        sealed = self.carrier.seal_request(request, reader.language)
        if sealed is None:
            return bad_link(reader, "invalid_request: The parameters are too long.")
        return sign_in_page(reader, request, sealed, Refused("", user_name=request.login_hint or ""))

    async def _way_back(self, reader: Reader, parameters: Parameters, refusal: Redirectable) -> Answer:
        told = {
            "error": refusal.error,
            "error_description": refusal.description,
            "state": refusal.state,
            "iss": self.base_url,
        }
        client = await self.clients.find(next(iter(parameters.get("client_id", ())), ""))
        if refusal.redirect_uri.startswith("https:") and (client is None or client.kind not in KNOWN_KINDS):
            return by_own_choice(reader, refusal.redirect_uri, refusal.response_mode, told, str(refusal))
        return to_application(reader, refusal.redirect_uri, refusal.response_mode, told)

    def _refused(self, exchange: Exchange, parameters: Parameters, reason: str) -> None:
        client = next(iter(parameters.get("client_id", ())), "")
        self.telemetry.emit(AUTH_REQUEST_REFUSED, remoteIp=exchange.client_ip, client=client[:128], reason=reason)


@frozen
class Desk:
    """Takes the forms of the sign-in page."""

    attempts: Attempts
    requests: AuthorizationRequests
    codes: AuthorizationCodes
    carrier: Carrier
    base_url: str
    telemetry: Telemetry

    async def take(self, exchange: Exchange, fields: Fields) -> Answer:
        """The way back to the application, or the page for the next try or the second factor."""
        sealed = fields[_SEALED]
        carried = self.carrier.open_request(sealed)
        if carried is None:
            reader = reader_of(exchange)
            return refused(reader, reader.texts.expired_form, 400)
        reader = reader_in(carried.language)
        action = pressed(fields)
        if action == "cancel":
            return self._cancelled(exchange, reader, carried.request)
        if action in ("recovery", "app") and "step" in fields:
            return code_page(reader, carried.request, sealed, fields["step"], recovery=action == "recovery")
        outcome = await self.attempts.attempt(exchange, fields, sealed, reader.texts)
        if isinstance(outcome, SignedIn):
            return await self._admitted(reader, carried, outcome)
        if isinstance(outcome, SecondFactor):
            recovery = fields.get("kind") == "recovery"
            return code_page(reader, carried.request, sealed, outcome.step, recovery=recovery, wrong=outcome.wrong)
        return sign_in_page(reader, carried.request, sealed, outcome)

    async def _admitted(self, reader: Reader, carried: CarriedRequest, signed_in: SignedIn) -> Answer:
        request = carried.request
        if request.pushed is not None and not await self.requests.spend(request.pushed):
            return bad_link(reader, "invalid_request_uri: The pushed request was used before; start again.")
        try:
            code = await self.codes.issue(request, signed_in)
        except OAuthError as error:
            return bad_link(reader, str(error))
        told = {"code": code, "state": request.state, "iss": self.base_url}
        return to_application(reader, request.redirect_uri, request.response_mode, told)

    def _cancelled(self, exchange: Exchange, reader: Reader, request: AuthorizationRequest) -> Answer:
        self.telemetry.emit(AUTH_CONSENT_DENIED, remoteIp=exchange.client_ip, client=request.client.id[:128])
        told = {
            "error": "access_denied",
            "error_description": "The person has cancelled the sign-in.",
            "state": request.state,
            "iss": self.base_url,
        }
        return to_application(reader, request.redirect_uri, request.response_mode, told)


def sign_in_page(reader: Reader, request: AuthorizationRequest, sealed: str, state: Refused) -> Answer:
    """Who asks for what, and the form for the first factor; a refusal in ``state`` is shown above it."""
    texts = reader.texts
    return page(
        reader,
        texts.sign_in,
        about_request(texts, request),
        problem(state.text or None),
        form(
            "/login",
            hidden({_SEALED: sealed}),
            password_fields(texts, state.user_name, wrong=state.text == texts.wrong_password),
            button(texts.sign_in, "sign-in", main=True),
            passkey_button(texts),
            button(texts.cancel, "cancel"),
        ),
        status=state.status,
        headers=state.headers,
        redirect_uri=request.redirect_uri,
        script="sign-in.js",
    )


def code_page(
    reader: Reader,
    request: AuthorizationRequest,
    sealed: str,
    step: str,
    *,
    recovery: bool,
    wrong: Refused | None = None,
) -> Answer:
    """The form for the second factor: a one-time code or, with ``recovery``, a recovery code."""
    texts = reader.texts
    return page(
        reader,
        texts.recovery_title if recovery else texts.code_title,
        problem(wrong.text if wrong is not None else None),
        form(
            "/login",
            hidden({_SEALED: sealed}),
            second_factor_fields(texts, step, recovery=recovery, wrong=wrong is not None),
            button(texts.cancel, "cancel"),
        ),
        redirect_uri=request.redirect_uri,
        script="sign-in.js",
    )
