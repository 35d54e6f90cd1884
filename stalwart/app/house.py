"""The composition root: builds every part once, in the order of the floors, and takes them down in reverse.

What a part needs is handed to it here and nowhere else. ``foundations`` says what is there first, and in which mode.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from stalwart.api.export import Exports
from stalwart.api.schema import SchemaDocument
from stalwart.app.certificates import CertificateParts, certificate_parts
from stalwart.app.company import Alone, Company
from stalwart.app.demo import ensure_demo, invitation
from stalwart.app.descriptors import Descriptors, descriptor_limit
from stalwart.app.environment import Environment
from stalwart.app.faces import routes
from stalwart.app.foundations import DEFAULT_LISTENERS, Foundations, lay_foundations, tell
from stalwart.app.groupware_parts import GroupwareParts, groupware_parts
from stalwart.app.housekeeping import Housekeeping
from stalwart.app.identity import IdentityProvider, identity_provider
from stalwart.app.later_parts import import_parts
from stalwart.app.listeners import Listeners, Wanted, shown
from stalwart.app.listening import Listening, Wishes
from stalwart.app.mail_doors import MailDoors
from stalwart.app.mail_parts import MailParts, mail_parts
from stalwart.app.node_role import NodeRole
from stalwart.app.observing.live_streams import live_services
from stalwart.app.observing.observation import Observation, observation_of
from stalwart.app.privileges import drop_privileges
from stalwart.app.startup import Startup
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.security import BlockedIp
from stalwart.config.settings import Settings
from stalwart.directory.account_records import date_text
from stalwart.directory.accounts import Accounts
from stalwart.errors import Conflict, Unavailable
from stalwart.jmap.blobs.running import RunningUploads
from stalwart.jmap.endpoint import build_service
from stalwart.mail.announcements import Announcements
from stalwart.mail.delivery.service import Diagnoses
from stalwart.mail.dkim_management import KeyParts, dkim_management
from stalwart.mail.dns_management import RecordParts, dns_management
from stalwart.mail.domain_tasks import ensure_domain_tasks
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.postmasters import Postmasters, tell_of_postmasters
from stalwart.site.pages import site_assets
from stalwart.site.webui.applications import Applications, applications_of
from stalwart.site.webui.bundle import WebInterface
from stalwart.store import Store, open_store
from stalwart.store.config_file import StoreFile, blob_folder
from stalwart.store.moving.places import is_filled
from stalwart.tasks.cleaning import Cleaning
from stalwart.tasks.maintenance import Step, auth_token_removal, maintenance_works
from stalwart.tasks.runner import TaskRunner
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    DELIVERY_PRIVATE_TARGETS,
    NETWORK_BIND_ERROR,
    SERVER_NOBODY,
    SERVER_RELOAD,
    SERVER_STARTUP,
    STORE_ERROR,
    TLS_NO_AUTHORITIES,
)
from stalwart.tls.contexts import ServerTls
from stalwart.web.bans import stored_failures
from stalwart.web.limits import Limits
from stalwart.web.listener import wrap_listener
from stalwart.web.site import Site, build_site

if TYPE_CHECKING:
    from stalwart.app.first_setup import FirstSetup

FIRST_LOGIN = "start it once with STALWART_RECOVERY_ADMIN=user:secret in the environment, sign in so, make accounts"


@define
class House:
    """A running server."""

    foundations: Foundations
    identity: IdentityProvider
    site: Site
    listeners: Listeners
    housekeeping: Housekeeping
    tasks: TaskRunner
    wanted: Callable[[], list[Wanted]]
    observation: Observation
    company: Company
    certificates: CertificateParts
    mail: MailParts
    doors: MailDoors
    groupware: GroupwareParts
    applications: Applications
    is_closing: bool = False

    def lead(self) -> None:
        """Do what only one of several processes may do, from now on."""
        if self.is_closing:
            return
        self.housekeeping.start()
        self.observation.lead()
        if self.mode == "normal":
            self.tasks.start()
            self.certificates.lead()
            self.mail.lead()
            self.groupware.lead()
            Deferred.fromCoroutine(self._ensure_tasks())

    async def _ensure_tasks(self) -> None:
        """Make the tasks that domains lack."""
        below = self.foundations
        try:
            if await ensure_domain_tasks(below.store, below.reactor):
                self.tasks.wake()
        except Exception as problem:
            below.telemetry.emit(STORE_ERROR, reason=f"tasks of domains were not looked after: {problem}")

    @property
    def mode(self) -> str:
        """Normal, recovery or bootstrap."""
        return self.foundations.mode

    def watch(self) -> None:
        """Bind listeners that are added and close those that are removed, from now on."""
        self.foundations.settings.watch(self._rebind)

    def _rebind(self) -> None:
        telemetry = self.foundations.telemetry
        changing = Deferred.fromCoroutine(self.listeners.change(self.wanted()))
        changing.addErrback(lambda failure: telemetry.emit(NETWORK_BIND_ERROR, reason=failure.getErrorMessage()))

    async def reload(self) -> None:
        """Read settings and authorities again (SIGHUP)."""
        self.foundations.outgoing.reload()
        await self.foundations.settings.reload()
        await self.certificates.keeper.load()
        self.foundations.telemetry.emit(SERVER_RELOAD)

    async def close(self, grace: float, drain: float = 0.0) -> None:
        """Say for ``drain`` seconds that others are to be asked, stop accepting, let running requests end within
        ``grace`` seconds, flush and close everything."""
        below = self.foundations
        if drain:
            self.site.leaving = True
            await deferLater(below.reactor, drain)
        self.is_closing = True
        self.housekeeping.close()
        await self.tasks.close()
        await self.certificates.close()
        await self.listeners.close()
        draining = Deferred.fromCoroutine(self.doors.close(grace))
        await self.site.shut_down(grace)
        await draining
        self.company.closing()  # until here somebody may be answered by what the others tell
        self.groupware.close()
        self.applications.close()
        await self.mail.close()
        below.settings.close()
        self.identity.close()
        await below.directory.close()
        await below.external.close()
        await self.observation.close()
        await below.store.close()
        if below.sole_use is not None:
            below.sole_use.close()


async def open_house(
    reactor: Any,
    startup: Startup,
    environment: Environment,
    telemetry: Telemetry,
    start_again: Callable[[], object] = lambda: None,
    company: Company | None = None,
) -> House:
    """Build, fill and open everything. ``start_again`` is called when a new server has been set up; ``company`` are
    the other processes that serve with this one.

    :raises StalwartError: it cannot be done; the detail says what to do. Whatever was opened is closed again.
    """
    builder = Builder(reactor, startup, environment, telemetry, start_again, company or Alone())
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
    company: Company
    opened: list[Any] = field(factory=list)
    descriptors: Descriptors = field(factory=lambda: Descriptors(descriptor_limit()))

    async def build(self) -> House:
        """The finished house, its listeners bound."""
        below = await self._foundations()
        company = self.company
        settings = below.settings
        role = self._role(below)
        listeners = Listeners(
            company.sockets(self.reactor), self.telemetry, lambda wanted: self._served(site, doors, wanted, tls)
        )
        wishes = Wishes(below.mode, settings, self.startup.endpoints, self.environment.recovery_port, role.opens)
        limits = Limits(company.limits, company.places)
        certificates = certificate_parts(below, company)
        tls = ServerTls(certificates.served, certificates.tls_answers, self.reactor, self.telemetry)
        await certificates.load()
        self.opened.append(certificates)
        observation = observation_of(below, certificates, company)
        self.opened.append(observation)
        announcements = Announcements(settings, below.base_url)
        zones = DomainZones(settings, below.vault, certificates.served, announcements.configuration)
        tasks = self._tasks(below, limits, certificates, zones)
        self.opened.append(tasks)
        identity = identity_provider(below, company.lasting, company.changed_keys)
        await identity.load()
        self.opened.append(identity)
        mail = mail_parts(below, company)
        self.opened.append(mail)
        await mail.load()
        services = self._services(below, Listening(listeners, settings, wishes))
        services |= mail.services()
        services |= {**identity.services, "tasks": company.tasks(tasks), "limits": limits}
        groupware = self._groupware(below, mail, tasks, services)
        services |= {
            "certificates": certificates,
            "authorities": certificates.authorities,
            "http_answers": certificates.http_answers,
            "announcements": announcements,
            "domain_zones": zones,
            "figures": observation.figures,
        }
        services |= live_services(below, company, services["figures"])
        services["is_leaving"] = lambda: site.leaving
        services["exports"] = Exports(company.places, below.telemetry)
        services["jmap"] = build_service(services, mode=below.mode)
        site: Site = self._site(below, services, limits, certificates)
        site.pipeline.https_port = listeners.https_port
        look, bans = site.pipeline.changed_elsewhere, lambda: site.bans
        mail.rates.spares = lambda ip: bans().allowed(ip)
        entrance = partial(mail.smtp.entrance, look, bans) if below.mode == "normal" else None
        doors = MailDoors(entrance, settings, self.telemetry, self.reactor, company.places, bans, tls)
        self.opened.append(listeners)
        housekeeping = Housekeeping(below.store, settings, self.telemetry, self.reactor)
        house = House(
            *(below, identity, site, listeners, housekeeping, tasks, wishes, observation, company, certificates, mail),
            doors,
            groupware,
            services["applications"],
        )
        await self._open(house)
        return house

    async def _foundations(self) -> Foundations:
        """What the rest stands on, in the company of the processes and nodes that serve too."""
        below = await lay_foundations(
            self.reactor,
            self.startup,
            self.environment,
            self.telemetry,
            self.opened,
            self._join,
            self.company.daemon,
        )
        if below.store.neighbours is not None:
            from stalwart.app.coordinating import coordinate  # few servers have any

            await coordinate(self.company, below)
        return below

    def _join(self, store: Store) -> Company:
        """The company: other nodes too, where the database is one that several use."""
        if store.neighbours is not None:
            from stalwart.app.nodes import NodeCompany  # few servers have any

            self.company = NodeCompany(self.company, store.neighbours, self.start_again, self.reactor)
        return self.company

    def _role(self, below: Foundations) -> NodeRole:
        """What this node does. Outside normal mode it has no role."""
        role = NodeRole(self.environment.role if below.mode == "normal" else None, below.settings)
        if not role.may_lead and below.store.neighbours is not None:
            from stalwart.app.nodes import NodeCompany  # few servers have any

            assert isinstance(self.company, NodeCompany)
            self.company.stands = False
        return role

    def _groupware(
        self, below: Foundations, mail: MailParts, tasks: TaskRunner, services: dict[str, Any]
    ) -> GroupwareParts:
        """Calendars, address books and files, among the services; with the tasks that they leave to the runner."""
        groupware = groupware_parts(below, mail, services["sealer"], self.reactor)
        self.opened.append(groupware)
        services |= groupware.services()
        tasks.works = {**tasks.works, **groupware.scheduling.works()}
        groupware.scheduling.scheduling.wake = services["tasks"].wake
        return groupware

    async def undo(self) -> None:
        """Close in reverse what was opened."""
        for part in reversed(self.opened):
            closing = part.close()
            if closing is not None:
                await closing
        self.opened.clear()

    def _services(self, below: Foundations, listening: Listening) -> dict[str, Any]:
        """What routes and JMAP methods may ask for, by name."""
        store, settings, directory, outgoing = below.store, below.settings, below.directory, below.outgoing
        bootstrap = below.mode == "bootstrap"
        applications = applications_of(store, settings, self.telemetry, self.reactor, outgoing.trust_store)
        self.opened.append(applications)
        schema_document = SchemaDocument(self.reactor)
        return {
            "store": store,
            "vault": below.vault,
            "settings": settings,
            "directory": directory,
            "external_directories": below.external,
            "hashing": below.hashing,
            "outgoing": outgoing,
            "diagnoses": Diagnoses(outgoing, settings, self.telemetry, self.company.places),
            "assets": site_assets(),
            "web_interface": WebInterface(schema_document.hashes),
            "applications": applications,
            "telemetry": self.telemetry,
            "clock": self.reactor,
            "mode": below.mode,
            "hostname": below.hostname,
            "base_url": below.base_url,
            "listeners": listening,
            "uploads": RunningUploads(self.company.places),
            "accounts": Accounts(store, settings, below.hashing, self.reactor, directory.forget),
            "schema_document": schema_document,
            "setup": self._setup(below) if bootstrap else None,
            "store_file": None if bootstrap else self._store_file(below.config_path),
        }

    def _tasks(
        self, below: Foundations, limits: Limits, certificates: CertificateParts, zones: DomainZones
    ) -> TaskRunner:
        """The runner with everything that it can carry out, by variant of x:Task."""

        async def reset_rate_limiters() -> None:
            limits.reset()

        cleaning = Cleaning(below.store, below.settings, self.reactor)
        further: dict[str, Step] = {
            "resetRateLimiters": reset_rate_limiters,
            "removeAuthTokens": auth_token_removal(cleaning, below.directory.forget_all),
        }
        works = maintenance_works(cleaning, further)
        store, settings, vault, hashing = below.store, below.settings, below.vault, below.hashing
        works["DkimManagement"] = dkim_management(
            KeyParts(store, settings, hashing, vault, below.outgoing, self.reactor, self.telemetry)
        )
        works["DnsManagement"] = dns_management(
            RecordParts(store, settings, zones, vault, hashing, below.outgoing, self.reactor)
        )
        works["AcmeRenewal"] = certificates.renewals.work()
        runner = TaskRunner(store, settings, self.telemetry, self.reactor, works)
        certificates.renewals.wake = runner.wake
        return runner

    def _opener(self, path: Path) -> Callable[[Mapping[str, Any]], Store]:
        """What opens the store of a ``config.json`` that is at ``path``."""
        return lambda config: open_store(config, self.reactor, self.telemetry, blobs=blob_folder(config, path))

    def _store_file(self, path: Path) -> StoreFile:
        return StoreFile(path, self._opener(path), partial(is_filled, path))

    def _setup(self, below: Foundations) -> FirstSetup:
        from stalwart.app.first_setup import FirstSetup  # once in the life of a server

        return FirstSetup(
            below.config_path,
            below.hostname,
            DEFAULT_LISTENERS,
            open_store=self._opener(below.config_path),
            hashing=below.hashing,
            clock=self.reactor,
            finished=self.start_again,
        )

    def _site(
        self, below: Foundations, services: dict[str, Any], limits: Limits, certificates: CertificateParts
    ) -> Site:
        settings = below.settings
        return build_site(
            routes(),
            services,
            settings=settings,
            directory=below.directory,
            telemetry=self.telemetry,
            clock=self.reactor,
            mode=below.mode,
            base_url=below.base_url,
            limits=limits,
            failures=stored_failures(below.store, self.reactor),
            counters=self.company.lasting,
            places=self.company.places,
            changes=self.company.changes(below, services["signing_keys"], certificates),
            ban=lambda ip, reason, expires_at: self._ban(settings, ip, reason, expires_at),
            expression_io=services["expression_io"],
        )

    def _served(self, site: Site, doors: MailDoors, wanted: Wanted, tls: ServerTls) -> Any:
        """The factory behind one listener."""
        if wanted.mail_role is not None:
            return self.descriptors.guard(wanted, doors.factory(wanted), self.telemetry)
        factory = wrap_listener(
            site,
            wanted.settings,
            clock=self.reactor,
            proxy_trusted_networks=wanted.proxies,
            system_max_connections=wanted.most,
            bind_ip=wanted.bind_ip,
            tls=tls.creator(wanted.settings, site.protocols) if wanted.has_tls else None,
        )
        return self.descriptors.guard(wanted, factory, self.telemetry)

    async def _ban(self, settings: Settings, ip: str, reason: str, expires_at: int | None) -> None:
        members = {"reason": reason, "expiresAt": date_text(expires_at)}
        try:
            await settings.create(BlockedIp, {"address": ip, **members})
        except Conflict as taken:  # by an entry that is over, or by another process that was quicker
            await settings.reload((BlockedIp.type_name,))
            now = self.reactor.seconds()
            for id, entry in settings.all(BlockedIp):
                if (
                    taken.holder == (BlockedIp.type_name, id)
                    and entry.expires_at is not None
                    and entry.expires_at <= now
                ):
                    await settings.change(BlockedIp, members, id)

    async def _open(self, house: House) -> None:
        self.opened.append(house.housekeeping)
        below, people = house.foundations, []
        data = Path(self.startup.data) if self.startup.data else None
        if self.startup.demo and data is not None:
            accounts = Accounts(below.store, below.settings, below.hashing, self.reactor, below.directory.forget)
            people = await ensure_demo(data, below.settings, accounts)
        failed = await house.listeners.bind(house.wanted())
        if failed and not house.listeners.bound:
            raise Unavailable("No listener could be bound, so there is nobody to serve.")
        house.watch()
        if self.environment.run_as_user:
            import_parts()
            drop_privileges(self.environment.run_as_user, self.environment.run_as_group, data)
        self.company.lead(house.lead)
        house.observation.start()  # by now as the user who will roll the files over
        await self._tell_of(house)
        if people and data is not None:
            self._invite(house, data, people)

    def _invite(self, house: House, data: Path, people: list[tuple[str, str]]) -> None:
        """Tell the person at the terminal what to do with the demonstration."""
        bound = {each.wanted.protocol: each for each in reversed(house.listeners.bound)}
        http, smtp = bound.get("http"), bound.get("smtp")
        if http is not None:
            url = f"{http.wanted.service}://{shown(http.port.getHost())}"
            where = shown(smtp.port.getHost()) if smtp is not None else None
            tell(sys.__stdout__, invitation(url, data, people, where))

    async def _tell_of(self, house: House) -> None:
        """Log that the server has started, and what its administrator should know."""
        below = house.foundations
        self.telemetry.emit(SERVER_STARTUP, mode=below.mode, listeners=len(house.listeners.bound))
        if not self.company.is_first:
            return
        for problem in below.outgoing.problems():
            self.telemetry.emit(TLS_NO_AUTHORITIES, reason=problem)
        if below.settings.of(Diagnosis).allow_private_targets:
            self.telemetry.emit(DELIVERY_PRIVATE_TARGETS)
        if below.mode == "normal" and any(each.wanted.protocol in ("smtp", "lmtp") for each in house.listeners.bound):
            await tell_of_postmasters(Postmasters(below.settings, house.mail.recipients), self.telemetry)
        nobody = below.mode == "normal" and self.environment.recovery_admin is None
        if nobody and await below.store.read(lambda tx: tx.registry.count("Account")) == 0:
            self.telemetry.emit(SERVER_NOBODY, hint=FIRST_LOGIN)
