"""``/device``: where a person lets in a device that shows a code (RFC 8628 3.3, auth-api 3.5).

First the code, which may come with the address and is never looked up before a person sends it; then who asks for
what, beside the code to compare (RFC 8628 5.4), and the sign-in that is the consent. Unknown codes count like wrong
passwords.
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.markup import filled, plain, tag
from stalwart.codec.sealing import Sealer
from stalwart.errors import StalwartError
from stalwart.oauth.form import read_form
from stalwart.oauth.pages.attempts import Attempts, Fields, Refused, SecondFactor, refusal
from stalwart.oauth.pages.carried import Carrier
from stalwart.oauth.pages.language import reader_of
from stalwart.oauth.pages.layout import Reader, page
from stalwart.oauth.pages.notices import bad_link, refused
from stalwart.oauth.pages.views import (
    application_name,
    button,
    form,
    hidden,
    opened,
    passkey_button,
    password_fields,
    pressed,
    problem,
    second_factor_fields,
    user_code_field,
)
from stalwart.provider.devices import DeviceCodes, PendingDevice
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import SignedIn
from stalwart.provider.sign_in import SignIn
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_CONSENT_DENIED, AUTH_DEVICE_APPROVED
from stalwart.web.answers import Answer
from stalwart.web.clock import Clock
from stalwart.web.exchange import Exchange
from stalwart.web.pages import sent_by_our_page
from stalwart.web.routes import route

LARGEST_FORM = 65_536
_LONGEST_CODE = 40
_PATH = "/device"


def _enter(exchange: Exchange) -> Answer:
    """The page where a person lets in a device: it asks for the code that the device shows."""
    return code_page(reader_of(exchange), exchange.query.get("code", ""))


enter = route("GET", _PATH, needs=None, spec="auth-api 3.5")(_enter)
enter_with_slash = route("GET", f"{_PATH}/", needs=None, spec="auth-api 5")(_enter)


@route("POST", _PATH, needs=None, body_limit=LARGEST_FORM, spec="auth-api 3.5")
async def submit(
    exchange: Exchange,
    *,
    sign_in: SignIn,
    device_codes: DeviceCodes,
    sealer: Sealer,
    clock: Clock,
    telemetry: Telemetry,
) -> Answer:
    """The forms of that page: the code of the device, then the sign-in or the refusal."""
    reader = reader_of(exchange)
    try:
        fields = await read_form(exchange, limit=LARGEST_FORM)
    except OAuthError as error:
        return bad_link(reader, str(error))
    if not sent_by_our_page(exchange):
        return refused(reader, reader.texts.foreign, 403)
    attempts = Attempts(sign_in, Carrier(sealer, clock.seconds))
    return await DeviceDesk(attempts, sign_in, device_codes, telemetry, reader).take(exchange, fields)


@frozen
class DeviceDesk:
    """Takes the forms of one reader."""

    attempts: Attempts
    sign_in: SignIn
    devices: DeviceCodes
    telemetry: Telemetry
    reader: Reader

    async def take(self, exchange: Exchange, fields: Fields) -> Answer:
        """The next page."""
        texts = self.reader.texts
        typed, action = fields.get("user_code", ""), pressed(fields)
        device = await self.devices.find(typed)
        if device is None:
            error = await self.sign_in.unknown_user_code(exchange.client_ip)
            return self._unknown(typed, error)
        if action == "deny":
            return await self._denied(exchange, device)
        if action in ("recovery", "app") and "step" in fields:
            return second_factor_page(self.reader, device, fields["step"], recovery=action == "recovery")
        if not fields.keys() & {"username", "password", "assertion", "step"}:
            return approval_page(self.reader, device, Refused(""))
        outcome = await self.attempts.attempt(exchange, fields, f"device {device.user_code}", texts)
        if isinstance(outcome, SignedIn):
            return await self._approved(exchange, device, outcome)
        if isinstance(outcome, SecondFactor):
            recovery = fields.get("kind") == "recovery"
            return second_factor_page(self.reader, device, outcome.step, recovery=recovery, wrong=outcome.wrong)
        return approval_page(self.reader, device, outcome)

    def _unknown(self, typed: str, error: StalwartError) -> Answer:
        return code_page(self.reader, typed, refusal(error, self.reader.texts, self.reader.texts.unknown_code))

    async def _approved(self, exchange: Exchange, device: PendingDevice, signed_in: SignedIn) -> Answer:
        texts = self.reader.texts
        if not await self.devices.approve(device.user_code, signed_in):
            return code_page(self.reader, "", Refused(texts.unknown_code))
        self.telemetry.emit(
            AUTH_DEVICE_APPROVED,
            remoteIp=exchange.client_ip,
            client=device.client_id[:128],
            accountId=signed_in.access.account_id,
        )
        return page(self.reader, texts.approved_title, tag("p", texts.approved, role="status"))

    async def _denied(self, exchange: Exchange, device: PendingDevice) -> Answer:
        texts = self.reader.texts
        await self.devices.deny(device.user_code)
        self.telemetry.emit(AUTH_CONSENT_DENIED, remoteIp=exchange.client_ip, client=device.client_id[:128])
        return page(self.reader, texts.denied_title, tag("p", texts.denied, role="status"))


def code_page(reader: Reader, typed: str, state: Refused | None = None) -> Answer:
    """Asks for the code of the device."""
    texts = reader.texts
    return page(
        reader,
        texts.device,
        problem(state.text if state is not None else None),
        form(
            _PATH,
            tag("p", texts.device_hint),
            user_code_field(texts, plain(typed, _LONGEST_CODE), wrong=state is not None),
            button(texts.next, "find", main=True),
        ),
        status=state.status if state is not None else 200,
        headers=state.headers if state is not None else (),
        script="sign-in.js",
    )


def approval_page(reader: Reader, device: PendingDevice, state: Refused) -> Answer:
    """Which application asks for what, and the sign-in that lets it in."""
    texts = reader.texts
    name = tag("strong", application_name(device.client_name, device.client_id))
    return page(
        reader,
        texts.device,
        tag("p", filled(texts.device_wants, application=name)),
        opened(texts, device.scope),
        tag("p", texts.same_code, class_="care"),
        tag("p", tag("strong", device.user_code), class_="user-code"),
        problem(state.text or None),
        form(
            _PATH,
            hidden({"user_code": device.user_code}),
            password_fields(texts, state.user_name, wrong=state.text == texts.wrong_password),
            button(texts.allow, "allow", main=True),
            passkey_button(texts),
            button(texts.deny, "deny"),
        ),
        status=state.status,
        headers=state.headers,
        script="sign-in.js",
    )


def second_factor_page(
    reader: Reader, device: PendingDevice, step: str, *, recovery: bool, wrong: Refused | None = None
) -> Answer:
    """The form for the second factor."""
    texts = reader.texts
    return page(
        reader,
        texts.recovery_title if recovery else texts.code_title,
        problem(wrong.text if wrong is not None else None),
        form(
            _PATH,
            hidden({"user_code": device.user_code}),
            second_factor_fields(texts, step, recovery=recovery, wrong=wrong is not None),
            button(texts.deny, "deny"),
        ),
        script="sign-in.js",
    )
