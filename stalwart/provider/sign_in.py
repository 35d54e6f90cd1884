"""Where a person proves who he is, whatever asks for it: the sign-in page, the page for devices, ``POST /api/auth``.

By password, with a one-time or recovery code where the account wants one, or by passkey (auth-api 3.2 and 3.3). Secrets
that the server makes for programs, app passwords and API keys, do not open a sign-in: each of them is limited, what a
sign-in gives is not. Failures count against the address; what counts and how is `directory.failures`' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stalwart.directory.access import Access
from stalwart.directory.credentials import read_api_key, read_app_password
from stalwart.directory.recovery_codes import read_code
from stalwart.errors import SecondFactorRequired, StalwartError
from stalwart.provider.grants import Method, SignedIn
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SUCCESS

_LONGEST_CODE = 64


class Directory(Protocol):
    """What is asked of ``stalwart.directory``."""

    async def authenticate_password(
        self, login: str, secret: str, client_ip: str, *, code: str | None = None, app_passwords: bool = True
    ) -> Access: ...
    async def count_failure(self, reason: str, client_ip: str, login: str = "") -> StalwartError: ...


class PasskeySignIns(Protocol):
    """What is asked of ``provider.passkeys``."""

    async def finish_sign_in(self, ticket: str, response: Mapping[str, Any], client_ip: str) -> Access: ...


class SignIn:
    """Turns proofs into a `SignedIn`; its ``methods`` name what was really checked (RFC 8176)."""

    def __init__(self, directory: Directory, passkeys: PasskeySignIns, clock: Any, telemetry: Telemetry) -> None:
        self._directory = directory
        self._passkeys = passkeys
        self._clock = clock
        self._telemetry = telemetry

    async def with_password(
        self, login: str, secret: str, client_ip: str, user_agent: str, *, code: str | None = None
    ) -> SignedIn:
        """By password; ``login`` is taken as it stands, `target%admin` enters another account.

        Raises SecondFactorRequired (the password is right, a ``code`` is wanted), Unauthenticated, Forbidden, TooMany
        (the address is banned for it), Unavailable.
        """
        if read_app_password(secret) is not None or read_api_key(secret) is not None:
            raise await self._directory.count_failure("app password or API key at a sign-in", client_ip, login.lower())
        methods: tuple[Method, ...] = ("pwd",)
        try:
            access = await self._proved(login, secret, client_ip, None)
        except SecondFactorRequired:
            if code is None:
                raise
            access = await self._proved(login, secret, client_ip, code[:_LONGEST_CODE])
            methods = ("pwd", "kba" if read_code(code) is not None else "otp", "mfa")
        return self._signed_in(access, methods, client_ip, user_agent)

    async def with_passkey(self, ticket: str, response: Mapping[str, Any], client_ip: str, user_agent: str) -> SignedIn:
        """By the answer of an authenticator that has verified its user (WebAuthn 3 7.2), so this is two factors.

        Raises as ``with_password``, but never SecondFactorRequired.
        """
        access = await self._passkeys.finish_sign_in(ticket, response, client_ip)
        self._telemetry.emit(
            AUTH_SUCCESS, remoteIp=client_ip, accountName=access.login, accountId=access.account_id, method="passkey"
        )
        return self._signed_in(access, ("hwk", "mfa"), client_ip, user_agent)

    async def unknown_user_code(self, client_ip: str) -> StalwartError:
        """Count a user code that nobody waits for (RFC 8628 5.1) like a wrong password, and give what to raise."""
        return await self._directory.count_failure("unknown user code", client_ip)

    async def _proved(self, login: str, secret: str, client_ip: str, code: str | None) -> Access:
        return await self._directory.authenticate_password(login, secret, client_ip, code=code, app_passwords=False)

    def _signed_in(self, access: Access, methods: tuple[Method, ...], client_ip: str, user_agent: str) -> SignedIn:
        return SignedIn(access, int(self._clock.seconds()), methods, client_ip, user_agent)
