"""Setting up a new server (settings A.9): from an ``x:Bootstrap`` object to a filled store and ``config.json``.

The configuration file is put in place last and in one step: before that, a failure leaves a server that can be set up
again. What a first start inserts anyway (roles, listeners) is inserted here too, so the restart only opens the store.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import registry
from stalwart.config.defaults import ensure_defaults
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.directory import Directory
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.network.system import SystemSettings
from stalwart.config.operation.bootstrap import Bootstrap
from stalwart.config.storage.blob_store import BlobStore
from stalwart.config.storage.in_memory_store import InMemoryStore
from stalwart.config.storage.search_store import SearchStore
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.dns_server import DnsServer
from stalwart.directory import account_records, hashes
from stalwart.directory.hashing import Hashing
from stalwart.directory.recovery import make_password
from stalwart.errors import Invalid, StalwartError
from stalwart.jmap.registry.domain_checks import schedule_keys
from stalwart.mail.dns_management import schedule_records
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction
from stalwart.store.config_file import prepare_store_config
from stalwart.store.opening import explained

PROBE = 30.0  # seconds that a new store has to answer
ADMINISTRATOR = "admin"
NOT_PUBLIC = "Give a name with a dot, such as mail.example.org; IP addresses and localhost are none."

OpenStore = Callable[[Mapping[str, Any]], Store]


@frozen
class Administrator:
    """Who may sign in after the restart; the secret is told once and kept nowhere."""

    login: str
    secret: str


class FirstSetup:
    """The set-up of the server whose configuration file is ``path``.

    ``hostname`` is this machine's name, ``listeners`` the wire members of the listeners that a first start inserts;
    ``finished`` is called when everything is written, so that the server can start again.
    """

    def __init__(
        self,
        path: Path,
        hostname: str,
        listeners: Iterable[Mapping[str, Any]],
        *,
        open_store: OpenStore,
        hashing: Hashing,
        clock: Any,
        finished: Callable[[], object],
    ) -> None:
        self._path = path
        self._hostname = hostname
        self._listeners = tuple(listeners)
        self._open_store = open_store
        self._hashing = hashing
        self._clock = clock
        self._finished = finished
        self._running = False
        self.is_finished = False

    def suggestion(self) -> Bootstrap:
        """What the form shows before anybody has typed."""
        members = {"serverHostname": self._hostname, "defaultDomain": _registrable(self._hostname)}
        try:
            return Bootstrap.from_wire(members)
        except StalwartError:
            return Bootstrap.from_wire({"serverHostname": "localhost", "defaultDomain": "example.org"})

    async def run(self, wanted: Bootstrap) -> Administrator | None:
        """Set up as ``wanted``; the new administrator, or None where an external directory has the accounts.

        :raises Invalid: it cannot be done so; ``properties`` names the member, the server can still be set up.
        """
        if self._running or self.is_finished:
            raise Invalid("The server is being set up already; it starts again by itself.", ("defaultDomain",))
        if local := [name for name in ("serverHostname", "defaultDomain") if not _is_public(wanted.to_wire()[name])]:
            raise Invalid(NOT_PUBLIC, tuple(local))
        self._running = True
        try:
            administrator = await self._set_up(wanted)
        finally:
            self._running = False
        self.is_finished = True
        self._finished()
        return administrator

    async def _set_up(self, wanted: Bootstrap) -> Administrator | None:
        store = await self._new_store(wanted)
        try:
            prepared = self._prepared_file(wanted)
            secret = make_password()
            hashed = await self._hashing.run(lambda: hashes.make(secret, Authentication().password_hash_algorithm))
            now = self._clock.seconds()
            try:
                await store.write(lambda tx: self._fill(tx, wanted, hashed, now))
            except BaseException:
                prepared.unlink(missing_ok=True)
                raise
        finally:
            await store.close()
        os.replace(prepared, self._path)
        internal = wanted.directory.tag == "Internal"
        return Administrator(f"{ADMINISTRATOR}@{wanted.default_domain}", secret) if internal else None

    async def _new_store(self, wanted: Bootstrap) -> Store:
        config = wanted.data_store.to_stored()
        if isinstance(config.get("path"), str):
            config["path"] = str(self._path.absolute().parent / config["path"])
        try:
            _make_folder(config)
            store = self._open_store(config)
        except (StalwartError, OSError) as problem:
            raise _no_store(problem) from problem
        try:
            await store.start().addTimeout(PROBE, self._clock)
            if await store.read(_is_in_use):
                raise Invalid("There is a server's data in this store already; name an empty one.")
        except (StalwartError, DeferredTimeout) as problem:
            await store.close()
            raise _no_store(problem) from problem
        return store

    def _prepared_file(self, wanted: Bootstrap) -> Path:
        try:
            return prepare_store_config(self._path, wanted.data_store.to_stored())
        except OSError as problem:
            detail = f"{self._path} cannot be written: {problem.strerror}. The server needs it to find its store."
            raise Invalid(detail, ("dataStore",)) from problem

    def _fill(self, tx: Transaction, wanted: Bootstrap, hashed: str, now: float) -> None:
        """Everything that is in the store of a server that was just set up."""

        def create(declaration: Declaration, members: Mapping[str, Any]) -> str:
            return encode_id(registry.create(tx, declaration, members, now=now, by_server=True).id)

        provider = None
        dns_server = None
        if wanted.dns_server.tag != "Manual":
            dns_server = create(DnsServer, wanted.dns_server.to_stored())
        if wanted.request_tls_certificate:
            provider = create(AcmeProvider, _provider(wanted, dns_server))
        domain = self._create_domain(tx, _domain(wanted, provider, dns_server), now)
        create(SystemSettings, {"defaultHostname": wanted.server_hostname, "defaultDomainId": domain})
        ensure_defaults(tx, hostname=self._hostname, default_domain=None, listeners=self._listeners, now=now)
        for declaration, block in (
            (BlobStore, wanted.blob_store),
            (SearchStore, wanted.search_store),
            (InMemoryStore, wanted.in_memory_store),
        ):
            create(declaration, block.to_stored())
        create(Tracer, wanted.tracer.to_stored())
        if wanted.directory.tag == "Internal":
            account_records.insert(tx, _administrator(domain, hashed), now)
        else:
            directory = create(Directory, wanted.directory.to_stored())
            registry.update(tx, Authentication, SINGLETON, {"directoryId": directory}, now=now)

    def _create_domain(self, tx: Transaction, members: Mapping[str, Any], now: float) -> str:
        """The domain, whose keys and records are looked after at the next start."""
        entry = registry.create(tx, Domain, members, now=now, by_server=True)
        schedule_keys(tx, entry.id, None, entry.value, now)
        schedule_records(tx, entry.id, None, entry.value, now)
        return encode_id(entry.id)


def _provider(wanted: Bootstrap, dns_server: str | None) -> dict[str, Any]:
    contact = f"postmaster@{wanted.default_domain}"
    return {"challengeType": "TlsAlpn01" if dns_server is None else "Dns01", "contact": {contact: True}}


def _domain(wanted: Bootstrap, provider: str | None, dns_server: str | None) -> dict[str, Any]:
    members: dict[str, Any] = {
        "name": wanted.default_domain,
        "dkimManagement": {"@type": "Automatic" if wanted.generate_dkim_keys else "Manual"},
    }
    if dns_server is not None:
        members["dnsManagement"] = {"@type": "Automatic", "dnsServerId": dns_server}
    if provider is not None:
        members["certificateManagement"] = {"@type": "Automatic", "acmeProviderId": provider}
    return members


def _administrator(domain: str, hashed: str) -> dict[str, Any]:
    return {
        "@type": "User",
        "name": ADMINISTRATOR,
        "domainId": domain,
        "roles": {"@type": "Admin"},
        "credentials": {"0": {"@type": "Password", "secret": hashed}},
    }


def _is_in_use(tx: Transaction) -> bool:
    return (
        any(tx.registry.count(kind.type_name) for kind in (SystemSettings, Domain)) or tx.registry.count("Account") > 0
    )


def _make_folder(config: Mapping[str, Any]) -> None:
    if isinstance(config.get("path"), str):
        Path(config["path"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _no_store(problem: Exception) -> Invalid:
    if isinstance(problem, DeferredTimeout):
        detail = f"The data store did not answer within {PROBE:.0f} seconds."
    elif isinstance(problem, StalwartError):
        detail = explained(problem)
    else:
        detail = f"The data store cannot be opened: {getattr(problem, 'strerror', None) or problem}."
    return Invalid(detail, ("dataStore",))


def _is_public(name: str) -> bool:
    """Whether others may know a host by this name, as far as that can be seen (RFC 6761 6.3)."""
    last = name.rpartition(".")[2]
    return "." in name and last != "localhost" and not last.isdigit()


def _registrable(hostname: str) -> str:
    """The mail domain that a host name suggests: its last two labels, or a name for examples."""
    labels = hostname.split(".")
    return ".".join(labels[-2:]) if len(labels) > 2 else (hostname if len(labels) == 2 else "example.org")
