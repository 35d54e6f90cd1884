"""All that keeps certificates, as one process has it: from the task to what is served; the authority is in memory."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.operation.task import Task
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.net.dns_answers import LookupFailed
from stalwart.tasks.runner import TaskRunner
from stalwart.tasks.scheduling import schedule
from stalwart.tls.authorities import ACCOUNT_KEY, Authorities
from stalwart.tls.certificate_store import CertificateStore
from stalwart.tls.due import HOUR
from stalwart.tls.issuing import IssuingService
from stalwart.tls.keeping import CERTIFICATE_KEY
from stalwart.tls.managed import Managed, managed_certificates
from stalwart.tls.order_journal import OrderJournal
from stalwart.tls.ordering import Ordering
from stalwart.tls.renewals import TASK, Parts, Renewals, schedule_certificate
from tests.tls.small_authority import SmallAuthority, SmallResponder
from tests.tls.world import TlsWorld

OURS = ("a.example.test", "b.example.test")


class FakeNames:
    """The name service: ``known`` have addresses."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    async def lookup(self, name: str, rtype: str) -> Any:
        """See ``Resolver``."""
        if name not in self.known:
            raise LookupFailed("nxdomain", f"{name} is not there")
        return ()


class RenewalsCase(TlsWorld):
    """``authority`` issues for ``account``, ``second`` for ``fallback`` once a test wants one."""

    def setUp(self) -> None:
        super().setUp()
        self.authority = SmallAuthority(self.clock)
        self.second = SmallAuthority(self.clock)
        self.responder = SmallResponder(self.authority)
        self.names = FakeNames()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))
        self.account = self.known_account()
        self.automatic(self.account)
        self.runner: TaskRunner | None = None
        self.killed: list[TaskRunner] = []
        self.process()
        self.addCleanup(lambda: self.settle(self.end()))

    def known_account(self, **members: Any) -> int:
        """An account that its authority knows."""
        id = self.provider(**members)
        stored = dict(self.settings.all(AcmeProvider))[id]
        authority = self.second if "second" in stored.directory else self.authority
        key = self.vault.open(ACCOUNT_KEY, stored.account_key or "")
        authority.accounts[key] = stored.account_uri or ""
        return id

    def process(self) -> None:
        """Begin anew; the former process is killed."""

        def make_client(directory: str, key: str, *, account_uri: str | None) -> Any:
            authority = self.second if "second" in directory else self.authority
            return authority.client(directory, key, account_uri=account_uri)

        if self.runner is not None:
            self.runner._open = False  # killed: it neither waits nor writes
            self.killed.append(self.runner)
        self.authority.restart()
        self.authorities = Authorities(self.store, self.settings, self.vault, self.clock, make_client)
        parts = Parts(
            self.store,
            self.settings,
            self.vault,
            self.hashing,
            self.authorities,
            self.keeper,
            self.telemetry,
            self.clock,
            lambda: self.names,
        )
        self.renewals = Renewals(parts, random=lambda: 0.5)
        ordering = Ordering(OrderJournal(self.store, self.vault), self.hashing, self.clock, self.telemetry)
        certificates = CertificateStore(self.store, self.vault, self.renewals.save)
        plan, check = self.renewals.plan, self.renewals.ensure_tasks
        self.service = IssuingService(certificates, self.clock, ordering, plan, self.responders, check)
        self.renewals.issue = self.service.issue_cert
        works = {TASK: self.renewals.work()}
        self.runner = TaskRunner(self.store, self.settings, self.telemetry, self.clock, works, random=lambda: 1.0)
        self.renewals.wake = self.runner.wake

    async def responders(self, plan: Any) -> list[Any]:
        authority = self.second if "second" in plan.provider.directory else self.authority
        return [self.responder if authority is self.authority else SmallResponder(authority)]

    async def end(self) -> None:
        assert self.runner is not None
        for each in (*self.killed, self.runner):
            await each.close()

    def start(self) -> None:
        """Make what tasks are missing, and work on them."""
        assert self.runner is not None
        self.settle(self.renewals.ensure_tasks())
        self.runner.start()

    def run_for(self, seconds: float, step: float = HOUR) -> None:
        """Let time pass."""
        passed = 0.0
        while passed < seconds:
            self.clock.advance(min(step, seconds - passed))
            passed += step

    def force(self) -> int:
        """A renewal that somebody wishes."""
        assert self.runner is not None
        now = self.clock.seconds()
        members = {"domainId": encode_id(self.domain_id), "force": True}
        id = self.successResultOf(self.store.write(lambda tx: schedule(tx, TASK, members, now, now)))
        self.runner.wake()
        return int(id)

    def certificates(self) -> list[Managed]:
        return self.successResultOf(self.store.read(lambda tx: managed_certificates(tx, self.domain_id)))

    def current(self) -> Managed:
        return self.certificates()[0]

    def key(self) -> str:
        return self.vault.kept(CERTIFICATE_KEY, self.current().private_key)

    def tasks(self) -> list[Any]:
        """All of them, lasting or not."""
        entries = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, Task)))
        return [each.value for each in entries]

    def task(self) -> Any:
        (found,) = self.tasks()
        return found

    def wait(self) -> float:
        """Seconds until the next attempt."""
        return float(self.task().due - self.clock.seconds())

    def left(self) -> float:
        """Seconds until the certificate is to be renewed."""
        moment = self.current().renew_at
        assert moment is not None
        return moment - self.clock.seconds()

    def change_domain(self, **members: Any) -> None:
        """As ``jmap.types.domain`` does."""
        assert self.runner is not None
        former = dict(self.settings.all(Domain))[self.domain_id]
        now = self.clock.seconds()

        def write(tx: Any) -> None:
            changed = registry.update(tx, Domain, self.domain_id, members, now=now)
            schedule_certificate(tx, self.domain_id, former, changed.value, now)

        self.successResultOf(self.store.write(write))
        self.settle(self.settings.reload())
        self.runner.wake()

    def manage(self, **members: Any) -> None:
        """Change how the certificates of the domain are kept."""
        management = {
            "@type": "Automatic",
            "acmeProviderId": encode_id(self.account),
            "subjectAlternativeNames": dict.fromkeys(OURS, True),
            **members,
        }
        self.change_domain(certificateManagement=management)
