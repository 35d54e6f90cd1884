"""One sending of a sign-in form, whatever page it stands on: what of a proof it holds, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from attrs import frozen

from stalwart.errors import (
    Forbidden,
    Invalid,
    SecondFactorRequired,
    StalwartError,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from stalwart.oauth.pages.carried import Carrier
from stalwart.oauth.pages.texts import Texts
from stalwart.provider.grants import SignedIn
from stalwart.provider.sign_in import SignIn
from stalwart.web.answers import Headers
from stalwart.web.exchange import Exchange
from stalwart.web.json_body import decode_json

Fields = Mapping[str, str]


@frozen
class Refused:
    """Not signed in: the sentence for the page and its status. ``user_name`` is kept in the form."""

    text: str
    status: int = 200
    user_name: str = ""
    headers: Headers = ()


@frozen
class SecondFactor:
    """Half signed in: ``step`` is the field that brings the first half back; ``wrong`` says that a code was none."""

    step: str
    wrong: Refused | None = None


@frozen
class Proof:
    """What the authenticator said, as ``sign-in.js`` puts it into the form."""

    ticket: str
    response: dict[str, Any]


class Attempts:
    """Tries what forms hold. ``purpose`` names what a sign-in is for, so that half a sign-in is good for that only."""

    def __init__(self, sign_in: SignIn, carrier: Carrier) -> None:
        self._sign_in = sign_in
        self._carrier = carrier

    async def attempt(
        self, exchange: Exchange, fields: Fields, purpose: str, texts: Texts
    ) -> SignedIn | SecondFactor | Refused:
        """What came of ``fields``: a passkey, the second half of a sign-in, or user name and password."""
        if "assertion" in fields:
            return await self._by_passkey(exchange, fields["assertion"], texts)
        if "step" in fields:
            return await self._by_code(exchange, fields, purpose, texts)
        return await self._by_password(exchange, fields, purpose, texts)

    async def _by_password(
        self, exchange: Exchange, fields: Fields, purpose: str, texts: Texts
    ) -> SignedIn | SecondFactor | Refused:
        login, secret = fields.get("username", "").strip(), fields.get("password", "")  # keyboards add spaces
        try:
            return await self._sign_in.with_password(login, secret, exchange.client_ip, user_agent(exchange))
        except SecondFactorRequired:
            step = self._carrier.seal_step(login, secret, exchange.client_ip, purpose)
            return SecondFactor(step) if step is not None else Refused(texts.wrong_password)
        except StalwartError as error:
            return refusal(error, texts, texts.wrong_password, login)

    async def _by_code(
        self, exchange: Exchange, fields: Fields, purpose: str, texts: Texts
    ) -> SignedIn | SecondFactor | Refused:
        sealed = fields["step"]
        step = self._carrier.open_step(sealed, exchange.client_ip, purpose)
        if step is None:
            return Refused(texts.expired)
        compact = "".join(fields.get("code", "").split())
        wrong = texts.wrong_recovery if fields.get("kind") == "recovery" else texts.wrong_code
        try:
            return await self._sign_in.with_password(
                step.login, step.secret, exchange.client_ip, user_agent(exchange), code=compact
            )
        except Unauthenticated:
            return SecondFactor(sealed, Refused(wrong))
        except StalwartError as error:
            return refusal(error, texts, wrong, step.login)

    async def _by_passkey(self, exchange: Exchange, text: str, texts: Texts) -> SignedIn | Refused:
        try:
            proof = msgspec.convert(decode_json(text.encode()), Proof)
        except (Invalid, msgspec.ValidationError):
            return Refused(texts.passkey_failed)
        try:
            return await self._sign_in.with_passkey(
                proof.ticket, proof.response, exchange.client_ip, user_agent(exchange)
            )
        except StalwartError as error:
            return refusal(error, texts, texts.wrong_passkey)


def refusal(error: StalwartError, texts: Texts, wrong: str, user_name: str = "") -> Refused:
    """The sentence for an error of a sign-in; faults of ours are raised on."""
    if isinstance(error, Unauthenticated):
        return Refused(wrong, 200, user_name)
    if isinstance(error, Forbidden):
        return Refused(texts.not_allowed, 403, user_name)
    if isinstance(error, TooMany):
        return Refused(texts.too_many, 429, user_name, tuple(error.headers.items()))
    if isinstance(error, Unavailable):
        return Refused(texts.unavailable, 503, user_name)
    raise error


def user_agent(exchange: Exchange) -> str:
    """What the browser calls itself."""
    return exchange.header("user-agent") or ""
