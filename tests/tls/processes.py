"""A certificate authority in memory, as ``AcmeClient`` shows one (RFC 8555 7), and processes that can die at any step.

A step is a request or a transaction: ``Steps`` counts them, lets one of them fail, and ends the process before it or
after it was done. What is asked for a proof is what the process has written where the authority would look.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import Factory, define, evolve, field
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred

from stalwart.net.acme import AcmeProblem, Authorization, Challenge, Directory, Order, RenewalInfo, certificate_id
from stalwart.net.dns_answers import LookupFailed
from stalwart.tasks.runner import TaskRunner
from stalwart.tls.authorities import Authorities
from stalwart.tls.certificate_store import CertificateStore
from stalwart.tls.challenge_answers import HttpAnswers
from stalwart.tls.issuing import IssuingService
from stalwart.tls.managed import managed_certificates
from stalwart.tls.order_journal import OrderJournal
from stalwart.tls.ordering import Ordering
from stalwart.tls.plan import Plan
from stalwart.tls.renewals import TASK, Parts, Renewals
from stalwart.tls.responders import Http01Responder
from tests.tls.world import TlsWorld

BASE = "https://ca.test"
DAY = 86_400
_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the tests")])


class Kill(BaseException):
    """The end of a process; nothing that it would still do is done."""


@define
class Steps:
    """Counts what a process does; ``fail`` and ``die_at`` disturb it."""

    die_at: int | None = None
    count: int = 0
    is_dead: bool = False
    names: list[str] = field(factory=list)
    _troubles: dict[str, list[tuple[BaseException, bool]]] = field(factory=dict)

    def fail(self, step: str, problem: BaseException, *, after: bool = False, times: int = 1) -> None:
        """The next times, ``step`` fails before it has an effect, or ``after`` (the answer is lost)."""
        self._troubles.setdefault(step, []).extend([(problem, after)] * times)

    def before(self, step: str) -> None:
        """Raises what is to happen instead of the step."""
        self._live(step)
        troubles = self._troubles.get(step)
        if troubles and not troubles[0][1]:
            raise troubles.pop(0)[0]

    def after(self, step: str) -> None:
        """Raises what is to happen when it was done."""
        self._live(f"{step} done")
        troubles = self._troubles.get(step)
        if troubles and troubles[0][1]:
            raise troubles.pop(0)[0]

    def _live(self, name: str) -> None:
        self.count += 1
        self.names.append(name)
        if self.count == self.die_at:
            self.is_dead = True
        if self.is_dead:
            raise Kill(name)


class DyingStore:
    """The store as one process sees it; it outlives the process."""

    def __init__(self, store: Any, steps: Steps) -> None:
        self._store = store
        self._steps = steps

    def read(self, work: Any) -> Deferred[Any]:
        """See ``Store``; a dead process reads nothing."""
        if self._steps.is_dead:
            raise Kill
        reading: Deferred[Any] = self._store.read(work)
        return reading

    def write(self, work: Any) -> Deferred[Any]:
        """See ``Store``."""
        self._steps.before("write")
        writing: Deferred[Any] = self._store.write(work)
        self._steps.after("write")
        return writing


def _dying(store: Any, steps: Steps) -> Any:
    return DyingStore(store, steps)


@define
class _Kept:
    """An order as the authority has it."""

    order: Order
    account: str
    certificate: str | None = None


@define
class FakeAuthority:
    """Issues certificates; ``issued`` are the names of each. ``look(token)`` is what a name answers to a challenge."""

    clock: Any
    look: Callable[[str], Awaitable[str | None]]
    steps: Steps = Factory(Steps)
    lifetime: float = 90 * DAY
    offered: tuple[str, ...] = ("http-01", "dns-01", "tls-alpn-01")
    has_renewal_info: bool = False
    window: tuple[float, float] | None = None
    look_again: float = 21_600.0
    polls_pending: int = 0
    """Looks at an order for which it stays pending though all of its names are proved."""
    omits: tuple[str, ...] = ()
    """Names that certificates lack."""
    has_key_identifier: bool = True
    is_reusing: bool = False
    """Names that were proved once need not be proved again."""
    accounts: set[str] = Factory(lambda: {f"{BASE}/account/1"})
    orders: dict[str, _Kept] = field(factory=dict)
    authorizations: dict[str, Authorization] = field(factory=dict)
    issued: list[tuple[str, ...]] = field(factory=list)
    replaced: list[str] = field(factory=list)
    proved: set[str] = field(factory=set)
    asked: list[str] = field(factory=list)
    clients: int = 0
    _count: int = 0

    def client(self, directory: str, key: str, *, account_uri: str | None) -> Any:
        """See ``Authorities.MakeClient``."""
        self.clients += 1
        return FakeClient(self, key, account_uri)

    def url(self, kind: str) -> str:
        """A new one."""
        self._count += 1
        return f"{BASE}/{kind}/{self._count}"

    def issue(self, csr: bytes) -> str:
        """The chain for a request, in PEM."""
        request = x509.load_der_x509_csr(csr)
        found = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(sorted(found.get_values_for_type(x509.DNSName)))
        self.issued.append(names)
        began = self.clock.seconds()
        first, last = (datetime.fromtimestamp(moment, UTC) for moment in (began, began + self.lifetime))
        alternatives = [x509.DNSName(name) for name in names if name not in self.omits]
        builder = x509.CertificateBuilder(
            _NAME, x509.Name([]), request.public_key(), x509.random_serial_number(), first, last
        ).add_extension(x509.SubjectAlternativeName(alternatives), critical=True)
        if self.has_key_identifier:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(_KEY.public_key())
            builder = builder.add_extension(identifier, critical=False)
        return builder.sign(_KEY, SHA256()).public_bytes(Encoding.PEM).decode()


class FakeClient:
    """Speaks for an account. See ``stalwart.net.acme.AcmeClient``."""

    def __init__(self, authority: FakeAuthority, key: str, account_uri: str | None) -> None:
        self.authority, self.key, self.account_uri = authority, key, account_uri
        self.is_closed = False

    async def close(self) -> None:
        self.is_closed = True

    async def directory(self) -> Directory:
        self._step("directory")
        resources = {"renewalInfo": f"{BASE}/renewal"} if self.authority.has_renewal_info else {}
        profiles = {"shortlived": "six days"}
        return Directory(profiles=profiles, has_renewal_info=self.authority.has_renewal_info, resources=resources)

    async def register(self, contact: Iterable[str], external: Any = None, *, existing_only: bool = False) -> str:
        self._step("register")
        self.authority.accounts.add(f"{BASE}/account/2")
        self.account_uri = f"{BASE}/account/2"
        self.authority.steps.after("register")
        return self.account_uri

    async def update_contact(self, contact: Iterable[str]) -> None:
        self._step("update_contact")

    def key_authorization(self, token: str) -> str:
        return f"{token}.thumbprint"

    async def new_order(
        self, names: Sequence[str], *, profile: str | None = None, replaces: str | None = None
    ) -> Order:
        self._signed("new_order")
        world = self.authority
        if replaces is not None and replaces in world.replaced:
            raise AcmeProblem("alreadyReplaced", "It has a successor.", 409)
        if replaces is not None:
            world.replaced.append(replaces)
        authorizations = []
        for name in names:
            url = world.url("authorization")
            status = "valid" if world.is_reusing and name in world.proved else "pending"
            token = base64.urlsafe_b64encode(url.encode().ljust(32, b"-")[:48]).decode().rstrip("=")
            challenges = tuple(Challenge(kind, f"{url}/{kind}", token) for kind in world.offered)
            star = name.startswith("*.")
            world.authorizations[url] = Authorization(url, name.removeprefix("*."), star, status, challenges)
            authorizations.append(url)
        url = world.url("order")
        order = Order(url, "pending", tuple(names), tuple(authorizations), f"{url}/finalize", profile=profile)
        world.orders[url] = _Kept(order, self.account_uri or "")
        found = self._as_it_is(url)
        world.steps.after("new_order")
        return found

    async def order(self, url: str) -> Order:
        self._signed("order")
        if url not in self.authority.orders:
            raise AcmeProblem("malformed", "There is no such order.", 404)
        return self._as_it_is(url)

    async def authorization(self, url: str) -> Authorization:
        self._signed("authorization")
        return self.authority.authorizations[url]

    async def answer(self, challenge: Challenge) -> None:
        self._signed("answer")
        world = self.authority
        url = challenge.url.rpartition("/")[0]
        one = world.authorizations[url]
        world.asked.append(one.name)
        found = await world.look(challenge.token)
        if found == self.key_authorization(challenge.token):
            world.authorizations[url] = evolve(one, status="valid")
            world.proved.add(one.name)
        else:
            error = AcmeProblem("unauthorized", f"{one.name} answers {found}.", 403)
            failed = tuple(evolve(each, status="invalid", error=error) for each in one.challenges)
            world.authorizations[url] = evolve(one, status="invalid", challenges=failed)
        world.steps.after("answer")

    async def settled_authorization(self, url: str) -> Authorization:
        self._signed("settled_authorization")
        found = self.authority.authorizations[url]
        if found.status != "valid":
            raise found.error or AcmeProblem("unauthorized", "It was not proved.")
        return found

    async def finalize(self, order: Order, csr: bytes) -> Order:
        self._signed("finalize")
        kept = self.authority.orders[order.url]
        found = self._as_it_is(order.url)
        if found.status == "ready":
            kept.certificate = self.authority.issue(csr)
            kept.order = evolve(kept.order, status="valid", certificate=f"{order.url}/certificate")
        elif found.status not in ("processing", "valid"):
            raise AcmeProblem("orderNotReady", f"The order is {found.status}.", 403)
        self.authority.steps.after("finalize")
        return self._as_it_is(order.url)

    async def decided_order(self, url: str) -> Order:
        while (found := await self.order(url)).status == "pending" and self.authority.polls_pending:
            pass
        return found

    async def settled_order(self, order: Order) -> Order:
        self._signed("settled_order")
        found = self._as_it_is(order.url)
        if found.status != "valid":
            raise AcmeProblem("orderNotReady", f"The order is {found.status} and has no certificate.")
        return found

    async def certificate(self, order: Order, preferred: str | None = None) -> tuple[str, bool]:
        self._signed("certificate")
        return self.authority.orders[order.url].certificate or "", preferred in (None, "Authority of the tests")

    async def renewal_info(self, der: bytes) -> RenewalInfo | None:
        self._step("renewal_info")
        if self.authority.window is None:
            return None
        certificate_id(der)
        return RenewalInfo(*self.authority.window, None, self.authority.look_again)

    def _as_it_is(self, url: str) -> Order:
        """RFC 8555 7.1.6."""
        world = self.authority
        kept = world.orders[url]
        statuses = {world.authorizations[each].status for each in kept.order.authorizations}
        if kept.order.status == "pending" and "invalid" in statuses:
            kept.order = evolve(kept.order, status="invalid", error=AcmeProblem("unauthorized", "A proof failed."))
        elif kept.order.status == "pending" and statuses == {"valid"}:
            if world.polls_pending:
                world.polls_pending -= 1
            else:
                kept.order = evolve(kept.order, status="ready")
        return kept.order

    def _step(self, name: str) -> None:
        self.authority.steps.before(name)

    def _signed(self, name: str) -> None:
        self._step(name)
        if self.account_uri not in self.authority.accounts:
            raise AcmeProblem("accountDoesNotExist", "I do not know you.", 400)


class Names:
    """A name service that knows an address for all names but ``absent``."""

    def __init__(self) -> None:
        self.absent: set[str] = set()

    async def lookup(self, name: str, rtype: str) -> Any:
        """See ``names.Resolver``."""
        if name in self.absent:
            raise LookupFailed("nxdomain", f"{name} is not there")
        return object()


class Process:
    """All that orders certificates, as one process has it."""

    def __init__(self, world: Any) -> None:
        authority: FakeAuthority = world.authority
        self.steps = authority.steps
        self.store = _dying(world.store, authority.steps)
        self.answers = HttpAnswers(self.store, world.clock)
        self.authorities = Authorities(self.store, world.settings, world.vault, world.clock, authority.client)
        parts = Parts(
            self.store,
            world.settings,
            world.vault,
            world.hashing,
            self.authorities,
            world.keeper,
            world.telemetry,
            world.clock,
            lambda: world.resolver,
        )
        self.renewals = Renewals(parts, random=lambda: 0.0)
        self.service = IssuingService(
            CertificateStore(self.store, world.vault, self.renewals.save),
            world.clock,
            Ordering(OrderJournal(self.store, world.vault), world.hashing, world.clock, world.telemetry),
            self.renewals.plan,
            self._responders,
            self.renewals.ensure_tasks,
        )
        self.renewals.issue = self.service.issue_cert
        works = {TASK: self.renewals.work()}
        self.runner = TaskRunner(self.store, world.settings, world.telemetry, world.clock, works, random=lambda: 1.0)

    async def _responders(self, plan: Plan) -> list[Any]:
        return [Http01Responder(self.answers)]

    def leave(self) -> None:
        """Nothing of it happens any more."""
        self.runner._looking.stop()


class OrderingWorld(TlsWorld):
    """A domain that is automatic at ``authority``, and a ``process`` that has not begun."""

    def setUp(self) -> None:
        super().setUp()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))
        self.authority = FakeAuthority(self.clock, lambda token: HttpAnswers(self.store, self.clock).find(token))
        self.steps = self.authority.steps
        self.resolver = Names()
        self.account = self.provider()
        self.automatic(self.account)
        self.process = self.begun()

    def begun(self) -> Process:
        """Another process, that runs no tasks yet."""
        made = Process(self)
        self.addCleanup(made.leave)
        return made

    def restart(self) -> None:
        """Another process begins; whatever disturbed the former one is over."""
        self.process.leave()
        self.authority.steps = self.steps = Steps()
        self.process = self.begun()
        self.settle(self.settings.reload())
        self.serve()

    def serve(self) -> None:
        """What is due is done, and what is missing is made."""
        self.settle(self.process.renewals.ensure_tasks())
        self.process.runner.start()

    def pass_time(self, seconds: float, pace: float = 600.0) -> None:
        """The time goes on in small pieces."""
        until = self.clock.seconds() + seconds
        while self.clock.seconds() < until:
            self.clock.advance(min(pace, until - self.clock.seconds()))

    def managed(self, domain_id: int | None = None) -> list[Any]:
        """The certificates of the domain, the one that is renewed first."""
        id = domain_id or self.domain_id
        return list(self.successResultOf(self.store.read(lambda tx: managed_certificates(tx, id))))

    def tasks(self) -> list[dict[str, Any]]:
        """All of them, as they are stored."""
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        return [row.data for row in rows if row.data["@type"] == TASK]

    def reasons(self) -> list[str]:
        """Why tasks failed the last time."""
        return [task["status"]["failureReason"] for task in self.tasks() if "failureReason" in task["status"]]

    def happened(self, event: str) -> list[dict[str, Any]]:
        """The keys of all events of a kind."""
        return [keys for id, keys in self.events if id == event]
