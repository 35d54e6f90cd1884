"""Automatic certificates of domains: each has a task that gets its certificate and comes back when it is due.

The task (``AcmeRenewal``) is the only schedule: it survives the process, is carried out by one process of all, and
shows in its status why the last attempt failed. It is made when a domain is set to automatic certificates, and made
again by the hourly check should it be missing. An authority that offers renewal information (RFC 9773) is asked for
it as often as it says.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError

from stalwart.codec.dns_names import InvalidName
from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import AutomaticCertificates, Domain
from stalwart.config.kept_text import Unreadable
from stalwart.config.network.system import SystemSettings
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.certificate import Certificate
from stalwart.config.vault import Vault
from stalwart.directory.account_records import date_text
from stalwart.directory.hashing import Hashing
from stalwart.errors import StalwartError
from stalwart.net.acme import AcmeProblem, RenewalInfo
from stalwart.store import Store, Transaction
from stalwart.tasks.scheduling import schedule, tasks_of_domain
from stalwart.tasks.work import HopelessTask, LaterTask, Work
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import ACME_ERROR, ACME_RENEW_BACKOFF, TASK_ERROR, TLS_EXPIRED_REMOVED
from stalwart.tls.authorities import Authorities
from stalwart.tls.due import DAY, HOUR, pause_after, renewal_moment, suggested_moment
from stalwart.tls.keeping import CERTIFICATE_KEY, CertificateKeeper
from stalwart.tls.managed import Managed, domain_id_of, leaf_of, managed_certificates, members_of, write_managed
from stalwart.tls.names import Resolver, listed_names, strange_names, wanted_names
from stalwart.tls.plan import Plan

TASK = "AcmeRenewal"
TIME_LIMIT = 1800.0
"""Seconds for one attempt; DNS records may take their time to be seen."""

FALLBACK_AFTER = 2
"""Failed attempts after which the account's fallback takes every second turn."""

GROWTH = 7 * DAY
"""Age at which a certificate is renewed because further host names have got an address."""

LOOK = 6 * HOUR
"""Seconds until the next look at what has changed, if the authority does not say another time."""

LEAST_LEFT = 0.1
"""Share of the lifetime that is left when a certificate is renewed, whatever its authority suggests."""

_LEAST_LOOK = 60.0
_LEAST_USE = 1 / 3  # of what is left of a new certificate, however old it was when it was fetched
_GONE = ("accountDoesNotExist",)


@frozen
class Parts:
    """What this needs of the house. ``issue(name)`` is ``IssuingService.issue_cert``."""

    store: Store
    settings: Settings
    vault: Vault
    hashing: Hashing
    authorities: Authorities
    keeper: CertificateKeeper
    telemetry: Telemetry
    clock: Any
    resolver: Callable[[], Resolver]


@define
class Attempt:
    """A renewal that is under way: what it is to order, and in how many seconds to look again if nothing is due."""

    names: tuple[str, ...] = ()
    provider_id: int | None = None
    former: Managed | None = field(default=None, repr=False)
    look: float = LOOK


class Renewals:
    """Decides, orders through ``issue`` (set by whoever builds the service), and stores what comes.

    ``wake`` tells the task runner that there are new tasks.
    """

    def __init__(self, parts: Parts, *, random: Callable[[], float] = random.random) -> None:
        self.issue: Callable[[str], Awaitable[Any]]
        self.wake: Callable[[], object] = lambda: None
        self._parts = parts
        self._random = random
        self._attempts: dict[int, Attempt] = {}

    def work(self) -> Work:
        """The work of ``AcmeRenewal`` tasks."""
        return Work(self._run, lambda task: ("certificate", task.domain_id), time_limit=TIME_LIMIT)

    async def ensure_tasks(self) -> None:
        """Make the tasks that automatic domains lack."""
        now = self._parts.clock.seconds()

        def write(tx: Transaction) -> None:
            for id in _lacking(tx):
                for failed in _tasks(tx, id):
                    tx.registry.delete(Task.type_name, failed)
                schedule(tx, TASK, {"domainId": encode_id(id)}, now, now)

        lacking = await self._parts.store.read(_lacking)
        if lacking:
            await self._parts.store.write(write)
            self.wake()

    async def plan(self, name: str) -> tuple[Any, Plan]:
        """What to order for a domain now, and the client to do it with. See ``IssuingService``."""
        parts = self._parts
        domain_id = await parts.store.read(lambda tx: domain_id_of(tx, name))
        domain = await self._domain(domain_id)
        if domain is None:
            raise HopelessTask("The domain is gone, or its certificates are not automatic any more.")
        attempt = self._attempts.get(domain_id) or Attempt(provider_id=domain.certificate_management.acme_provider_id)
        provider_id: int = attempt.provider_id or domain.certificate_management.acme_provider_id
        provider = parts.authorities.provider(provider_id)
        names = attempt.names or await self._names(domain, provider)
        former, former_key = await parts.hashing.run(partial(_contents, attempt.former, parts.vault))
        client = await parts.authorities.client(provider_id)
        return client, Plan(domain_id, domain, provider_id, provider, names, former, former_key)

    async def save(self, domain_id: int, chain: str, key: str) -> None:
        """Store a new certificate of a domain, and serve it. See ``CertificateStore``."""
        parts = self._parts
        members = await parts.hashing.run(partial(members_of, chain, key, parts.vault))
        domain = await self._domain(domain_id)
        share = "R23"
        if domain is not None:
            share = parts.authorities.provider(domain.certificate_management.acme_provider_id).renew_before
        now = parts.clock.seconds()

        def write(tx: Transaction) -> tuple[int, list[int]]:
            value: Any = Certificate.from_wire(members, by_server=True)
            begin, end = value.not_valid_before, value.not_valid_after
            moment = max(renewal_moment(begin, end, share, self._random), now + (end - now) * _LEAST_USE)
            for task_id in _forced(tx, domain_id, now):  # done with it, even if the process ends here
                tx.registry.delete(Task.type_name, task_id)
            return write_managed(tx, domain_id, members, moment, now)

        id, gone = await parts.store.write(write)
        for former in gone:
            parts.telemetry.emit(
                TLS_EXPIRED_REMOVED, id=encode_id(former), domain=domain.name if domain is not None else None
            )
        await parts.settings.reload((SystemSettings.type_name,))
        await parts.keeper.changed((id, *gone))

    # The task

    async def _run(self, task: Any) -> int | None:
        domain_id: int = task.domain_id
        domain = await self._domain(domain_id)
        if domain is None:
            return None
        current = await self._current(domain_id)
        try:
            provider = self._parts.authorities.provider(domain.certificate_management.acme_provider_id)
            attempt = await self._attempt(domain, provider, task, current)
            if current is not None and not task.force:
                moment = await self._moment(domain_id, current, attempt, domain)
                if moment > self._parts.clock.seconds():
                    return await self._next(task, domain_id, moment, attempt.look)
            await self._order(domain_id, domain, attempt)
        except AcmeProblem as problem:
            raise self._later(domain, problem, task, current) from problem
        except CancelledError:
            raise
        except Exception as problem:
            raise self._later(domain, AcmeProblem("local", self._words(problem)), task, current) from problem
        fresh = await self._current(domain_id)
        moment = fresh.renew_at if fresh is not None and fresh.renew_at is not None else 0
        return await self._next(task, domain_id, moment, LOOK)

    def _words(self, problem: Exception) -> str:
        """What went wrong, for the status of the task; what nobody has foreseen goes to the log."""
        if isinstance(problem, StalwartError):
            return problem.detail
        if isinstance(problem, Unreadable | InvalidName):
            return f"It cannot be used: {problem}."
        self._parts.telemetry.emit(TASK_ERROR, type=TASK, reason=f"{type(problem).__name__}: {problem}")
        return "A fault in the server; its log has the cause."

    async def _attempt(self, domain: Domain, provider: AcmeProvider, task: Any, current: Managed | None) -> Attempt:
        failures = getattr(task.status, "attempt_number", 0)
        provider_id: int = domain.certificate_management.acme_provider_id  # type: ignore[attr-defined]
        fallback = provider.fallback_provider_id
        if fallback is not None and failures >= FALLBACK_AFTER and failures % 2 == 0:
            provider_id = fallback
        held = current.names if current is not None else None
        names = await self._names(domain, self._parts.authorities.provider(provider_id), held)
        strange = await self._parts.store.read(lambda tx: strange_names(tx, task.domain_id, domain, names))
        if strange:
            raise AcmeProblem("local", f"{strange[0]} lies in no domain of {domain.name}'s tenant; take it out.")
        if not names:
            raise AcmeProblem(
                "local",
                f"None of the host names below {domain.name} has an address yet; publish some, or list the names that "
                "the certificate is for in subjectAlternativeNames.",
            )
        return Attempt(names, provider_id, current)

    async def _order(self, domain_id: int, domain: Domain, attempt: Attempt) -> None:
        self._attempts[domain_id] = attempt
        try:
            try:
                await self.issue(domain.name)
            except AcmeProblem as problem:
                if problem.kind not in _GONE or attempt.provider_id is None:
                    raise
                await self._parts.authorities.revive(attempt.provider_id)
                await self.issue(domain.name)
        finally:
            del self._attempts[domain_id]

    async def _moment(self, domain_id: int, current: Managed, attempt: Attempt, domain: Domain) -> float:
        """When the current certificate is to be renewed; sooner, if it lacks names that it should be for."""
        if current.is_revoked:
            return 0.0
        lacks = not current.names.issuperset(attempt.names)
        if lacks and listed_names(domain):
            return 0.0
        provider = self._parts.authorities.provider(domain.certificate_management.acme_provider_id)  # type: ignore[attr-defined]
        planned = current.renew_at
        if planned is None:
            planned = int(renewal_moment(current.not_before, current.not_after, provider.renew_before, self._random))
        window = await self._window(current, attempt)
        moment: float = planned
        if window is not None:
            end = current.not_after - (current.not_after - current.not_before) * LEAST_LEFT
            moment = max(
                min(suggested_moment(planned, window, self._random), end), await self._rest(domain_id, current)
            )
            attempt.look = window.retry_after  # RFC 9773 4.3
        if int(moment) != current.renew_at:
            await self._replan(current.id, int(moment))
        return min(moment, current.not_before + GROWTH) if lacks else moment

    async def _rest(self, domain_id: int, current: Managed) -> float:
        """Until when a certificate is not replaced that has itself replaced another one early.

        So an authority that never has enough gets one order a day.
        """
        found = await self._parts.store.read(lambda tx: managed_certificates(tx, domain_id))
        lifetime = current.not_after - current.not_before
        pause = min(DAY, lifetime / 3)
        is_early = any(one.id != current.id and current.not_before - one.not_before < 2 * pause for one in found)
        return current.not_before + pause if is_early else 0.0

    async def _window(self, current: Managed, attempt: Attempt) -> RenewalInfo | None:
        """What the authority suggests; whoever cannot be asked suggests nothing."""
        try:
            assert attempt.provider_id is not None
            client = await self._parts.authorities.client(attempt.provider_id)
            leaf, _ = await self._parts.hashing.run(partial(_contents, current, self._parts.vault))
            return await client.renewal_info(leaf) if leaf is not None else None
        except (AcmeProblem, Unreadable) as problem:
            reason = problem.detail if isinstance(problem, AcmeProblem) else str(problem)
            self._parts.telemetry.emit(ACME_RENEW_BACKOFF, reason=f"no renewal information: {reason}")
            return None

    async def _replan(self, id: int, moment: int) -> None:
        now = self._parts.clock.seconds()
        patch = {"renewAt": date_text(moment)}
        await self._parts.store.write(lambda tx: registry.update(tx, Certificate, id, patch, now=now, by_server=True))

    async def _next(self, task: Any, domain_id: int, moment: float, look: float) -> int | None:
        """When the task runs again: when the certificate is due, and before that whenever plans may have changed."""
        others = await self._parts.store.read(lambda tx: tasks_of(tx, domain_id))
        if task.force or len(others) > 1:
            return None  # the lasting task of the domain goes on
        now = self._parts.clock.seconds()
        return int(max(min(moment, now + look), now + (0 if moment > now else _LEAST_LOOK)) + 1)

    def _later(self, domain: Domain, problem: AcmeProblem, task: Any, former: Managed | None) -> LaterTask:
        parts = self._parts
        failures = getattr(task.status, "attempt_number", 0) + 1
        remaining = former.not_after - parts.clock.seconds() if former is not None else None
        pause = pause_after(failures, remaining, self._random)
        if problem.kind == "rateLimited":
            pause = max(pause, HOUR)
        elif problem.kind == "unusableCertificate":  # it was issued, and the authority counts it
            pause = max(pause, DAY if former is None else min(DAY, (former.not_after - former.not_before) / 8))
        pause = min(max(pause, problem.retry_after or 0.0), 7 * DAY)
        provider = domain.certificate_management.acme_provider_id  # type: ignore[attr-defined]
        limit = next((each.max_retries for id, each in parts.settings.all(AcmeProvider) if id == provider), 0)
        event = ACME_ERROR if failures > limit else ACME_RENEW_BACKOFF
        parts.telemetry.emit(
            event,
            domain=domain.name,
            reason=problem.detail,
            total=failures,
            due=int(parts.clock.seconds() + pause),
        )
        return LaterTask(problem.detail, pause)

    async def _domain(self, domain_id: int) -> Any:
        """The domain, if it is there and automatic."""
        entry = await self._parts.store.read(lambda tx: registry.get(tx, Domain, domain_id))
        return entry.value if entry is not None and is_automatic(entry.value) else None

    async def _names(
        self, domain: Domain, provider: AcmeProvider, held: frozenset[str] | None = None
    ) -> tuple[str, ...]:
        system = self._parts.settings.of(SystemSettings)
        return await wanted_names(domain, system, provider.challenge_type, self._parts.resolver, held)

    async def _current(self, domain_id: int) -> Managed | None:
        found = await self._parts.store.read(lambda tx: managed_certificates(tx, domain_id))
        return found[0] if found else None


def is_automatic(domain: Domain) -> bool:
    """Whether the server keeps the certificate of the domain."""
    return isinstance(domain.certificate_management, AutomaticCertificates) and domain.is_enabled


def schedule_certificate(tx: Transaction, id: int, former: Domain | None, domain: Domain, now: float) -> bool:
    """Get the certificate of a domain soon, if it is automatic from now on, or in another way; whether it will be.

    The caller wakes the task runner after the commit.
    """
    if not is_automatic(domain):
        return False
    if former is not None and is_automatic(former) and _wishes(former) == _wishes(domain):
        return False
    for task_id in tasks_of(tx, id):
        tx.registry.delete(Task.type_name, task_id)
    schedule(tx, TASK, {"domainId": encode_id(id)}, now, now)
    return True


def tasks_of(tx: Transaction, domain_id: int) -> list[int]:
    """The lasting ``AcmeRenewal`` tasks of a domain; those that are to renew by force come besides."""
    return [id for id, data in _tasks(tx, domain_id).items() if data.get("status", {}).get("@type") != "Failed"]


def _tasks(tx: Transaction, domain_id: int) -> dict[int, dict[str, Any]]:
    """The same, and those that have failed for good; by id."""
    return {id: data for id, data in tasks_of_domain(tx, TASK, domain_id).items() if not data.get("force")}


def _forced(tx: Transaction, domain_id: int, now: float) -> list[int]:
    """The tasks that are to renew by force, and are due or have failed before."""
    forced = {id: data["status"] for id, data in tasks_of_domain(tx, TASK, domain_id).items() if data.get("force")}
    due = date_text(int(now))
    return [id for id, each in forced.items() if each["@type"] == "Retry" or each.get("due", "9") <= due]


def _wishes(domain: Domain) -> tuple[Any, ...]:
    return (domain.name, domain.certificate_management, domain.dns_management)


def _lacking(tx: Transaction) -> list[int]:
    domains = registry.listed(tx, Domain)
    return [each.id for each in domains if is_automatic(each.value) and not tasks_of(tx, each.id)]


def _contents(one: Managed | None, vault: Vault) -> tuple[bytes | None, str | None]:
    """A certificate in DER and its key in PEM. For threads. Raises Unreadable."""
    if one is None:
        return None, None
    leaf = leaf_of(one.certificate)
    try:
        key = None if one.is_revoked else vault.kept(CERTIFICATE_KEY, one.private_key)
    except Unreadable:
        key = None
    return leaf, key
