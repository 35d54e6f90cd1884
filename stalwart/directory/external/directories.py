"""The directories elsewhere that the settings name: which one serves whom, one client for each, and the accounts that
follow from what they say (auth-api 2.2, 2.3).

A domain is served by its own directory, else by the default one, else here. Clients are made when they are first
needed, by the maker of their variant, and again when their settings change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from hashlib import blake2b
from typing import Any, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred

from stalwart.config.domains.domain import Domain
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.directory import Directory
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.directory.external import token_claims
from stalwart.directory.external.found import Found, PasswordDirectory, TokenDirectory
from stalwart.directory.external.groups import Groups
from stalwart.directory.external.provisioning import NotAccepted, current, synchronise
from stalwart.directory.identity import directory_of
from stalwart.errors import Forbidden, Invalid, StalwartError, Unauthenticated, Unavailable
from stalwart.net.flights import Flights
from stalwart.schema.formats import domain_name
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_ACCOUNT_CREATED, AUTH_DIRECTORY_REFUSED, AUTH_ERROR

T = TypeVar("T")
Client = PasswordDirectory | TokenDirectory
Maker = Callable[[Any], Client]
"""Makes the client of a settings object; it raises Invalid if that cannot be used."""

_REFUSED = "Your directory names an account that this server does not take from it. Please ask your administrator."


@frozen
class _Live:
    declared: Any
    client: Client


@frozen
class _Served:
    """A domain by its own name, and the directory that serves it."""

    name: str
    directory_id: int | None


@frozen
class _Known:
    """What the settings say: domains by all their names, the default one, and the directories."""

    domains: Mapping[str, _Served]
    default: _Served | None
    declared: Mapping[int, Any]


class ExternalDirectories:
    """Asks directories and keeps accounts in step. ``makers`` has a `Maker` by variant (`Ldap`, `Sql`, `Oidc`)."""

    def __init__(
        self, settings: Settings, store: Store, makers: Mapping[str, Maker], clock: Any, telemetry: Telemetry
    ) -> None:
        self._settings = settings
        self._store = store
        self._makers = makers
        self._clock = clock
        self._telemetry = telemetry
        self._changed: Callable[[int], None] = lambda account_id: None
        self._live: dict[int, _Live] = {}
        self._read: _Known | None = None
        self._groups = Groups(store, settings, clock)
        self._flights: Flights[tuple[int, str, bytes], int | None] = Flights(copy)
        self._unwatch = settings.watch(self._settings_changed)

    def on_change(self, changed: Callable[[int], None]) -> None:
        """Call ``changed`` with the id of each account that is written here."""
        self._changed = changed

    def serving(self, login: str) -> int | None:
        """The directory that serves the domain of ``login``; None: it is served here, or unknown."""
        domain = self._domain_of(login)
        return None if domain is None else domain.directory_id

    def address_of(self, login: str) -> str:
        """``login`` as an address: with the default domain, and the name of a domain that an alias stands for."""
        domain = self._domain_of(login)
        local = login.rpartition("@")[0] or login
        return login if domain is None else f"{local}@{domain.name}"

    def checks_passwords(self, directory_id: int) -> bool:
        """Whether the directory can say if a password is right. Raises Unavailable."""
        return isinstance(self._client(directory_id), PasswordDirectory)

    async def check(self, directory_id: int, address: str, secret: str) -> int | None:
        """The account of who has ``secret`` for a password; None: wrong or unknown.

        Raises Unavailable, Forbidden (what the directory says is not accepted).
        """
        digest = blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        return await self._flights.join(
            (directory_id, address, digest), lambda: self._check(directory_id, address, secret)
        )

    async def find(self, address: str) -> int | None:
        """The account of whom the directory of the domain knows under ``address``, without any password.

        Raises as `check`.
        """
        directory_id = self.serving(address)
        client = None if directory_id is None else self._client(directory_id)
        if directory_id is None or not isinstance(client, PasswordDirectory):
            return None
        found = await self._asked(directory_id, client.find(address))
        return None if found is None else await self.account_of(directory_id, found)

    def takes_token(self, token: str) -> bool:
        """Whether a provider might know a bearer token. Raises Unavailable."""
        return self._for_token(token) is not None

    async def check_token(self, token: str) -> tuple[int, int | None]:
        """The account of whose token it is, and when that ends (seconds since the epoch).

        Raises LoginFailed: the provider refuses it; Unauthenticated, Forbidden, Unavailable.
        """
        chosen = self._for_token(token)
        if chosen is None:
            raise Unauthenticated()
        found = await self._asked(chosen[0], chosen[1].authenticate(token))
        return await self.account_of(chosen[0], found), found.expires_at

    async def account_of(self, directory_id: int, found: Found) -> int:
        """The account of ``found``, made or changed as need be. Raises Forbidden: it is not accepted; Unavailable."""
        authentication = self._settings.of(Authentication)
        client = self._client(directory_id)
        try:
            if found.groups and isinstance(client, PasswordDirectory):
                await self._asked(directory_id, self._groups.learn(directory_id, client, found))
            known = await self._store.read(lambda tx: current(tx, directory_id, authentication, found))
            return known if known is not None else await self._write(directory_id, found)
        except (NotAccepted, Invalid) as problem:
            self._telemetry.emit(
                AUTH_DIRECTORY_REFUSED, directory=directory_id, accountName=found.address[:254], reason=str(problem)
            )
            raise Forbidden(_REFUSED) from None

    async def discovery(self, email: str) -> dict[str, Any] | None:
        """The metadata of the OpenID provider that serves the domain of ``email``, or None. Raises Unavailable."""
        directory_id = self.serving(email) if "@" in email else None
        client = None if directory_id is None else self._client(directory_id)
        if directory_id is None or not isinstance(client, TokenDirectory):
            return None
        return await self._asked(directory_id, client.discovery())

    async def close(self) -> None:
        """Stop watching the settings and close all clients."""
        self._unwatch()
        closing, self._live = self._live, {}
        for live in closing.values():
            await self._close(live.client)

    async def _check(self, directory_id: int, address: str, secret: str) -> int | None:
        client = self._client(directory_id)
        if not isinstance(client, PasswordDirectory):
            return None
        found = await self._asked(directory_id, client.check(address, secret))
        return None if found is None or found.kind != "User" else await self.account_of(directory_id, found)

    async def _asked(self, directory_id: int, question: Awaitable[T]) -> T:
        try:
            return await question
        except Unavailable as problem:
            self._telemetry.emit(AUTH_ERROR, directory=directory_id, reason=problem.detail)
            raise

    def _for_token(self, token: str) -> tuple[int, TokenDirectory] | None:
        """The directory that may know a bearer token, and its id.

        It is that of the domain that a JWT names (which is not believed yet), else the default one, else the provider
        that a JWT says has issued it.
        """
        if not token_claims.is_token(token):
            return None
        read = token_claims.unverified(token)
        claims = read[1] if read is not None else {}
        named = [self._domain_of(f"@{name}") for name in token_claims.named_domains(claims)]
        domain = next((each for each in named if each is not None), None)
        chosen = domain.directory_id if domain is not None else self._settings.of(Authentication).directory_id
        if chosen is None and domain is None:
            chosen = self._issued_by(claims.get("iss"))
        client = None if chosen is None else self._client(chosen)
        return (chosen, client) if chosen is not None and isinstance(client, TokenDirectory) else None

    async def _write(self, directory_id: int, found: Found) -> int:
        authentication, now = self._settings.of(Authentication), self._clock.seconds()
        account_id, is_new = await self._store.write(
            lambda tx: synchronise(tx, directory_id, authentication, found, now)
        )
        self._changed(account_id)
        if is_new:
            self._telemetry.emit(
                AUTH_ACCOUNT_CREATED, accountId=account_id, accountName=found.address, directory=directory_id
            )
        return account_id

    @property
    def _known(self) -> _Known:
        if self._read is None:
            authentication, default = self._settings.of(Authentication), self._settings.of(SystemSettings)
            served = {id: _Served(each.name, directory_of(each, authentication)) for id, each in self._domains()}
            names = {name: served[id] for id, each in self._domains() for name in (each.name, *each.aliases)}
            default_domain = served.get(default.default_domain_id or 0)
            self._read = _Known(names, default_domain, dict(self._settings.all(Directory)))
        return self._read

    def _domains(self) -> tuple[tuple[int, Domain], ...]:
        return self._settings.all(Domain)

    def _domain_of(self, login: str) -> _Served | None:
        _, at, name = login.rpartition("@")
        return self._known.domains.get(_normal(name)) if at else self._known.default

    def _issued_by(self, issuer: Any) -> int | None:
        declared = self._known.declared.items()
        return next((id for id, value in declared if isinstance(issuer, str) and _issuer_of(value) == issuer), None)

    def _client(self, directory_id: int) -> Client:
        """The client of a directory. Raises Unavailable."""
        declared = self._known.declared.get(directory_id)
        live = self._live.get(directory_id)
        if live is not None and live.declared == declared:
            return live.client
        make = self._makers.get(declared.tag) if declared is not None else None
        if make is None:
            raise Unavailable("The directory of this domain is not connected. Please ask your administrator.")
        try:
            client = make(declared)
        except StalwartError as problem:
            self._telemetry.emit(AUTH_ERROR, directory=directory_id, reason=problem.detail)
            raise Unavailable("The directory of this domain cannot be used. Please ask your administrator.") from None
        self._live[directory_id] = _Live(declared, client)
        return client

    def _settings_changed(self) -> None:
        """Forget what was known; clients whose settings are others now are closed, and made anew when needed."""
        self._read = None
        declared = self._known.declared
        for id in [id for id, live in self._live.items() if declared.get(id) != live.declared]:
            Deferred.fromCoroutine(self._close(self._live.pop(id).client))

    async def _close(self, client: Client) -> None:
        try:
            await client.close()
        except Exception as problem:  # what is broken anyway must not keep the server from stopping
            self._telemetry.emit(AUTH_ERROR, reason=f"a directory was not closed: {type(problem).__name__}")


def _issuer_of(declared: Any) -> str | None:
    return getattr(declared, "issuer_url", None)


def _normal(name: str) -> str:
    try:
        return domain_name(name)
    except ValueError:
        return ""
