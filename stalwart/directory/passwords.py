"""The credentials of an account, checked: its password with second factor, its app passwords, its API keys.

What each of them still allows is decided here too: networks, expiry, permission lists (auth-api 2.2 and 2.4). Where
a password is not enough, a recovery code is as good as a one-time code; passkeys are proved elsewhere.
A password whose hash is old or cheap is hashed anew when it has just been right. A wrong
password takes as long for an account that exists as for one that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from twisted.internet.interfaces import IReactorTime

from stalwart.config.identity.authentication import Authentication
from stalwart.directory import account_records, hashes, passkey_records, recovery_codes
from stalwart.directory.access import Access
from stalwart.directory.credentials import is_allowed_from, read_app_password
from stalwart.directory.failures import LoginFailed, WrongCode
from stalwart.directory.hashing import Hashing
from stalwart.directory.identity import Identity, credential_of, networks_of
from stalwart.directory.permissions import AFTER_EXPIRY, credential_permissions
from stalwart.directory.second_factor import count_wrong, is_held_back, use_code
from stalwart.directory.standing import same_secret
from stalwart.directory.totp import InvalidUri, Totp
from stalwart.errors import Forbidden, SecondFactorRequired, StalwartError, Unauthenticated
from stalwart.store.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_CREDENTIAL_EXPIRED,
    AUTH_ERROR,
    AUTH_MFA_REQUIRED,
    SECURITY_IP_UNAUTHORIZED,
    SECURITY_UNAUTHORIZED,
)

KEPT_HERE = frozenset(("sysAccountPasswordGet", "sysAccountPasswordUpdate"))
"""What means nothing to an account whose password a directory elsewhere keeps (auth-api 10)."""


class Passwords:
    """Checks credentials of identities; ``forget`` is called with an account id when its stored hash was replaced."""

    def __init__(
        self,
        store: Store,
        settings: Any,
        hashing: Hashing,
        clock: IReactorTime,
        telemetry: Telemetry,
        forget: Callable[[int], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._hashing = hashing
        self._clock: Any = clock
        self._telemetry = telemetry
        self._forget = forget
        self._renewing: set[int] = set()

    async def prove(
        self,
        identity: Identity | None,
        secret: str,
        client_ip: str,
        code: str | None,
        app_passwords: bool,
        stamp: int,
        *,
        passkey_proved: bool = False,
    ) -> Access:
        """The access for an account password or, if ``app_passwords``, an app password. Raises `LoginFailed`
        and errors.

        ``passkey_proved``: whoever asks has signed in already in a way that satisfies the account's passkeys.
        """
        app = read_app_password(secret)
        if app is not None:
            usable = identity if identity is not None and identity.may_sign_in and app_passwords else None
            return await self.prove_generated(usable, "AppPassword", app.credential_id, secret, client_ip, stamp)
        usable = identity if identity is not None and identity.may_sign_in and not identity.is_external else None
        credential = credential_of(usable, "Password")
        if not await self.fits(credential.secret if credential is not None else None, secret):
            raise LoginFailed("wrong password" if usable is not None else "unknown account")
        assert usable is not None  # nothing fits a missing password
        if usable.by_alias and "authenticateWithAlias" not in usable.permissions:
            raise LoginFailed("login through an alias")
        access = self.access_for(usable, client_ip, stamp)
        await self._check_second_factor(usable, credential.otp_auth, code, passkey_proved)
        self._check_permission(access)
        if await self._renew_hash(usable, credential.secret, secret):
            access = evolve(access, stamp=stamp + 1)
        return access

    async def prove_elsewhere(
        self, identity: Identity, client_ip: str, code: str | None, stamp: int, *, passkey_proved: bool = False
    ) -> Access:
        """The access for a password that the directory of the account has found right; raises as `prove`.

        A second factor that the account has here is asked for all the same.
        """
        if identity.by_alias and "authenticateWithAlias" not in identity.permissions:
            raise LoginFailed("login through an alias")
        access = self.access_for(identity, client_ip, stamp)
        former = credential_of(identity, "Password")
        await self._check_second_factor(identity, getattr(former, "otp_auth", None), code, passkey_proved)
        self._check_permission(access)
        return access

    async def prove_generated(
        self,
        identity: Identity | None,
        kind: str,
        credential_id: int,
        secret: str,
        client_ip: str,
        stamp: int,
    ) -> Access:
        """The access for an app password or API key: ``kind`` and id say which. Raises `LoginFailed` and errors."""
        credential = credential_of(identity, kind, credential_id)
        if credential is None or identity is None:
            raise LoginFailed(f"unknown {kind}")
        if not await self._fits_generated(credential.secret, secret):
            raise LoginFailed(f"wrong {kind}")
        if self._has_expired(credential):
            self._telemetry.emit(AUTH_CREDENTIAL_EXPIRED, accountId=identity.account_id, remoteIp=client_ip)
            raise Unauthenticated(challenge=False)
        if identity.by_alias and "authenticateWithAlias" not in identity.permissions:
            raise LoginFailed("login through an alias")
        access = evolve(
            identity.access(stamp),
            permissions=credential_permissions(identity.permissions, credential.permissions, kind),
            credential_id=credential_id,
            expires_at=credential.expires_at,
            networks=networks_of(credential),
        )
        self._check_address(access, client_ip)
        self._check_permission(access)
        return access

    def access_for(self, identity: Identity, client_ip: str, stamp: int) -> Access:
        """The access of an account under the limits of its password. Raises `LoginFailed` for a forbidden address."""
        credential = credential_of(identity, "Password")
        access = identity.access(stamp)
        if identity.is_external:  # a former password here ends for nobody; from where one may come still counts
            access = evolve(access, permissions=access.permissions - KEPT_HERE)
        elif credential is not None and self._has_expired(credential):
            access = evolve(access, permissions=access.permissions & AFTER_EXPIRY)
        elif credential is not None:
            access = evolve(access, expires_at=credential.expires_at)
        if credential is None:
            return access
        access = evolve(access, credential_id=credential.credential_id, networks=networks_of(credential))
        self._check_address(access, client_ip)
        return access

    async def fits(self, stored: str | None, secret: str) -> bool:
        """Whether ``secret`` fits; a stored value that cannot be read is an error of ours and counts against nobody."""
        try:
            return await self._hashing.check(stored, secret, self._algorithm)
        except hashes.UnknownHash as error:
            self._telemetry.emit(AUTH_ERROR, reason=str(error))
            raise Unauthenticated() from None

    async def _fits_generated(self, stored: str, secret: str) -> bool:
        if stored.startswith("{SHA256}"):
            return hashes.verify(stored, secret)  # microseconds: not worth a thread
        return await self.fits(stored, secret)

    @property
    def _algorithm(self) -> str:
        algorithm: str = self._settings.of(Authentication).password_hash_algorithm
        return algorithm

    def _has_expired(self, credential: Any) -> bool:
        return credential.expires_at is not None and credential.expires_at <= self._clock.seconds()

    def _check_address(self, access: Access, client_ip: str) -> None:
        if not is_allowed_from(client_ip, access.networks):
            self._telemetry.emit(SECURITY_IP_UNAUTHORIZED, accountId=access.account_id, remoteIp=client_ip)
            raise LoginFailed("address not allowed", access.login, Forbidden())

    def _check_permission(self, access: Access) -> None:
        if not access.may("authenticate"):
            self._telemetry.emit(SECURITY_UNAUTHORIZED, accountId=access.account_id, permission="authenticate")
            raise Forbidden()

    async def _check_second_factor(
        self, identity: Identity, uri: str | None, code: str | None, passkey_proved: bool
    ) -> None:
        account_id = identity.account_id
        if uri is None and (
            passkey_proved
            or not await self._store.read(lambda tx: passkey_records.wanted_with_password(tx, account_id))
        ):
            return
        if code is None:
            self._telemetry.emit(AUTH_MFA_REQUIRED, accountId=account_id)
            raise SecondFactorRequired()
        if recovery_codes.read_code(code) is not None:
            now = int(self._clock.seconds())
            if not await self._store.write(lambda tx: _use_recovery_code(tx, account_id, code, now)):
                raise LoginFailed("wrong or used recovery code", answer=WrongCode())
            return
        if uri is None:
            raise LoginFailed("no recovery code", answer=WrongCode())
        await self._check_code(account_id, uri, code)

    async def _check_code(self, account_id: int, uri: str, code: str) -> None:
        try:
            totp = Totp.from_uri(uri)
        except InvalidUri as error:
            raise LoginFailed(f"second factor cannot be used: {error}") from None
        now = int(self._clock.seconds())
        if not await self._store.write(lambda tx: use_code(tx, account_id, totp, code, now)):
            raise LoginFailed("wrong or used code", answer=WrongCode())

    async def _renew_hash(self, identity: Identity, stored: str, secret: str) -> bool:
        # A login never fails because its hash could not be renewed: the next one tries again.
        algorithm, now, account_id = self._algorithm, self._clock.seconds(), identity.account_id
        if account_id in self._renewing or not hashes.needs_upgrade(stored, algorithm, secret):
            return False
        self._renewing.add(account_id)
        try:
            renewed = await self._hashing.run(lambda: hashes.make(secret, algorithm))
            await self._store.write(lambda tx: _renew(tx, account_id, stored, renewed, now))
        except StalwartError as error:
            self._telemetry.emit(AUTH_ERROR, accountId=account_id, reason=type(error).__name__)
            return False
        finally:
            self._renewing.discard(account_id)
        self._forget(account_id)
        return True


def _renew(tx: Transaction, account_id: int, stored: str, renewed: str, now: float) -> None:
    if account_records.renew_hash(tx, account_id, stored, renewed, now):
        same_secret(tx, stored, renewed, int(now))


def _use_recovery_code(tx: Transaction, account_id: int, code: str, now: int) -> bool:
    if is_held_back(tx, account_id, now):
        return False
    fits = recovery_codes.use_code(tx, account_id, code)
    if not fits:
        count_wrong(tx, account_id, now)
    return fits
