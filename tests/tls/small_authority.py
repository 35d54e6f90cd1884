"""A certificate authority in memory (RFC 8555, RFC 9773), behind the methods of ``AcmeClient``.

Each method is a step. Before a step or after it the authority may fail, for a while or for good (``fail``), and whoever
speaks with it may die there (``die``): the step then never ends, and nothing that comes after it happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from attrs import define, evolve, field
from cryptography import x509
from twisted.internet.defer import Deferred

from stalwart.net.acme import (
    AcmeProblem,
    AcmeUnreachable,
    Authorization,
    Challenge,
    Directory,
    ExternalAccount,
    Order,
    RenewalInfo,
)
from tests.tls.world import DAY, issued_pem

URL = "https://ca.test"
STEPS = (
    "directory",
    "new_order",
    "authorization",
    "answer",
    "settled_authorization",
    "decided_order",
    "finalize",
    "settled_order",
    "certificate",
)
"""The steps of an order, in this order."""


@define
class SmallAuthority:
    """``clients`` are all that were made, ``issued`` the names of each certificate, ``asked`` the steps so far."""

    clock: Any
    backdated: float = 3600.0
    lifetime: float = 90 * DAY
    kinds: Sequence[str] = ("http-01", "dns-01", "tls-alpn-01")
    meta: Directory = field(factory=Directory)
    window: RenewalInfo | None = None
    proves_at_once: bool = False
    accounts: dict[str, str] = field(factory=dict)
    contacts: list[tuple[list[str], ExternalAccount | None]] = field(factory=list)
    clients: list[SmallClient] = field(factory=list)
    asked: list[str] = field(factory=list)
    issued: list[tuple[str, ...]] = field(factory=list)
    orders: dict[str, Order] = field(factory=dict)
    revoked: list[tuple[int | None, bool]] = field(factory=list)
    wanted: list[tuple[str | None, str | None]] = field(factory=list)
    answers: dict[str, str] = field(factory=dict)
    authorizations: dict[str, Authorization] = field(factory=dict)
    chains: dict[str, str] = field(factory=dict)
    _failures: dict[tuple[str, str], list[Exception]] = field(factory=dict)
    _deadly: tuple[str, str] | None = None
    _is_dead: bool = False
    _dead: list[Deferred[None]] = field(factory=list)
    _numbers: Any = field(factory=lambda: count(100))

    def client(self, directory: str, key: str, *, account_uri: str | None) -> Any:
        """See ``authorities.MakeClient``."""
        self.clients.append(SmallClient(self, directory, key, account_uri))
        return self.clients[-1]

    def fail(self, step: str, *problems: Exception, when: str = "before") -> None:
        """Raise ``problems``, one after the other, before or after the next calls of ``step``."""
        self._failures.setdefault((step, when), []).extend(problems)

    def heal(self) -> None:
        """Fail no more."""
        self._failures.clear()

    def die(self, step: str, when: str = "before") -> None:
        """Let whoever comes to ``step`` next wait there for ever, and with him all that he does besides."""
        self._deadly = (step, when)

    def restart(self) -> None:
        """Another process begins."""
        self._is_dead = False

    async def at(self, step: str, when: str) -> None:
        """Called by clients."""
        if when == "before":
            self.asked.append(step)
        if self._deadly == (step, when):
            self._deadly, self._is_dead = None, True
        if self._is_dead:
            self._dead.append(Deferred())
            await self._dead[-1]
        failures = self._failures.get((step, when))
        if failures:
            raise failures.pop(0)

    def url(self, kind: str) -> str:
        """A new one."""
        return f"{URL}/{kind}/{next(self._numbers)}"

    # What orders go through

    def ordered(self, names: Sequence[str], profile: str | None) -> Order:
        """A new order with its authorizations."""
        made = [self._authorization(name) for name in names]
        status = "ready" if self.proves_at_once else "pending"
        order = Order(self.url("order"), status, tuple(names), tuple(made), f"{URL}/finalize", profile=profile)
        self.orders[order.url] = order
        return order

    def order_now(self, url: str) -> Order:
        """An order as it is. Raises AcmeProblem."""
        order = self.orders.get(url)
        if order is None:
            raise AcmeProblem("malformed", "no such order", 404)
        found = {self.authorizations[each].status for each in order.authorizations}
        if order.status == "pending" and found == {"valid"}:
            order = evolve(order, status="ready")
        elif order.status == "pending" and "invalid" in found:
            order = evolve(order, status="invalid", error=AcmeProblem("unauthorized", "a name is not proved"))
        self.orders[url] = order
        return order

    def prove(self, challenge: Challenge) -> None:
        """Look at what is answered to a challenge."""
        for url, each in self.authorizations.items():
            if challenge.url in [one.url for one in each.challenges]:
                good = self.answers.get(challenge.token) == f"{challenge.token}.thumbprint"
                self.authorizations[url] = evolve(each, status="valid" if good else "invalid")

    def issue(self, order: Order, csr: bytes) -> Order:
        """Make the certificate."""
        request = x509.load_der_x509_csr(csr)
        begin = self.clock.seconds() - self.backdated
        url = self.url("certificate")
        self.chains[url] = issued_pem(order.names, request.public_key(), begin, self.backdated + self.lifetime)
        self.issued.append(order.names)
        self.orders[order.url] = made = evolve(order, status="valid", certificate=url)
        return made

    def _authorization(self, name: str) -> str:
        url = self.url("authorization")
        token = f"token-{next(self._numbers):06}"
        offered = tuple(Challenge(kind, self.url("challenge"), token) for kind in self.kinds)
        status = "valid" if self.proves_at_once else "pending"
        is_wildcard = name.startswith("*.")
        self.authorizations[url] = Authorization(url, name.removeprefix("*."), is_wildcard, status, offered)
        return url


class SmallClient:
    """See ``AcmeClient``."""

    def __init__(self, authority: SmallAuthority, directory: str, key: str, account_uri: str | None) -> None:
        self.authority, self.directory_url, self.key, self.account_uri = authority, directory, key, account_uri
        self.is_closed = False

    async def close(self) -> None:
        self.is_closed = True

    async def directory(self) -> Directory:
        await self.authority.at("directory", "before")
        return self.authority.meta

    async def register(
        self, contact: Iterable[str], external: ExternalAccount | None = None, *, existing_only: bool = False
    ) -> str:
        await self.authority.at("register", "before")
        accounts = self.authority.accounts
        if existing_only and self.key not in accounts:
            raise AcmeProblem("accountDoesNotExist", "no such account")
        self.authority.contacts.append((list(contact), external))
        self.account_uri = accounts.setdefault(self.key, self.authority.url("account"))
        return self.account_uri

    async def update_contact(self, contact: Iterable[str]) -> None:
        await self._asked("update_contact")
        self.authority.contacts.append((list(contact), None))

    def key_authorization(self, token: str) -> str:
        return f"{token}.thumbprint"

    async def new_order(
        self, names: Sequence[str], *, profile: str | None = None, replaces: str | None = None
    ) -> Order:
        await self._asked("new_order")
        self.authority.wanted.append((profile, replaces))
        order = self.authority.ordered(names, profile)
        await self.authority.at("new_order", "after")
        return order

    async def order(self, url: str) -> Order:
        await self._asked("order")
        found = self.authority.order_now(url)
        await self.authority.at("order", "after")
        return found

    async def decided_order(self, url: str) -> Order:
        await self._asked("decided_order")
        found = self.authority.order_now(url)
        await self.authority.at("decided_order", "after")
        return found

    async def authorization(self, url: str) -> Authorization:
        await self._asked("authorization")
        await self.authority.at("authorization", "after")
        return self.authority.authorizations[url]

    async def answer(self, challenge: Challenge) -> None:
        await self._asked("answer")
        self.authority.prove(challenge)
        await self.authority.at("answer", "after")

    async def settled_authorization(self, url: str) -> Authorization:
        await self._asked("settled_authorization")
        found = self.authority.authorizations[url]
        await self.authority.at("settled_authorization", "after")
        if found.status != "valid":
            raise AcmeProblem("unauthorized", f"{found.name} does not answer")
        return found

    async def finalize(self, order: Order, csr: bytes) -> Order:
        await self._asked("finalize")
        found = self.authority.order_now(order.url)
        if found.status not in ("ready", "valid"):
            raise AcmeProblem("orderNotReady", f"the order is {found.status}")
        made = found if found.status == "valid" else self.authority.issue(found, csr)
        await self.authority.at("finalize", "after")
        return made

    async def settled_order(self, order: Order) -> Order:
        await self._asked("settled_order")
        found = self.authority.order_now(order.url)
        await self.authority.at("settled_order", "after")
        if found.status != "valid":
            raise found.error or AcmeProblem("orderNotReady", f"the order is {found.status}")
        return found

    async def certificate(self, order: Order, preferred: str | None = None) -> tuple[str, bool]:
        await self._asked("certificate")
        await self.authority.at("certificate", "after")
        return self.authority.chains[order.certificate or ""], preferred is None

    async def revoke(self, der: bytes, reason: int | None = None, *, key_pem: str | None = None) -> None:
        await self._asked("revoke")
        self.authority.revoked.append((reason, key_pem is not None))

    async def renewal_info(self, der: bytes) -> RenewalInfo | None:
        await self.authority.at("renewal_info", "before")
        return self.authority.window

    async def _asked(self, step: str) -> None:
        """A request of the account."""
        await self.authority.at(step, "before")
        if self.account_uri is None:
            raise AcmeProblem("local", "there is no account yet")
        if self.account_uri not in self.authority.accounts.values():
            raise AcmeProblem("accountDoesNotExist", "the account is gone")


class SmallResponder:
    """Answers challenges of one kind; ``names`` are being proved now, ``proved`` were."""

    def __init__(self, authority: SmallAuthority, challenge_type: str = "http-01") -> None:
        self.authority, self.challenge_type = authority, challenge_type
        self.names: list[str] = []
        self.proved: list[str] = []
        self.is_mute = False

    def start_responding(self, name: str, challenge: Any, response: Any) -> Any:
        """See ``IResponder``."""
        self.names.append(name)
        if not self.is_mute:
            self.authority.answers[challenge.encode("token")] = response.key_authorization

    def stop_responding(self, name: str, challenge: Any, response: Any) -> Any:
        """See ``IResponder``."""
        self.names.remove(name)
        self.proved.append(name)
        self.authority.answers.pop(challenge.encode("token"), None)


SILENT = AcmeUnreachable("ca.test does not answer")
REFUSED = AcmeProblem("rejectedIdentifier", "the name may not be certified", 403)
LIMITED = AcmeProblem("rateLimited", "too many certificates", 429, 7200.0)
