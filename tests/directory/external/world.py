"""A small server with domains that directories elsewhere serve: fakes that know people and tokens."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.directory import Directory as DirectoryObject
from stalwart.directory.delay import FailureDelay
from stalwart.directory.directory import Directory
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.external.found import Found
from stalwart.directory.failures import LoginFailed
from tests.directory.world import NOW, World

EXTERNAL = "ext.test"
"""The domain that is bound to the directory ``ldap``."""


class People:
    """A `PasswordDirectory`: ``known`` people by address with their passwords, ``entries`` that `find` gives."""

    def __init__(self, declared: Any = None) -> None:
        self.declared = declared
        self.known: dict[str, tuple[str, Found]] = {}
        self.entries: dict[str, Found] = {}
        self.problem: Exception | None = None
        self.held: Deferred[None] | None = None
        self.checked: list[tuple[str, str]] = []
        self.looked_up: list[str] = []
        self.closed = 0

    def add(self, address: str, secret: str = "secret", **members: Any) -> None:
        self.known[address] = (secret, Found(members.pop("named", address), **members))

    async def check(self, address: str, secret: str) -> Found | None:
        self.checked.append((address, secret))
        if self.held is not None:
            await self.held
        if self.problem is not None:
            raise self.problem
        known = self.known.get(address)
        return known[1] if known is not None and known[0] == secret else None

    async def find(self, address: str) -> Found | None:
        self.looked_up.append(address)
        if self.problem is not None:
            raise self.problem
        return self.entries.get(address)

    async def close(self) -> None:
        self.closed += 1
        if self.problem is not None:
            raise self.problem


class Issuer:
    """A `TokenDirectory`: ``known`` tokens and whose they are."""

    def __init__(self, declared: Any = None) -> None:
        self.declared = declared
        self.known: dict[str, Found] = {}
        self.problem: Exception | None = None
        self.asked: list[str] = []
        self.closed = 0

    async def authenticate(self, token: str) -> Found:
        self.asked.append(token)
        if self.problem is not None:
            raise self.problem
        if token not in self.known:
            raise LoginFailed("token refused by the identity provider")
        return self.known[token]

    async def discovery(self) -> dict[str, Any]:
        if self.problem is not None:
            raise self.problem
        return {"issuer": self.declared.issuer_url, "token_endpoint": "t", "registration_endpoint": "r"}

    async def close(self) -> None:
        self.closed += 1


class ExternalWorld(World):
    """``ldap`` and ``oidc`` are ids of directories; domain `EXTERNAL` (alias `alias.test`) is bound to the first."""

    def setUp(self) -> None:
        super().setUp()
        self.people: list[People] = []
        self.issuers: list[Issuer] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, dict(keys))))
        self.ldap = self.make_directory({"@type": "Ldap", "description": "L", "baseDn": "dc=test"})
        self.oidc = self.make_directory({"@type": "Oidc", "description": "O", "issuerUrl": "https://idp.test"})
        self.external_id = self.domain(EXTERNAL, directoryId=encode_id(self.ldap), aliases={"alias.test": True})
        self.external = ExternalDirectories(
            self.settings,
            self.store,
            {"Ldap": self._make_people, "Oidc": self._make_issuer},
            self.clock,
            self.telemetry,
        )
        self.directory = Directory(
            self.store,
            self.settings,
            self.hashing,
            self.clock,
            self.telemetry,
            recovery=self.recovery,
            delay=FailureDelay(self.clock, lambda: 1.0),
            external=self.external,
        )
        self.directory.on_failure(self._failed)

    def _make_people(self, declared: Any) -> People:
        made = People(declared)
        if self.people:
            made.known, made.entries = self.people[-1].known, self.people[-1].entries
        self.people.append(made)
        return made

    def _make_issuer(self, declared: Any) -> Issuer:
        self.issuers.append(Issuer(declared))
        return self.issuers[-1]

    @property
    def ldap_client(self) -> People:
        """The client of the directory ``ldap``."""
        assert self.external.checks_passwords(self.ldap)
        return self.people[-1]

    @property
    def oidc_client(self) -> Issuer:
        """The client of the directory ``oidc``."""
        assert not self.external.checks_passwords(self.oidc)
        return self.issuers[-1]

    def make_directory(self, members: dict[str, Any]) -> int:
        return self.settle(self.settings.create(DirectoryObject, members))

    def bind(self, domain_id: int, directory_id: int | None) -> None:
        """Have a domain served by a directory; None: here, or by the default one."""
        wanted = None if directory_id is None else encode_id(directory_id)
        self.settle(self.settings.change(Domain, {"directoryId": wanted}, domain_id))

    def default(self, directory_id: int | None) -> None:
        """The directory of all domains without their own."""
        wanted = None if directory_id is None else encode_id(directory_id)
        self.settle(self.settings.change(Authentication, {"directoryId": wanted}))

    def member(self, name: str, domain_id: int, **members: Any) -> int:
        """An account without a password, its id."""
        return self.settle(self.accounts.create_user(name, domain_id, None, members=members))

    def group(self, name: str, domain_id: int) -> int:
        return self.settle(self.accounts.create_group(name, domain_id))

    def account(self, account_id: int) -> Any:
        """The stored object."""
        found = self.successResultOf(self.store.read(lambda tx: registry.get(tx, Account, account_id)))
        assert found is not None
        return found.value

    def revision(self, account_id: int) -> int:
        """Rises with every write."""
        found = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Account", account_id)))
        assert found is not None
        return found.revision

    def sign_in_to(self, account_id: int) -> int:
        """A sign-in of an application, its id."""
        made = self.successResultOf(
            self.store.write(
                lambda tx: tx.sign_ins.insert(account_id, "app", {"scope": []}, now=NOW, expires_at=NOW + 1000)
            )
        )
        return made.id

    def sign_ins(self, account_id: int) -> int:
        """How many there are."""
        return len(self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(account_id, NOW))))
