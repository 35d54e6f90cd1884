"""``POST /api/auth``: the sign-in for pages and programs that bring a form of their own (auth-api 3).

A request that an application may not make is a 401 whose reason goes to the log only. Whatever fails about the person,
bans included, is ``failure`` with status 200. Ours: ``passkeyOptions`` starts a sign-in by passkey, whose ``ticket``
and ``response`` stand in ``passkey`` in place of name and password, and ``state`` is echoed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stalwart.errors import Forbidden, Invalid, SecondFactorRequired, TooMany, Unauthenticated
from stalwart.provider.codes import AuthorizationCodes
from stalwart.provider.devices import DeviceCodes
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import AuthorizationRequest, SignedIn
from stalwart.provider.passkeys import Passkeys
from stalwart.provider.requests import AuthorizationRequests, Redirectable
from stalwart.provider.sign_in import SignIn
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_REQUEST_REFUSED
from stalwart.web.answers import NO_STORE, Answer, json_answer
from stalwart.web.exchange import Exchange
from stalwart.web.json_body import UNREADABLE
from stalwart.web.routes import route

LARGEST = 1_048_576
_FAILURE = {"type": "failure"}


class PasskeyProof(msgspec.Struct):
    """What the authenticator said to the options of ``ticket`` (WebAuthn 3 5.1.8, as JSON)."""

    ticket: str
    response: dict[str, Any]


class Proof(msgspec.Struct, rename="camel", kw_only=True):
    """Who signs in: name and password, or a passkey."""

    account_name: str | None = None
    account_secret: str | None = None
    mfa_token: str | None = None
    passkey: PasskeyProof | None = None

    def __post_init__(self) -> None:
        if (self.passkey is None) == (self.account_name is None or self.account_secret is None):
            raise ValueError("a password or a passkey, one of them")


class AuthCode(Proof, rename="camel", tag_field="type", tag="authCode", kw_only=True):
    """For an authorization code (auth-api 3.1)."""

    client_id: str
    redirect_uri: str | None = None
    nonce: str | None = None
    scope: str | None = None
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    resource: list[str] = []

    def parameters(self) -> dict[str, Sequence[str]]:
        """The same request in the words of RFC 6749 4.1.1."""
        names = (
            "client_id",
            "redirect_uri",
            "nonce",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
        )
        single = {name: getattr(self, name) for name in names}
        return {
            "response_type": ("code",),
            **{name: (value,) for name, value in single.items() if value},
            **({"resource": self.resource} if self.resource else {}),
        }


class AuthDevice(Proof, rename="camel", tag_field="type", tag="authDevice", kw_only=True):
    """For a device that shows a user code."""

    code: str


class PasskeyOptions(msgspec.Struct, tag_field="type", tag="passkeyOptions"):
    """The beginning of a sign-in by passkey."""


@route("POST", "/api/auth", needs=None, body_limit=LARGEST, spec="auth-api 3")
async def authenticate(
    exchange: Exchange,
    *,
    sign_in: SignIn,
    authorization_requests: AuthorizationRequests,
    authorization_codes: AuthorizationCodes,
    device_codes: DeviceCodes,
    passkeys: Passkeys,
    base_url: str,
    telemetry: Telemetry,
) -> Answer:
    """Sign in with a password, a code or a passkey, for an authorization code or to let a device in."""
    wish = _read(await exchange.json())
    if isinstance(wish, PasskeyOptions):
        ticket, options = await passkeys.begin_sign_in()
        return _said({"type": "passkeyOptions", "ticket": ticket, "options": options})
    if isinstance(wish, AuthDevice):
        return _said(await _outcome(_let_in(exchange, wish, sign_in, device_codes)))
    try:
        request = await authorization_requests.read(wish.parameters(), host=exchange.header("host"))
    except (OAuthError, Redirectable) as refusal:
        telemetry.emit(
            AUTH_REQUEST_REFUSED, remoteIp=exchange.client_ip, client=wish.client_id[:128], reason=str(refusal)
        )
        if isinstance(refusal, Redirectable) and wish.code_challenge is None:
            # The reference asks for no PKCE: its clients expect to learn of a wrong password before anything else.
            failed = await _outcome(_only_proved(exchange, wish, sign_in))
            if failed:
                return _said(failed)
        raise Unauthenticated from None
    return _said(await _outcome(_code(exchange, wish, request, sign_in, authorization_codes, base_url)))


def _read(value: Any) -> AuthCode | AuthDevice | PasskeyOptions:
    try:
        return msgspec.convert(value, AuthCode | AuthDevice | PasskeyOptions)
    except msgspec.ValidationError:
        raise Invalid(UNREADABLE) from None


def _said(members: dict[str, Any]) -> Answer:
    return json_answer(members, headers=(NO_STORE,))


async def _outcome(work: Any) -> dict[str, Any]:
    try:
        members: dict[str, Any] = await work
    except SecondFactorRequired:
        return {"type": "mfaRequired"}
    except (Unauthenticated, Forbidden, TooMany, OAuthError):
        return _FAILURE
    return members


async def _code(
    exchange: Exchange,
    wish: AuthCode,
    request: AuthorizationRequest,
    sign_in: SignIn,
    codes: AuthorizationCodes,
    base_url: str,
) -> dict[str, Any]:
    code = await codes.issue(request, await _proved(exchange, wish, sign_in))
    members = {"type": "authenticated", "client_code": code, "clientCode": code, "iss": base_url}
    return members if wish.state is None else {**members, "state": wish.state}


async def _only_proved(exchange: Exchange, wish: AuthCode, sign_in: SignIn) -> dict[str, Any]:
    await _proved(exchange, wish, sign_in)
    return {}


async def _let_in(exchange: Exchange, wish: AuthDevice, sign_in: SignIn, devices: DeviceCodes) -> dict[str, Any]:
    # Nobody learns about a password through a code that does not exist.
    if await devices.find(wish.code) is None:
        raise await sign_in.unknown_user_code(exchange.client_ip)
    approved = await devices.approve(wish.code, await _proved(exchange, wish, sign_in))
    return {"type": "verified"} if approved else _FAILURE


async def _proved(exchange: Exchange, wish: Proof, sign_in: SignIn) -> SignedIn:
    ip, agent = exchange.client_ip, exchange.header("user-agent") or ""
    if wish.passkey is not None:
        return await sign_in.with_passkey(wish.passkey.ticket, wish.passkey.response, ip, agent)
    return await sign_in.with_password(
        wish.account_name or "", wish.account_secret or "", ip, agent, code=wish.mfa_token or None
    )
