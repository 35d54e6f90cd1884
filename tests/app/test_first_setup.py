"""Setting up a new server: what is in its store afterwards, and what a failure leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.first_setup import NOT_PUBLIC, PROBE, Administrator, FirstSetup
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.directory import Directory
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.system import SystemSettings
from stalwart.config.operation.bootstrap import Bootstrap
from stalwart.directory import hashes
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Invalid, Unavailable
from stalwart.store import MemoryStore

LISTENER = {"name": "http", "bind": {"[::]:8080": True}, "protocol": "http", "useTls": False}


class Disk:
    """A store whose content outlives closing."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.starting: Deferred[None] | None = None
        self.closed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def start(self) -> Deferred[None]:
        return self.starting or self._store.read(lambda _: None)

    def close(self) -> Deferred[None]:
        self.closed += 1
        return self._store.read(lambda _: None)


class FirstSetupTests(SynchronousTestCase):
    """One server, from nothing."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        store = MemoryStore(self.clock.seconds)
        self.successResultOf(store.start())
        self.addCleanup(store.close)
        self.disk = Disk(store)
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "config.json"
        self.finished: list[bool] = []
        self.opened: list[Any] = []
        self.refusal: Exception | None = None
        self.setup = self.for_host("mail.example.org")

    def for_host(self, hostname: str) -> FirstSetup:
        """A set-up on a machine of this name."""
        return FirstSetup(
            self.path,
            hostname,
            [LISTENER],
            open_store=self._open_store,
            hashing=SynchronousHashing(),
            clock=self.clock,
            finished=lambda: self.finished.append(True),
        )

    def _open_store(self, config: Any) -> Any:
        self.opened.append(config)
        if self.refusal is not None:
            raise self.refusal
        return self.disk

    def run_with(self, **members: Any) -> Deferred[Administrator | None]:
        """Set up as suggested but for ``members``."""
        store = {"@type": "Sqlite", "path": "db/store.sqlite3"}
        wanted = Bootstrap.patched(self.setup.suggestion(), {"dataStore": store, **members})
        return Deferred.fromCoroutine(self.setup.run(wanted))

    def read(self, work: Any) -> Any:
        """From the store that was filled."""
        return self.successResultOf(self.disk.read(work))

    def test_the_name_of_the_machine_suggests_a_domain(self) -> None:
        for host, domain in (
            ("mail.example.org", "example.org"),
            ("example.org", "example.org"),
            ("box", "example.org"),
        ):
            suggested = self.for_host(host).suggestion()
            self.assertEqual((suggested.server_hostname, suggested.default_domain), (host, domain))

    def test_a_name_that_cannot_be_used_is_not_suggested(self) -> None:
        self.assertEqual(self.for_host("not a name!").suggestion().server_hostname, "localhost")

    def test_names_that_nobody_else_can_use_are_refused_at_their_fields(self) -> None:
        for wrong in (
            {"serverHostname": "vm"},
            {"serverHostname": "192.0.2.1"},
            {"serverHostname": "2001:db8::1"},
            {"defaultDomain": "localhost"},
            {"serverHostname": "localhost", "defaultDomain": "mail.localhost"},
        ):
            refused = self.failureResultOf(self.run_with(**wrong), Invalid).value
            self.assertEqual((refused.detail, refused.properties), (NOT_PUBLIC, tuple(wrong)))
        self.assertEqual(self.opened, [])

    def test_the_administrator_can_sign_in_afterwards(self) -> None:
        administrator = self.successResultOf(self.run_with())
        assert administrator is not None
        self.assertEqual(administrator.login, "admin@example.org")
        self.assertEqual(len(administrator.secret), 16)
        ((entry),) = self.read(lambda tx: registry.listed(tx, Account))
        self.assertTrue(hashes.verify(entry.value.credentials[0].secret, administrator.secret))
        self.assertEqual(entry.value.roles.tag, "Admin")
        self.assertEqual(self.read(lambda tx: tx.accounts.get(entry.id)).login, "admin@example.org")

    def test_domain_names_roles_and_listeners_are_there(self) -> None:
        self.successResultOf(self.run_with(serverHostname="mx.example.org", generateDkimKeys=False))
        (domain,) = self.read(lambda tx: registry.listed(tx, Domain))
        self.assertEqual(domain.value.name, "example.org")
        self.assertEqual(domain.value.dkim_management.tag, "Manual")
        self.assertEqual(domain.value.certificate_management.tag, "Automatic")
        system = self.read(lambda tx: registry.get(tx, SystemSettings)).value
        self.assertEqual((system.default_hostname, system.default_domain_id), ("mx.example.org", domain.id))
        self.assertEqual(
            [each.value.name for each in self.read(lambda tx: registry.listed(tx, NetworkListener))], ["http"]
        )
        self.assertTrue(self.read(lambda tx: registry.get(tx, Authentication)).value.default_admin_role_ids)

    def tasks(self) -> list[tuple[str, str]]:
        """What is to be done after the next start."""
        rows = self.read(lambda tx: tx.registry.list("Task"))
        return sorted((row.data["@type"], row.data["domainId"]) for row in rows)

    def test_keys_are_made_and_records_published_after_the_next_start(self) -> None:
        tsig = {"@type": "Tsig", "description": "ours", "host": "192.0.2.53", "keyName": "k"}
        key = {"@type": "Value", "secret": "c2VjcmV0"}
        self.successResultOf(self.run_with(dnsServer={**tsig, "key": key}))
        self.assertEqual(self.tasks(), [("DkimManagement", "b"), ("DnsManagement", "b")])

    def test_nothing_is_to_be_done_for_what_is_kept_by_hand(self) -> None:
        self.successResultOf(self.run_with(generateDkimKeys=False))
        self.assertEqual(self.tasks(), [])

    def test_the_file_is_written_and_the_server_told(self) -> None:
        self.successResultOf(self.run_with())
        stored = json.loads(self.path.read_text())
        self.assertEqual(stored["path"], "db/store.sqlite3")
        self.assertEqual(stored["poolMaxConnections"], 10)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.opened[0]["path"], str(self.folder.absolute() / "db/store.sqlite3"))
        self.assertEqual((self.finished, self.disk.closed), ([True], 1))

    def test_without_a_certificate_no_authority_is_named(self) -> None:
        self.successResultOf(self.run_with(requestTlsCertificate=False))
        self.assertEqual(self.read(lambda tx: tx.registry.count("AcmeProvider")), 0)

    def test_with_an_external_directory_there_is_no_administrator(self) -> None:
        oidc = {"@type": "Oidc", "description": "Staff", "issuerUrl": "https://id.example.org"}
        self.assertIsNone(self.successResultOf(self.run_with(directory=oidc)))
        (directory,) = self.read(lambda tx: registry.listed(tx, Directory))
        self.assertEqual(self.read(lambda tx: registry.get(tx, Authentication)).value.directory_id, directory.id)

    def test_a_second_set_up_is_refused(self) -> None:
        self.successResultOf(self.run_with())
        self.failureResultOf(self.run_with(), Invalid)

    def test_a_store_in_use_is_refused_and_left_alone(self) -> None:
        self.successResultOf(self.run_with())
        self.setup = self.for_host("other.example.net")
        failure = self.failureResultOf(self.run_with(), Invalid)
        self.assertEqual(failure.value.properties, ("dataStore",))
        self.assertEqual(self.read(lambda tx: tx.registry.count("Domain")), 1)

    def test_a_store_that_cannot_be_opened_is_named(self) -> None:
        self.refusal = Unavailable("No such database.")
        failure = self.failureResultOf(self.run_with(), Invalid)
        self.assertEqual((failure.value.detail, failure.value.properties), ("No such database.", ("dataStore",)))
        self.assertFalse(self.path.exists())
        self.refusal = None
        self.successResultOf(self.run_with())

    def test_a_store_that_does_not_answer_is_given_up(self) -> None:
        self.disk.starting = Deferred()
        running = self.run_with()
        self.assertNoResult(running)
        self.failureResultOf(self.run_with(), Invalid)  # one at a time
        self.clock.advance(PROBE)
        self.assertIn("30 seconds", self.failureResultOf(running, Invalid).value.detail)

    def test_a_file_that_cannot_be_written_leaves_the_store_empty(self) -> None:
        (self.folder / "config.json.new").mkdir()
        failure = self.failureResultOf(self.run_with(), Invalid)
        self.assertIn("cannot be written", failure.value.detail)
        self.assertEqual(self.read(lambda tx: tx.registry.count("Domain")), 0)

    def test_what_cannot_be_filled_leaves_no_file(self) -> None:
        self.setup = FirstSetup(
            self.path,
            "mail.example.org",
            [{"name": "broken"}],
            open_store=self._open_store,
            hashing=SynchronousHashing(),
            clock=self.clock,
            finished=lambda: self.finished.append(True),
        )
        self.failureResultOf(self.run_with(), Invalid)
        self.assertEqual((list(self.folder.glob("config*")), self.finished), ([], []))
