"""What everything else in the house stands on: the store, the settings, the outgoing world, the directory.

The mode decides here: normal; recovery (STALWART_RECOVERY_MODE); bootstrap (``--config`` names a file that does not
exist, so the store is in memory and one administrator may do nothing but the first set-up).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from stalwart.app.blob_place import choose_blob_place
from stalwart.app.demo import DOMAIN, url_of
from stalwart.app.directories import external_directories
from stalwart.app.environment import Environment, base_url
from stalwart.app.outgoing import OutgoingWorld
from stalwart.app.sole_use import SoleUse
from stalwart.app.startup import Startup
from stalwart.app.vault_key import NAME as VAULT_KEY
from stalwart.app.vault_key import is_exposed, open_vault
from stalwart.config.defaults import ensure_defaults
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.config.storage.blob_store import BlobStore
from stalwart.config.vault import Vault
from stalwart.directory.directory import Directory
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.hashing import HashingPool
from stalwart.directory.recovery import RecoveryAdministrator
from stalwart.errors import Invalid, Unavailable
from stalwart.store import MemoryStore, Store, open_store
from stalwart.store.config_file import NAME as STORE_FILE
from stalwart.store.config_file import (
    blob_folder,
    database_file,
    embedded_store_config,
    former_file,
    is_missing,
    read_store_config,
)
from stalwart.store.moving.places import would_forget
from stalwart.store.opening import explained
from stalwart.store.sqlite.engine import is_gone
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SECURITY_KEY_EXPOSED, SERVER_BOOTSTRAP_MODE, SERVER_RECOVERY_MODE, Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalwart.app.company import Company

Mode = Literal["normal", "recovery", "bootstrap"]

DEFAULT_LISTENERS = (
    {"name": "http", "bind": {"[::]:8080": True}, "protocol": "http", "useTls": False},
    {"name": "https", "bind": {"[::]:443": True}, "protocol": "http", "useTls": True, "tlsImplicit": True},
    {"name": "smtp", "bind": {"[::]:25": True}, "protocol": "smtp"},
)


@frozen
class Foundations:
    """The parts that most others ask for. ``base_url`` is empty where nobody knows what the server is called."""

    mode: Mode
    store: Store
    vault: Vault
    settings: Settings
    hashing: HashingPool
    outgoing: OutgoingWorld
    external: ExternalDirectories
    directory: Directory
    reactor: Any
    telemetry: Telemetry
    hostname: str
    base_url: str
    config_path: Path
    sole_use: SoleUse | None


async def lay_foundations(
    reactor: Any,
    startup: Startup,
    environment: Environment,
    telemetry: Telemetry,
    opened: list[Any],
    join: Callable[[Store], Company],
    daemon: str,
) -> Foundations:
    """Open and fill what is needed first; whatever has to be closed again is added to ``opened``. ``join`` is asked for
    the company of a process with this store, which is one of ``daemon``.
    """
    mode = chosen_mode(startup, environment, telemetry)
    config_path = _config_path(startup)
    config = None if mode == "bootstrap" else await _store_config(startup, environment, config_path, reactor)
    data_file = None if config is None else database_file(config)
    if data_file is not None and is_gone(data_file):
        raise Invalid(GONE.format(path=data_file))
    sole_use = await _held(data_file, daemon, reactor, opened)
    store = await _started(config, config_path, reactor, telemetry, opened)
    company = join(store)
    key_file = None if config is None else _vault_key_file(environment, data_file or config_path)
    vault = await _unlocked(store, key_file, environment, telemetry)
    overrides = {Diagnosis.type_name: environment.diagnosis} if environment.diagnosis else {}
    settings = Settings(store, telemetry, reactor, overrides, announce=company.changed_settings)
    opened.append(settings)
    await _fill(store, mode, startup, environment, reactor.seconds())
    await settings.load()
    await choose_blob_place(store, settings.of(BlobStore), reactor, telemetry)
    hashing = HashingPool(reactor)
    outgoing = OutgoingWorld(reactor, settings, company.forgot_world, telemetry)
    external = await external_directories(
        store, settings, hashing, reactor, outgoing.trust_store, telemetry, data_store=data_file
    )
    opened.append(external)
    directory = Directory(
        store,
        settings,
        hashing,
        reactor,
        telemetry,
        recovery=_recovery_administrator(mode, environment),
        external=external,
        cache_lifetime=lambda: settings.of(OidcProvider).access_token_expiry / 1000,
        announce=company.forgot,
    )
    opened.append(directory)
    return Foundations(
        *(mode, store, vault, settings),
        hashing,
        outgoing,
        external,
        directory,
        reactor,
        telemetry,
        environment.hostname,
        _base_url(mode, settings, environment, startup),
        *(config_path, sole_use),
    )


async def _unlocked(store: Store, key_file: Path | None, environment: Environment, telemetry: Telemetry) -> Vault:
    """The vault, opened with the key in a file."""
    vault = await open_vault(store, key_file, anew=environment.new_vault_key)
    if key_file is not None and is_exposed(key_file):
        telemetry.emit(SECURITY_KEY_EXPOSED, path=str(key_file), hint=f"chmod 600 {key_file}")
    return vault


async def _held(data_file: Path | None, daemon: str, reactor: Any, opened: list[Any]) -> SoleUse | None:
    """The lock on the file of the database, if it is one, among what is ``opened``."""
    if data_file is None:
        return None
    sole_use = SoleUse(data_file, daemon)
    opened.append(sole_use)
    await sole_use.begin(reactor)
    return sole_use


async def _started(
    config: dict[str, Any] | None, path: Path, reactor: Any, telemetry: Telemetry, opened: list[Any]
) -> Store:
    """The store, among what is ``opened``. Errors say where it is named."""
    if config is not None and _has_password(config) and is_exposed(path):
        telemetry.emit(SECURITY_KEY_EXPOSED, path=str(path), hint=f"chmod 600 {path}")
    try:
        store = _not_started(config, path, reactor, telemetry)
        opened.append(store)
        await store.start()
    except (Invalid, Unavailable) as problem:
        former = former_file(path)
        before = f", what it was before by {former}" if former.exists() else ""
        raise type(problem)(f"{explained(problem)} The data store is named by {path}{before}.") from problem
    return store


def _has_password(config: dict[str, Any]) -> bool:
    secret = config.get("authSecret")
    return isinstance(secret, dict) and secret.get("@type") == "Value"


def _not_started(config: dict[str, Any] | None, path: Path, reactor: Any, telemetry: Telemetry) -> Store:
    """The store of ``config``, which is in ``path``; of a server that is being set up, one that forgets."""
    if config is None:
        return MemoryStore()
    return open_store(config, reactor, telemetry, blobs=blob_folder(config, path))


def chosen_mode(startup: Startup, environment: Environment, telemetry: Telemetry) -> Mode:
    """The mode of this start; sets the log level of it, and tells of any but the normal one."""
    if startup.config is not None and is_missing(Path(startup.config)):
        telemetry.threshold = environment.recovery_log_level
        telemetry.emit(SERVER_BOOTSTRAP_MODE, config=startup.config)
        return "bootstrap"
    if environment.recovery_mode:
        telemetry.threshold = environment.recovery_log_level
        telemetry.emit(SERVER_RECOVERY_MODE)
        return "recovery"
    telemetry.threshold = Level.INFO
    return "normal"


def tell(stream: TextIO | None, text: str) -> None:
    """Write for the person at the terminal, past twistd's log: the text holds passwords."""
    if stream is not None:
        print(text, file=stream, flush=True)


def _config_path(startup: Startup) -> Path:
    return Path(startup.config) if startup.config is not None else Path(startup.data or ".") / STORE_FILE


async def _keep_data(path: Path, given: dict[str, Any] | None, reactor: Any) -> None:
    """Raises Invalid if an empty store is to take the place of one with data, which ``path`` names."""
    if given is None or not path.exists():
        return
    if await deferToThreadPool(reactor, reactor.getThreadPool(), would_forget, path, given):
        raise Invalid(EMPTY.format(path=path))


GONE = (
    "The data store {path} is missing, though this server has used it. Put it back from a backup; to begin anew, "
    "remove what is left of it ({path}.*)."
)
EMPTY = (
    "STALWART_DATA_STORE names an empty data store, but {path} one with data: a server without accounts would refuse "
    "its mail. Have stalwart-cli store copy bring the data there first, or move that file away to begin anew."
)


def _vault_key_file(environment: Environment, beside: Path) -> Path:
    return Path(environment.vault_key_file) if environment.vault_key_file else beside.with_name(VAULT_KEY)


async def _store_config(startup: Startup, environment: Environment, path: Path, reactor: Any) -> dict[str, Any]:
    given = environment.data_store
    if startup.config is None:
        await _keep_data(path, given, reactor)
        return embedded_store_config(Path(startup.data or "."), given)
    if given is not None:
        raise Invalid("STALWART_DATA_STORE takes the place of a file: give --data FOLDER, not --config FILE.")
    return read_store_config(Path(startup.config))


async def _fill(store: Store, mode: Mode, startup: Startup, environment: Environment, now: float) -> None:
    """Defaults of a first start; in bootstrap mode the memory store needs the host name only."""
    domain = DOMAIN if startup.demo else None
    listeners = DEFAULT_LISTENERS if mode == "normal" else ()
    hostname = environment.hostname
    await store.write(
        lambda tx: ensure_defaults(tx, hostname=hostname, default_domain=domain, listeners=listeners, now=now)
    )


def _recovery_administrator(mode: Mode, environment: Environment) -> RecoveryAdministrator | None:
    bootstrap = mode == "bootstrap"
    if environment.recovery_admin is not None:
        return RecoveryAdministrator.named(*environment.recovery_admin, bootstrap=bootstrap)
    if not bootstrap:
        return None
    administrator = RecoveryAdministrator.for_bootstrap()
    login, secret = administrator.login, administrator.secret
    tell(sys.__stderr__, f"\nBootstrap mode. Log in as {login} with the password {secret}\n")
    return administrator


def _base_url(mode: Mode, settings: Settings, environment: Environment, startup: Startup) -> str:
    if mode != "normal":
        return ""  # http-service 1.5
    if startup.demo and environment.public_url is None:
        for endpoint in startup.endpoints.get("http", ()):
            if (url := url_of(endpoint)) is not None:
                return url
    system = settings.of(SystemSettings)
    jmap = system.services.get("jmap")
    hostname = (jmap.hostname if jmap is not None else None) or system.default_hostname
    return base_url(environment, hostname, environment.hostname)
