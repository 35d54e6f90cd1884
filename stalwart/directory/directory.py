"""Who somebody is and what he may do: the one place where passwords, keys and live tokens become an `Access`.

Order of checks: recovery administrator, app password, the directory elsewhere that serves the domain, then the
account's password with its second factor (auth-api 2.2). Failed logins are reported, delayed and answered by
`failures`; successes are never held up. Bearer tokens of other kinds join through `add_bearer`.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Protocol

from attrs import evolve
from twisted.internet.interfaces import IReactorTime

from stalwart.directory.access import RECOVERY_ACCOUNT, Access
from stalwart.directory.api_keys import ApiKeys
from stalwart.directory.cache import CredentialCache
from stalwart.directory.credentials import read_app_password
from stalwart.directory.delay import FailureDelay
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.external.logins import ExternalLogins
from stalwart.directory.failures import FailureObserver, Failures, LoginFailed
from stalwart.directory.hashing import Hashing
from stalwart.directory.identity import Identities, Identity
from stalwart.directory.live_tokens import LiveTokens
from stalwart.directory.login import MAX_LOGIN, LoginName, read_login
from stalwart.directory.passwords import Passwords
from stalwart.directory.recovery import RecoveryAdministrator
from stalwart.directory.standing import Standing
from stalwart.directory.tickets import Tickets
from stalwart.errors import Forbidden, StalwartError, Unauthenticated
from stalwart.store.object_types import SHARES
from stalwart.store.watch import Changed
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SUCCESS
from stalwart.telemetry.measures import CACHE_LOOKUPS

CACHE_LIFETIME = 3600.0
"""How long a credential is taken as right without a new check, in seconds (`OidcProvider.accessTokenExpiry`).
"""


class BearerScheme(Protocol):
    """One kind of bearer token."""

    def recognises(self, token: str) -> bool:
        """Whether ``token`` has the form of this kind."""

    async def authenticate(self, token: str, client_ip: str) -> Access:
        """The access behind ``token``; raises `LoginFailed` for what counts as a failed login, else a StalwartError."""


class Directory:
    """Accounts, credentials and permissions of one server.

    ``recovery`` is the administrator from the environment, if any; ``cache_lifetime`` is asked for each time. Without
    ``external`` nobody can sign in whose password is kept elsewhere. ``announce`` tells other processes which account
    is forgotten here (None: all).
    """

    def __init__(
        self,
        store: Any,
        settings: Any,
        hashing: Hashing,
        clock: IReactorTime,
        telemetry: Telemetry,
        *,
        recovery: RecoveryAdministrator | None = None,
        delay: FailureDelay | None = None,
        cache_lifetime: Callable[[], float] = lambda: CACHE_LIFETIME,
        external: ExternalDirectories | None = None,
        announce: Callable[[int | None], object] = lambda account_id: None,
    ) -> None:
        self._hashing = hashing
        self._telemetry = telemetry
        self._recovery = recovery
        self._cache_lifetime = cache_lifetime
        self._cache = CredentialCache(clock)
        self._hits = telemetry.series(CACHE_LOOKUPS, "credentials", "hit")
        self._misses = telemetry.series(CACHE_LOOKUPS, "credentials", "miss")
        self._delay = delay if delay is not None else FailureDelay(clock)
        self._failures = Failures(self._delay, telemetry)
        self._identities = Identities(store, settings)
        self._live = LiveTokens(store, clock)
        self.standing = Standing(
            store, settings, clock, lambda: self._cache.generation, recovery, lambda: self.recovery_mark
        )
        self._tickets = Tickets(store, self.standing, clock)
        self._passwords = Passwords(store, settings, hashing, clock, telemetry, self.forget)
        self._bearers: list[BearerScheme] = [ApiKeys(self._identities, self._passwords, self._cache)]
        self._external: ExternalLogins | None = None
        if external is not None:
            self._external = ExternalLogins(external, self._identities, self._passwords, lambda: self._cache.generation)
            self._bearers.append(self._external)
            external.on_change(self.forget)
        self._announce = announce
        self._unwatch = settings.watch(self._cache.clear)  # other processes follow the settings themselves
        self._unwatch_store = store.watch(self._written, ahead=True)  # the next request may go to another process

    async def authenticate_basic(self, login: str, secret: str, client_ip: str) -> Access:
        """The access for a login and a password or app password (RFC 7617); white space around the login does
        not count.

        Raises Unauthenticated, SecondFactorRequired, Forbidden, TooMany (the address is banned), Unavailable.
        """
        return await self.authenticate_password(login.strip(), secret, client_ip)

    async def authenticate_password(
        self, login: str, secret: str, client_ip: str, *, code: str | None = None, app_passwords: bool = True
    ) -> Access:
        """As `authenticate_basic`, for a sign-in form: ``code`` is the one-time code, ``app_passwords`` False
        refuses those.
        """
        name = read_login(login)
        try:
            access = await self._prove(name, secret, client_ip, code, app_passwords)
        except LoginFailed as failure:
            failure.login = name.presented
            raise await self._failures.settle(failure, client_ip) from None
        self._telemetry.emit(AUTH_SUCCESS, remoteIp=client_ip, accountName=access.login, accountId=access.account_id)
        return access

    async def prove_password(
        self, account_id: int, secret: str, client_ip: str, *, code: str | None = None, passkey_proved: bool = False
    ) -> None:
        """Prove anew that whoever is signed in knows the password of the account, and has its one-time codes if there
        are any; raises as `authenticate_basic`.

        ``passkey_proved``: his sign-in satisfied the passkeys of the account, so they are not asked for again.
        """
        stamp = self._cache.generation
        identity = await self._identities.by_id(account_id)
        login = identity.address if identity is not None else ""
        try:
            access = await self._prove_password(
                identity, login, secret, client_ip, code, False, stamp, passkey_proved=passkey_proved
            )
        except LoginFailed as failure:
            failure.login = login
            raise await self._failures.settle(failure, client_ip) from None
        self._telemetry.emit(AUTH_SUCCESS, remoteIp=client_ip, accountName=access.login, accountId=account_id)

    async def authenticate_bearer(self, token: str, client_ip: str) -> Access:
        """The access behind a bearer token (RFC 6750): an API key, or what `add_bearer` added. Raises as above."""
        scheme = next((scheme for scheme in self._bearers if scheme.recognises(token)), None)
        if scheme is None:
            raise Unauthenticated()
        try:
            access = await scheme.authenticate(token, client_ip)
        except LoginFailed as failure:
            raise await self._failures.settle(failure, client_ip) from None
        if access.session_id is None:  # the sign-in behind a token of ours was told when it happened
            self._telemetry.emit(
                AUTH_SUCCESS, remoteIp=client_ip, accountName=access.login, accountId=access.account_id
            )
        return access

    def add_bearer(self, scheme: BearerScheme) -> None:
        """Accept another kind of bearer token, asked after those that are there."""
        self._bearers.append(scheme)

    async def account_access(self, account_id: int, client_ip: str) -> Access:
        """The access of an account for tokens issued to it: its password's expiry and networks count (auth-api 2.4).

        Raises Unauthenticated if the account is gone or disabled, Forbidden, LoginFailed for a forbidden
        address.
        """
        stamp = self._cache.generation
        if account_id == RECOVERY_ACCOUNT and self._recovery is not None:
            return evolve(self._recovery.access(), stamp=stamp)
        identity = await self._identities.by_id(account_id)
        if identity is None or not identity.may_sign_in:
            raise Unauthenticated()
        return self._passwords.access_for(identity, client_ip, stamp)

    async def entered_access(self, account_id: int, presenter_id: int, client_ip: str) -> Access:
        """The access to an account that somebody else has entered; raises as `account_access`, for both of them."""
        presenter = await self.account_access(presenter_id, client_ip)
        if not presenter.may("impersonate"):
            raise Forbidden()
        target = await self._identities.by_id(account_id)
        if target is None or not target.is_enabled:
            raise Unauthenticated()
        return entered(target, presenter)

    @property
    def generation(self) -> int:
        """Counts whatever made remembered credentials stale; an ``Access`` is remembered only if it has this stamp."""
        return self._cache.generation

    @property
    def recovery_mark(self) -> str:
        """Changes with the login and the secret of the recovery administrator; says nothing about them."""
        known = self._recovery
        return blake2b(f"{known.login}:{known.secret}".encode(), digest_size=12).hexdigest() if known else ""

    def cached(self, header_value: str, client_ip: str) -> Access | None:
        """The access that this header value (what stands after the scheme) gave before, if nothing has
        changed since.
        """
        access = self._cache.find(header_value, client_ip)
        (self._misses if access is None else self._hits).add()
        return access

    def remember(self, header_value: str, access: Access) -> None:
        """Let `cached` answer for ``header_value``; live tokens are never remembered."""
        if access.kind != "live":
            self._cache.keep(header_value, access, self._cache_lifetime())

    def forget(self, account_id: int) -> None:
        """The account, its roles or its credentials changed: its next request is checked again."""
        self._cache.forget(account_id)
        self._announce(account_id)

    def forget_all(self) -> None:
        """A role, a domain or a setting changed: every next request is checked again."""
        self._cache.clear()
        self._announce(None)

    def _written(self, changed: Changed) -> None:
        """To whom accounts show more or less than before has another access now."""
        for account_id, states in changed.items():
            if SHARES in states:
                self.forget(account_id)

    def hear(self, account_id: int | None) -> None:
        """Another process has forgotten an account, or with None all of them."""
        if account_id is None:
            self._cache.clear()
        else:
            self._cache.forget(account_id)

    async def count_failure(
        self, reason: str, client_ip: str, login: str = "", answer: StalwartError | None = None
    ) -> StalwartError:
        """Count a failed login that was found elsewhere (a passkey, a user code), hold it back, and return what to
        raise: ``answer``, Unauthenticated if that is None, or TooMany."""
        return await self._failures.settle(LoginFailed(reason, login, answer), client_ip)

    def on_failure(self, observer: FailureObserver) -> Callable[[], None]:
        """Tell ``observer(client_ip, login)`` of every failed login; answering True makes it a TooMany."""
        return self._failures.observe(observer)

    async def live_token(self, access: Access, kind: str) -> str:
        """A token of one minute for the stream ``kind``; see `LiveTokens.issue`."""
        return await self._live.issue(access, kind)

    async def redeem_live_token(self, token: str, kind: str) -> Access:
        """The access of a live token; see `LiveTokens.redeem`."""
        return await self._live.redeem(token, kind)

    async def ticket(self, access: Access) -> tuple[str, int]:
        """A ticket for one connection, and when it ends; see `Tickets.issue`."""
        return await self._tickets.issue(access)

    async def redeem_ticket(self, value: str, client_ip: str) -> Access:
        """The access of a ticket, which is good once; see `Tickets.redeem`."""
        return await self._tickets.redeem(value, client_ip)

    async def close(self) -> None:
        """Stop watching settings and store, and let running password work end."""
        self._unwatch()
        self._unwatch_store()
        self._cache.clear()
        await self._hashing.close()

    async def _prove(
        self, name: LoginName, secret: str, client_ip: str, code: str | None, app_passwords: bool
    ) -> Access:
        stamp = self._cache.generation
        if len(name.presented) + len(name.target) > MAX_LOGIN:
            raise LoginFailed("login too long")
        if self._recovery is not None and name.presented == self._recovery.login:
            if not await self._passwords.fits(self._recovery.secret, secret):
                raise LoginFailed("wrong password")
            access = evolve(self._recovery.access(), stamp=stamp)
        else:
            identity = await self._identities.by_login(name.presented)
            access = await self._prove_password(
                identity, name.presented, secret, client_ip, code, app_passwords and not name.impersonates, stamp
            )
        return await self._entered(name, access) if name.impersonates else access

    async def _prove_password(
        self,
        identity: Identity | None,
        login: str,
        secret: str,
        client_ip: str,
        code: str | None,
        app_passwords: bool,
        stamp: int,
        *,
        passkey_proved: bool = False,
    ) -> Access:
        """By the directory that knows the password of ``identity``, who has given ``login``."""
        external = None if read_app_password(secret) is not None else self._external
        directory_id = external.serving(identity, login) if external is not None else None
        if external is None or directory_id is None:
            return await self._passwords.prove(
                identity, secret, client_ip, code, app_passwords, stamp, passkey_proved=passkey_proved
            )
        if not external.checks_passwords(directory_id):  # nobody has guessed anything: it does not count
            await self._delay.wait()
            raise Unauthenticated()
        return await external.prove(
            directory_id, identity, login, secret, client_ip, code, passkey_proved=passkey_proved
        )

    async def _entered(self, name: LoginName, presenter: Access) -> Access:
        if not presenter.may("impersonate"):
            raise Forbidden()
        target = await self._identities.by_login(name.target)
        if target is None and self._external is not None:
            target = await self._external.find(name.target)
        if target is None or not target.is_enabled:
            raise LoginFailed("unknown account to enter")
        access = entered(target, presenter)
        if not access.may("authenticate"):
            raise Forbidden()
        return access


def entered(target: Identity, presenter: Access) -> Access:
    """What ``presenter`` may do in the account of ``target``: what its owner may; his own credential keeps
    its limits.
    """
    return evolve(
        target.access(presenter.stamp),
        credential_id=presenter.credential_id,
        expires_at=presenter.expires_at,
        networks=presenter.networks,
        presenter_id=presenter.account_id,
    )
