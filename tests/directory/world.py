"""A small server to sign in to: memory store, default roles, domain `example.test`, a clock, work done at once."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from functools import cache
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.defaults import ensure_defaults
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.directory import hashes
from stalwart.directory.access import Access
from stalwart.directory.accounts import Accounts
from stalwart.directory.delay import FailureDelay
from stalwart.directory.directory import Directory
from stalwart.directory.hashing import SynchronousHashing
from stalwart.directory.recovery import RecoveryAdministrator
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry

T = TypeVar("T")

NOW = 1_800_000_000
IP = "192.0.2.1"
PASSWORD = "correct horse 7 battery"
FAST = hashes.sha256_of(PASSWORD)
"""The password under a hash that costs nothing; upgrades are what `test_upgrade` is about."""


@cache
def furnished() -> tuple[MemoryStore, Settings]:
    """What each of the servers begins with; what is read of it is read once."""
    clock = Clock()
    clock.advance(NOW)
    store = MemoryStore(clock.seconds)
    store.write(
        lambda tx: ensure_defaults(
            tx, hostname="mail.example.test", default_domain="example.test", listeners=(), now=NOW
        )
    )
    settings = Settings(store, Telemetry(), clock)
    Deferred.fromCoroutine(settings.load())
    return store, settings


class World(SynchronousTestCase):
    """A directory with everything below it; ``failures`` is what observers were told."""

    recovery: RecoveryAdministrator | None = RecoveryAdministrator.named("root", "recovery secret")

    def setUp(self) -> None:
        self.patch(hashes, "needs_upgrade", lambda stored, algorithm, secret="": False)
        self.clock = Clock()
        self.clock.advance(NOW)
        store, settings = furnished()
        self.store = MemoryStore(self.clock.seconds, like=store)
        self.addCleanup(self.store.close)
        self.telemetry = Telemetry()
        self.settings = Settings(self.store, self.telemetry, self.clock)
        self.settings._snapshot = settings._snapshot
        self.settle(self.settings.load())
        self.hashing = SynchronousHashing()
        self.directory = Directory(
            self.store,
            self.settings,
            self.hashing,
            self.clock,
            self.telemetry,
            recovery=self.recovery,
            delay=FailureDelay(self.clock, lambda: 1.0),
        )
        self.accounts = Accounts(self.store, self.settings, self.hashing, self.clock, forget=self.directory.forget)
        self.domain_id = 1
        self.failures: list[tuple[str, str]] = []
        self.banned = False
        self.directory.on_failure(self._failed)

    def _failed(self, client_ip: str, login: str) -> bool:
        self.failures.append((client_ip, login))
        return self.banned

    def settle(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that needs no time to pass."""
        result: T = self.successResultOf(Deferred.fromCoroutine(work))
        return result

    def user(self, name: str = "alice", **members: Any) -> int:
        """A user with `PASSWORD`, its id; members as on the wire."""
        return self.settle(self.accounts.create_user(name, self.domain_id, FAST, members=members))

    def patch_account(self, account_id: int, patch: Mapping[str, Any]) -> None:
        """Write to the account and tell the directory, as a face does."""
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, Account, account_id, patch, now=NOW, by_server=True))
        )
        self.directory.forget(account_id)

    def domain(self, name: str, **members: Any) -> int:
        """Another domain, its id."""
        return self.settle(self.settings.create(Domain, {"name": name, **members}))

    def sign_in(self, login: str = "alice@example.test", secret: str = PASSWORD, ip: str = IP) -> Access:
        """The access of a login that works; asserts that it took no time."""
        return self.settle(self.directory.authenticate_basic(login, secret, ip))

    def begin(self, login: str = "alice@example.test", secret: str = PASSWORD, ip: str = IP) -> Deferred[Access]:
        """A login that may be held up."""
        return Deferred.fromCoroutine(self.directory.authenticate_basic(login, secret, ip))

    def refusal(self, work: Deferred[Any], kind: type[Exception]) -> Any:
        """The error of a login that fails and is counted: it comes after the delay, not before."""
        self.assertNoResult(work)
        self.clock.advance(0.51)
        return self.failureResultOf(work, kind).value


def role_id(number: int) -> str:
    """A role id as on the wire."""
    return encode_id(number)
