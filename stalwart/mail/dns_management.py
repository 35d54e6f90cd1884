"""The task ``DnsManagement``: keeps the records of a domain at its x:DnsServer in step (settings C.6, A.12, RFC 2136).

There is one lasting task for each domain with automatic records. It looks what the name server has, changes what
differs, and comes again after an hour, when settings, keys or certificates may be others. A task for some kinds of
records, or one that is to renew the certificate, is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import AutomaticRecords, Domain
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.mail.domain_records import DomainFacts
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.record_changes import Changes, Wish, changes_of, wishes
from stalwart.mail.record_judgement import presented
from stalwart.net.dns import StubResolver
from stalwart.net.dns_answers import LookupFailed, Resolver
from stalwart.net.dns_cache import CachingResolver
from stalwart.net.dns_publisher import DnsPublisher, DnsUpdateRefused, primary_of, times_of
from stalwart.store import Store, Transaction
from stalwart.tasks.scheduling import schedule, tasks_of_domain
from stalwart.tasks.work import LaterTask, Work
from stalwart.tls.dns_servers import Outside, opened_publisher

TASK = "DnsManagement"
AGAIN = 3600
AFTER_FAILURE = 900
"""Seconds."""

_LONGEST_LOOKUP = 10.0
_DENIED = ("nxdomain", "nodata")


@frozen
class RecordParts:
    """What the task needs of others."""

    store: Store
    settings: Settings
    zones: DomainZones
    vault: Vault
    hashing: Hashing
    outside: Callable[[], Outside]
    clock: Any


def dns_management(parts: RecordParts) -> Work:
    """The work."""

    async def run(task: Any) -> int | None:
        known = await parts.store.read(lambda tx: _known(tx, parts.zones, task.domain_id))
        if known is None:
            return None
        facts, others = known
        management: Any = facts.domain.dns_management
        kinds = management.publish_records & (task.update_records or management.publish_records)
        await _Publication(parts, facts, management).publish(kinds)
        now = int(parts.clock.seconds())
        if task.on_success_renew_certificate:
            members = {"domainId": encode_id(task.domain_id)}
            await parts.store.write(lambda tx: schedule(tx, "AcmeRenewal", members, now, now))
        return None if _is_single(task) or others > 1 else now + AGAIN

    return Work(run, lambda task: ("domain records", task.domain_id))


def schedule_records(tx: Transaction, id: int, former: Domain | None, domain: Domain, now: float) -> bool:
    """Publish the records of a domain soon, if it is the server that keeps them; whether it will be done.

    The caller wakes the task runner after the commit.
    """
    if not isinstance(domain.dns_management, AutomaticRecords):
        return False
    if former is not None and _cause(former) == _cause(domain):
        return False
    hurry(tx, id, now)
    return True


def hurry(tx: Transaction, domain_id: int, now: float) -> None:
    """Look at the records of a domain soon, in place of when its task would have."""
    for task_id in _lasting(tx, domain_id):
        tx.registry.delete(Task.type_name, task_id)
    schedule(tx, TASK, {"domainId": encode_id(domain_id)}, now, now)


class _Publication:
    """One look at all records of a domain."""

    def __init__(self, parts: RecordParts, facts: DomainFacts, management: Any) -> None:
        self._parts = parts
        self._facts = facts
        self._zone = management.origin
        self._server = dict(parts.settings.all(DnsServer)).get(management.dns_server_id)
        self._outside = parts.outside()
        self._refusals: list[str] = []

    async def publish(self, kinds: frozenset[str]) -> None:
        """Change what differs. Raises LaterTask if anything is left to do."""
        if self._server is None:
            raise LaterTask("The DNS server of the domain is gone.", AFTER_FAILURE)
        publisher = await self._publisher()
        resolver = self._resolver()
        try:
            for wish in wishes(self._facts, kinds):
                await self._fulfil(wish, publisher, resolver)
        finally:
            await publisher.close()
        if self._refusals:
            more = f" (and {len(self._refusals) - 1} more)" if len(self._refusals) > 1 else ""
            raise LaterTask(f"{self._refusals[0]}{more}", AFTER_FAILURE)

    async def _fulfil(self, wish: Wish, publisher: DnsPublisher, resolver: Resolver) -> None:
        found = await self._found(wish, resolver)
        if found is None and (wish.shared or not wish.values):
            self._refusals.append(f"The {wish.type} records of {wish.name} cannot be looked up.")
            return
        changes = changes_of(wish, found) if found is not None else Changes(replace=wish.values)
        if changes is None:
            return
        ttl = times_of(self._server).ttl
        try:
            if changes.replace is not None:
                await publisher.publish(self._zone, wish.name, wish.type, changes.replace, ttl=ttl)
            for value in changes.remove:
                await publisher.remove(self._zone, wish.name, wish.type, value)
            for value in changes.add:
                await publisher.add(self._zone, wish.name, wish.type, value, ttl=ttl)
        except (DnsUpdateRefused, Invalid) as problem:
            self._refusals.append(f"{wish.type} {wish.name}: {problem.detail}")

    async def _found(self, wish: Wish, resolver: Resolver) -> list[str] | None:
        """What there is; None if nobody can tell."""

        async def lookup() -> Any:
            return await resolver.lookup(wish.name, wish.type)

        looking = Deferred.fromCoroutine(lookup()).addTimeout(_LONGEST_LOOKUP, self._outside.reactor)
        try:
            answer = await looking
        except LookupFailed as failed:
            return [] if failed.kind in _DENIED else None
        except DeferredTimeout:
            return None
        return [] if answer.aliases else [presented(wish.type, value) for value in answer.records]

    def _resolver(self) -> Resolver:
        """Whoever knows first what the records are."""
        if self._server is not None and self._server.tag == "Tsig":
            return StubResolver(self._outside.reactor, [primary_of(self._server)])
        known: Resolver = self._outside.resolver
        return known.resolver if isinstance(known, CachingResolver) else known

    async def _publisher(self) -> DnsPublisher:
        parts = self._parts
        try:
            return await opened_publisher(self._server, parts.vault, parts.hashing, self._outside)
        except DnsUpdateRefused as problem:
            raise LaterTask(problem.detail, AFTER_FAILURE) from problem


def _known(tx: Transaction, zones: DomainZones, domain_id: int) -> tuple[DomainFacts, int] | None:
    """What is known of the domain, and how many lasting tasks it has; None if its records are not the server's."""
    entry = registry.get(tx, Domain, domain_id)
    if entry is None or not isinstance(entry.value.dns_management, AutomaticRecords):
        return None
    return zones.facts(tx, domain_id, entry.value), len(_lasting(tx, domain_id))


def _lasting(tx: Transaction, domain_id: int) -> list[int]:
    """The tasks of a domain that come again."""
    tasks: dict[int, Any] = {id: Task.from_stored(data) for id, data in tasks_of_domain(tx, TASK, domain_id).items()}
    return [id for id, task in tasks.items() if not _is_single(task) and task.status.tag != "Failed"]


def _is_single(task: Any) -> bool:
    return bool(task.update_records or task.on_success_renew_certificate)


def _cause(domain: Domain) -> tuple[Any, ...]:
    return (
        domain.name,
        domain.dns_management,
        domain.certificate_management,
        domain.report_address_uri,
        domain.mta_sts,
    )
