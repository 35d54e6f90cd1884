"""The composition root: builds every part once, in the order of the floors, and takes them down in reverse.

What a part needs is handed to it here and nowhere else. Three modes: normal; recovery (STALWART_RECOVERY_MODE, one
plain listener, limits off); bootstrap (``--config`` names a file that does not exist: nothing is written, the store is
in memory, one administrator with two permissions).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TextIO

from attrs import define, field
from twisted.internet.defer import Deferred

from stalwart.api.schema import SchemaDocument
from stalwart.app.demo import DOMAIN, ensure_demo, invitation
from stalwart.app.directories import external_directories
from stalwart.app.environment import Environment, base_url
from stalwart.app.faces import routes
from stalwart.app.first_setup import FirstSetup
from stalwart.app.housekeeping import Housekeeping
from stalwart.app.identity import IdentityProvider, identity_provider
from stalwart.app.listeners import Listeners, Wanted, shown
from stalwart.app.listening import Listening, Wishes
from stalwart.app.outgoing import OutgoingWorld
from stalwart.app.privileges import drop_privileges
from stalwart.app.startup import Startup
from stalwart.app.store_file import NAME as STORE_FILE
from stalwart.app.store_file import StoreFile, embedded_store_config, is_missing, read_store_config
from stalwart.app.tracers import Tracers
from stalwart.config.defaults import ensure_defaults
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.security import BlockedIp
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.directory.account_records import date_text
from stalwart.directory.accounts import Accounts
from stalwart.directory.directory import Directory
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.hashing import HashingPool
from stalwart.directory.recovery import RecoveryAdministrator
from stalwart.errors import Unavailable
from stalwart.jmap.blobs.running import RunningUploads
from stalwart.jmap.endpoint import build_service
from stalwart.mail.delivery.service import Diagnoses
from stalwart.mail.dkim_management import dkim_management
from stalwart.mail.expressions import ExpressionWorld
from stalwart.site.pages import site_assets
from stalwart.store import MemoryStore, Store, open_store
from stalwart.tasks.cleaning import Cleaning
from stalwart.tasks.maintenance import Step, auth_token_removal, maintenance_works
from stalwart.tasks.runner import TaskRunner
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    DELIVERY_PRIVATE_TARGETS,
    NETWORK_BIND_ERROR,
    SERVER_BOOTSTRAP_MODE,
    SERVER_NOBODY,
    SERVER_RECOVERY_MODE,
    SERVER_RELOAD,
    SERVER_STARTUP,
    TLS_NO_AUTHORITIES,
    Level,
)
from stalwart.web.limits import Limits, MemoryCounters
from stalwart.web.listener import wrap_listener
from stalwart.web.site import Site, build_site

Mode = Literal["normal", "recovery", "bootstrap"]

DEFAULT_LISTENERS = ({"name": "http", "bind": {"[::]:8080": True}, "protocol": "http", "useTls": False},)


@define
class House:
    """A running server."""

    mode: Mode
    store: Store
    settings: Settings
    directory: Directory
    outgoing: OutgoingWorld
    site: Site
    listeners: Listeners
    housekeeping: Housekeeping
    tasks: TaskRunner
    wanted: Callable[[], list[Wanted]]
    telemetry: Telemetry
    tracers: Tracers
    identity: IdentityProvider
    external: ExternalDirectories

    def watch(self) -> None:
        """Bind listeners that are added and close those that are removed, from now on."""
        self.settings.watch(self._rebind)

    def _rebind(self) -> None:
        changing = Deferred.fromCoroutine(self.listeners.change(self.wanted()))
        changing.addErrback(lambda failure: self.telemetry.emit(NETWORK_BIND_ERROR, reason=failure.getErrorMessage()))

    async def reload(self) -> None:
        """Read settings and authorities again (SIGHUP)."""
        self.outgoing.reload()
        await self.settings.reload()
        self.telemetry.emit(SERVER_RELOAD)

    async def close(self, grace: float) -> None:
        """Stop accepting, let running requests end within ``grace`` seconds, flush and close everything."""
        self.housekeeping.close()
        await self.tasks.close()
        await self.listeners.close()
        await self.site.shut_down(grace)
        self.settings.close()
        self.identity.close()
        await self.directory.close()
        await self.external.close()
        await self.tracers.close()
        await self.store.close()


async def open_house(
    reactor: Any,
    startup: Startup,
    environment: Environment,
    telemetry: Telemetry,
    start_again: Callable[[], object] = lambda: None,
) -> House:
    """Build, fill and open everything. ``start_again`` is called when a new server has been set up.

    :raises StalwartError: it cannot be done; the detail says what to do. Whatever was opened is closed again.
    """
    builder = Builder(reactor, startup, environment, telemetry, start_again)
    try:
        return await builder.build()
    except BaseException:
        await builder.undo()
        raise


@define
class Builder:
    """Builds a ``House`` step by step; ``undo`` closes what is open so far."""

    reactor: Any
    startup: Startup
    environment: Environment
    telemetry: Telemetry
    start_again: Callable[[], object]
    opened: list[Any] = field(factory=list)

    async def build(self) -> House:
        """The finished house, its listeners bound."""
        mode = self._mode()
        store = await self._store(mode)
        overrides = {Diagnosis.type_name: self.environment.diagnosis} if self.environment.diagnosis else {}
        settings = Settings(store, self.telemetry, self.reactor, overrides)
        self.opened.append(settings)
        await self._fill(mode, store, settings)
        hashing = HashingPool(self.reactor)
        outgoing = OutgoingWorld(self.reactor, settings)
        external = await external_directories(
            store,
            settings,
            hashing,
            self.reactor,
            outgoing.trust_store,
            self.telemetry,
            data_store=self._data_file(mode),
        )
        self.opened.append(external)
        directory = Directory(
            store,
            settings,
            hashing,
            self.reactor,
            self.telemetry,
            recovery=self._recovery_administrator(mode),
            external=external,
            cache_lifetime=lambda: settings.of(OidcProvider).access_token_expiry / 1000,
        )
        self.opened.append(directory)
        listeners = Listeners(self.reactor, self.telemetry, lambda wanted: self._served(site, wanted))
        wishes = Wishes(mode, settings, self.startup.endpoints, self.environment.recovery_port)
        listening = Listening(listeners, settings, wishes)
        tracers = Tracers(settings, self.telemetry, self.reactor, environment_decides=mode != "normal")
        self.opened.append(tracers)
        limits = Limits()
        tasks = self._tasks(store, settings, hashing, limits, directory)
        self.opened.append(tasks)
        services = self._services(mode, store, settings, directory, hashing, outgoing, listening)
        services |= {"tasks": tasks, "hostname": self.environment.hostname}
        identity = identity_provider(
            store,
            settings,
            directory,
            hashing,
            MemoryCounters(),
            self.reactor,
            self.telemetry,
            base_url=services["base_url"],
            mode=mode,
        )
        await identity.load()
        self.opened.append(identity)
        services |= {**identity.services, "external_directories": external}
        services["jmap"] = build_service(services, mode=mode)
        site = self._site(mode, services, settings, directory, limits)
        self.opened.append(listeners)
        house = House(
            mode,
            store,
            settings,
            directory,
            outgoing,
            site,
            listeners,
            Housekeeping(store, settings, self.telemetry, self.reactor),
            tasks,
            wishes,
            self.telemetry,
            tracers,
            identity,
            external,
        )
        await self._open(house, hashing)
        return house

    async def undo(self) -> None:
        """Close in reverse what was opened."""
        for part in reversed(self.opened):
            closing = part.close()
            if closing is not None:
                await closing
        self.opened.clear()

    def _mode(self) -> Mode:
        if self.startup.config is not None and is_missing(Path(self.startup.config)):
            self.telemetry.threshold = self.environment.recovery_log_level
            self.telemetry.emit(SERVER_BOOTSTRAP_MODE, config=self.startup.config)
            return "bootstrap"
        if self.environment.recovery_mode:
            self.telemetry.threshold = self.environment.recovery_log_level
            self.telemetry.emit(SERVER_RECOVERY_MODE)
            return "recovery"
        self.telemetry.threshold = Level.INFO
        return "normal"

    async def _store(self, mode: Mode) -> Store:
        store: Store
        if mode == "bootstrap":
            store = MemoryStore()
        elif self.startup.config is not None:
            store = open_store(read_store_config(Path(self.startup.config)), self.reactor, self.telemetry)
        else:
            config = embedded_store_config(Path(self.startup.data or "."))
            store = open_store(config, self.reactor, self.telemetry)
        self.opened.append(store)
        await store.start()
        return store

    async def _fill(self, mode: Mode, store: Store, settings: Settings) -> None:
        """Defaults of a first start; in bootstrap mode the memory store needs the host name only."""
        now = self.reactor.seconds()
        domain = DOMAIN if self.startup.demo else None
        listeners = DEFAULT_LISTENERS if mode == "normal" else ()
        hostname = self.environment.hostname
        await store.write(
            lambda tx: ensure_defaults(tx, hostname=hostname, default_domain=domain, listeners=listeners, now=now)
        )
        await settings.load()

    def _recovery_administrator(self, mode: Mode) -> RecoveryAdministrator | None:
        bootstrap = mode == "bootstrap"
        if self.environment.recovery_admin is not None:
            return RecoveryAdministrator.named(*self.environment.recovery_admin, bootstrap=bootstrap)
        if not bootstrap:
            return None
        administrator = RecoveryAdministrator.for_bootstrap()
        login, secret = administrator.login, administrator.secret
        _tell(sys.__stderr__, f"\nBootstrap mode. Log in as {login} with the password {secret}\n")
        return administrator

    def _services(
        self,
        mode: Mode,
        store: Store,
        settings: Settings,
        directory: Directory,
        hashing: HashingPool,
        outgoing: OutgoingWorld,
        listening: Listening,
    ) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        return {
            "store": store,
            "settings": settings,
            "directory": directory,
            "hashing": hashing,
            "outgoing": outgoing,
            "diagnoses": Diagnoses(outgoing, settings, self.telemetry),
            "assets": site_assets(),
            "telemetry": self.telemetry,
            "clock": self.reactor,
            "mode": mode,
            "listeners": listening,
            "expression_io": ExpressionWorld(
                store, settings, self.telemetry, lambda: outgoing().resolver, self.reactor, self.environment.hostname
            ),
            "uploads": RunningUploads(),
            "base_url": self._base_url(mode, settings),
            "accounts": Accounts(store, settings, hashing, self.reactor, directory.forget),
            "schema_document": SchemaDocument(self.reactor),
            "setup": self._setup(hashing) if mode == "bootstrap" else None,
            "store_file": None if mode == "bootstrap" else StoreFile(self._config_path(), self._opened_store),
        }

    def _tasks(
        self, store: Store, settings: Settings, hashing: HashingPool, limits: Limits, directory: Directory
    ) -> TaskRunner:
        """The runner with everything that it can carry out, by variant of x:Task."""

        async def reset_rate_limiters() -> None:
            limits.reset()

        cleaning = Cleaning(store, settings, self.reactor)
        further: dict[str, Step] = {
            "resetRateLimiters": reset_rate_limiters,
            "removeAuthTokens": auth_token_removal(cleaning, directory.forget_all),
        }
        works = maintenance_works(cleaning, further)
        works["DkimManagement"] = dkim_management(store, settings, hashing, self.reactor)
        return TaskRunner(store, settings, self.telemetry, self.reactor, works)

    def _data_file(self, mode: Mode) -> Path | None:
        """The file of an SQLite data store."""
        if mode == "bootstrap":
            return None
        if self.startup.config is not None:
            config = read_store_config(Path(self.startup.config))
        else:
            config = embedded_store_config(Path(self.startup.data or "."))
        return Path(config["path"]) if config.get("@type") == "Sqlite" else None

    def _config_path(self) -> Path:
        if self.startup.config is not None:
            return Path(self.startup.config)
        return Path(self.startup.data or ".") / STORE_FILE

    def _opened_store(self, config: Mapping[str, Any]) -> Store:
        return open_store(config, self.reactor, self.telemetry)

    def _setup(self, hashing: HashingPool) -> FirstSetup:
        return FirstSetup(
            self._config_path(),
            self.environment.hostname,
            DEFAULT_LISTENERS,
            open_store=self._opened_store,
            hashing=hashing,
            clock=self.reactor,
            finished=self.start_again,
        )

    def _site(
        self,
        mode: Mode,
        services: dict[str, Any],
        settings: Settings,
        directory: Directory,
        limits: Limits,
    ) -> Site:
        return build_site(
            routes(),
            services,
            settings=settings,
            directory=directory,
            telemetry=self.telemetry,
            clock=self.reactor,
            mode=mode,
            base_url=services["base_url"],
            limits=limits,
            ban=lambda ip, reason, expires_at: self._ban(settings, ip, reason, expires_at),
            expression_io=services["expression_io"],
        )

    def _base_url(self, mode: Mode, settings: Settings) -> str:
        if mode != "normal":
            return ""  # http-service 1.5
        system = settings.of(SystemSettings)
        jmap = system.services.get("jmap")
        hostname = (jmap.hostname if jmap is not None else None) or system.default_hostname
        return base_url(self.environment, hostname, self.environment.hostname)

    def _served(self, site: Site, wanted: Wanted) -> Any:
        """The factory behind one HTTP listener."""
        return wrap_listener(
            site,
            wanted.settings,
            clock=self.reactor,
            proxy_trusted_networks=wanted.proxies,
            system_max_connections=wanted.most,
            bind_ip=wanted.bind_ip,
        )

    async def _has_nobody(self, store: Store) -> bool:
        """Whether there is no account that could sign in."""
        return await store.read(lambda tx: tx.registry.count("Account")) == 0

    async def _ban(self, settings: Settings, ip: str, reason: str, expires_at: int | None) -> None:
        await settings.create(BlockedIp, {"address": ip, "reason": reason, "expiresAt": date_text(expires_at)})

    async def _open(self, house: House, hashing: HashingPool) -> None:
        self.opened.append(house.housekeeping)
        people = []
        data = Path(self.startup.data) if self.startup.data else None
        if self.startup.demo and data is not None:
            accounts = Accounts(house.store, house.settings, hashing, self.reactor, house.directory.forget)
            people = await ensure_demo(data, house.settings, accounts)
        failed = await house.listeners.bind(house.wanted())
        if failed and not house.listeners.bound:
            raise Unavailable("No listener could be bound, so there is nobody to serve.")
        house.watch()
        house.housekeeping.start()
        if house.mode == "normal":
            house.tasks.start()
        if self.environment.run_as_user:
            drop_privileges(self.environment.run_as_user, self.environment.run_as_group, data)
        house.tracers.start()  # by now as the user who will roll the files over
        for problem in house.outgoing.problems():
            self.telemetry.emit(TLS_NO_AUTHORITIES, reason=problem)
        if house.settings.of(Diagnosis).allow_private_targets:
            self.telemetry.emit(DELIVERY_PRIVATE_TARGETS)
        self.telemetry.emit(SERVER_STARTUP, mode=house.mode, listeners=len(house.listeners.bound))
        if house.mode == "normal" and self.environment.recovery_admin is None and await self._has_nobody(house.store):
            self.telemetry.emit(SERVER_NOBODY, hint=FIRST_LOGIN)
        http = next((bound for bound in house.listeners.bound if bound.wanted.protocol == "http"), None)
        if people and http is not None and data is not None:
            _tell(sys.__stdout__, invitation(f"http://{shown(http.port.getHost())}", data, people))


FIRST_LOGIN = "start it once with STALWART_RECOVERY_ADMIN=user:secret in the environment, sign in so, make accounts"


def _tell(stream: TextIO | None, text: str) -> None:
    """Write for the person at the terminal, past twistd's log: the text holds passwords."""
    if stream is not None:
        print(text, file=stream, flush=True)
