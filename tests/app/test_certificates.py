"""Certificates put together: they are ordered where somebody leads, and nothing is imported before that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred, fail

from stalwart.app import certificates as module
from stalwart.app.certificates import CertificateParts, certificate_parts
from stalwart.app.company import Alone
from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.network.system import SystemSettings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.dns_server import DnsServer
from stalwart.errors import Invalid, Unavailable
from stalwart.tasks.runner import TaskRunner
from stalwart.tls.managed import managed_certificates
from stalwart.tls.plan import Plan
from stalwart.tls.renewals import TASK
from tests.app.world import HouseCase
from tests.tls.small_authority import SmallAuthority
from tests.tls.world import TlsWorld, key_pem

HOUR = 3600.0


class StoredAnswers(dict[str, str]):
    """What the authority finds when it looks: whatever the parts answer now."""

    def __init__(self, case: CertificatesCase) -> None:
        super().__init__()
        self.case = case

    def get(self, token: str, default: Any = None) -> Any:
        """As HTTP-01, or as TLS-ALPN-01 if a name is being proved so."""
        parts = self.case.parts
        if parts.tls_answers.pair_for("a.example.test") is not None:
            return f"{token}.thumbprint"
        return self.case.settle(parts.http_answers.find(token))


class CertificatesCase(TlsWorld):
    def setUp(self) -> None:
        super().setUp()
        self.authority = SmallAuthority(self.clock)
        self.authority.answers = StoredAnswers(self)
        self.patch(module, "acme_http", lambda clock, trust, allow=None: ("transport", clock, trust))
        self.patch(module, "AcmeClient", self.make_client)
        self.transports: list[Any] = []
        self.parts = self.build()

    def make_client(self, http: Any, clock: Any, directory: str, key: str, *, account_uri: str | None) -> Any:
        self.transports.append(http)
        return self.authority.client(directory, key, account_uri=account_uri)

    def build(self, **members: Any) -> CertificateParts:
        """The parts of a process whose company is so."""
        self.company: Any = Alone()
        for name, value in members.items():
            setattr(self.company, name, value)
        below: Any = SimpleNamespace(
            store=self.store,
            settings=self.settings,
            vault=self.vault,
            reactor=self.clock,
            telemetry=self.telemetry,
            hashing=self.hashing,
            hostname="host.example.test",
            outgoing=Outside(),
        )
        parts = certificate_parts(below, self.company)
        self.settle(parts.load())
        return parts

    def known_account(self, **members: Any) -> int:
        """An account that the authority knows."""
        id = self.provider(**members)
        stored = dict(self.settings.all(AcmeProvider))[id]
        key = self.vault.open("AcmeProvider.accountKey", stored.account_key or "")
        self.authority.accounts[key] = stored.account_uri or ""
        return id

    def runner(self) -> TaskRunner:
        """Works on tasks until the end of the test."""
        works = {TASK: self.parts.renewals.work()}
        made = TaskRunner(self.store, self.settings, self.telemetry, self.clock, works, random=lambda: 1.0)
        self.parts.renewals.wake = made.wake
        made.start()
        self.addCleanup(lambda: self.settle(made.close()))
        return made

    def lead(self) -> None:
        self.parts.lead()
        self.addCleanup(lambda: self.settle(self.parts.close()))

    def managed(self) -> list[Any]:
        return self.successResultOf(self.store.read(lambda tx: managed_certificates(tx, self.domain_id)))

    def tasks(self) -> list[Any]:
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        return [row.data for row in rows if row.data["@type"] == TASK]


class Outside:
    """See ``app.outgoing``."""

    trust_store = "trusted"
    reactor: Any = None
    resolver: Any = None

    def __call__(self) -> Outside:
        return self


class LeadingTests(CertificatesCase):
    """Who orders, and since when."""

    def test_certificate_is_ordered_proved_and_served(self) -> None:
        self.automatic(self.known_account())
        self.runner()
        self.lead()
        (one,) = self.managed()
        self.assertEqual(self.authority.issued, [("a.example.test", "b.example.test")])
        self.assertEqual(list(self.parts.served.pairs), [one.id])
        self.assertEqual(self.parts.expiries()["a.example.test"], one.not_after)
        self.assertEqual(self.transports, [("transport", self.clock, "trusted")])

    def test_names_are_proved_by_handshakes_once_all_processes_know(self) -> None:
        self.parts = self.build(settling=2.0)
        self.automatic(self.known_account(challengeType="TlsAlpn01"), "a.example.test")
        self.runner()
        self.lead()
        self.assertIsNotNone(self.parts.tls_answers.pair_for("a.example.test"))
        self.assertNotIn("answer", self.authority.asked)
        self.clock.advance(2)
        self.assertEqual(len(self.managed()), 1)
        self.assertIsNone(self.parts.tls_answers.pair_for("a.example.test"))

    def test_who_does_not_lead_orders_nothing(self) -> None:
        self.automatic(self.known_account())
        self.clock.advance(3 * HOUR)
        self.assertEqual(self.tasks(), [])
        self.settle(self.parts.close())

    def test_first_automatic_domain_begins_it(self) -> None:
        self.lead()
        self.assertIsNone(self.parts._service)
        self.runner()
        self.automatic(self.known_account())
        self.assertEqual(len(self.managed()), 1)

    def test_missing_tasks_are_made_every_hour_and_done_at_once(self) -> None:
        self.automatic(self.known_account())
        self.lead()
        self.runner()
        for _ in range(2):
            (row,) = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
            self.successResultOf(self.store.write(lambda tx, id=row.id: tx.registry.delete("Task", id)))
            self.clock.advance(HOUR)
            (task,) = self.tasks()
            self.assertEqual(task["status"]["@type"], "Pending")
            self.assertGreater(task["status"]["due"], "2027-01-15T09:00")
        self.assertEqual(len(self.authority.issued), 1)

    def test_store_that_fails_is_told_and_looked_at_again(self) -> None:
        self.automatic(self.known_account())
        told: list[str] = []
        self.telemetry.observe(lambda event, keys: told.append(event.id))
        read = self.store.read
        self.store.read = lambda work: fail(Unavailable("no disk"))  # type: ignore[method-assign]
        self.lead()
        self.assertIn("store.unexpected-error", told)
        self.store.read = read  # type: ignore[method-assign]
        self.runner()
        self.clock.advance(HOUR)
        self.assertEqual(len(self.managed()), 1)

    def test_nothing_is_left_at_the_end(self) -> None:
        self.automatic(self.known_account())
        runner = self.runner()
        self.parts.lead()
        self.settle(runner.close())
        self.settle(self.parts.close())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertTrue(all(each.is_closed for each in self.authority.clients))


class AnswerTests(CertificatesCase):
    """What answers challenges."""

    def kinds(self, plan: Plan) -> list[str]:
        return [each.challenge_type for each in self.settle(self.parts._responders_for(plan))]

    def plan(self) -> Plan:
        account = self.known_account(accountUri=f"https://ca.test/account/{len(self.settings.all(AcmeProvider))}")
        self.automatic(account)
        domain = dict(self.settings.all(Domain))[self.domain_id]
        return Plan(
            self.domain_id, domain, account, dict(self.settings.all(AcmeProvider))[account], ("a.example.test",)
        )

    def test_domain_whose_records_are_kept_by_hand(self) -> None:
        self.assertEqual(self.kinds(self.plan()), ["http-01", "tls-alpn-01"])

    def test_domain_whose_records_are_published(self) -> None:
        secret = {"@type": "Value", "secret": "c2VjcmV0"}
        server = self.created(
            DnsServer, {"@type": "Tsig", "host": "192.0.2.53", "keyName": "k", "key": secret, "description": "ns"}
        )
        records = {"@type": "Automatic", "dnsServerId": encode_id(server)}
        self.settle(self.settings.change(Domain, {"dnsManagement": records}, self.domain_id))
        self.assertEqual(self.kinds(self.plan()), ["http-01", "tls-alpn-01", "dns-01"])

    def test_handshakes_answer_while_an_account_may_need_it(self) -> None:
        self.assertTrue(self.parts.tls_answers.is_on)
        self.known_account(challengeType="Http01")
        self.assertFalse(self.parts.tls_answers.is_on)
        self.known_account(challengeType="TlsAlpn01", accountUri="https://ca.test/account/2")
        self.assertTrue(self.parts.tls_answers.is_on)

    def test_other_processes_are_told_and_heard(self) -> None:
        told: list[Any] = []
        self.parts = self.build(changed_certificate=told.append, changed_challenges=told.append, settling=0.5)
        other = self.build()
        self.automatic(self.known_account(challengeType="TlsAlpn01"), "a.example.test")
        self.runner()
        self.lead()
        self.assertEqual(told, [self.domain_id])
        other.hear_challenge(self.domain_id)
        self.assertIsNotNone(other.tls_answers.pair_for("a.example.test"))
        self.clock.advance(1)
        (one,) = self.managed()
        self.assertEqual(told, [self.domain_id, self.domain_id, one.id])
        other.hear_certificate(one.id)
        self.clock.advance(1)
        self.assertEqual(list(other.served.pairs), [one.id])
        self.settle(other.close())


class PartsTests(CertificatesCase):
    """What others ask for."""

    def test_own_name_is_that_of_the_settings(self) -> None:
        self.assertEqual(self.parts.served.own().names, {"mail.example.test"})
        self.settle(self.settings.change(SystemSettings, {"defaultHostname": "other.example.test"}))
        self.assertIn("other.example.test", self.build().served.own().names)

    def test_certificates_that_are_there_are_served_from_the_start(self) -> None:
        id = self.certificate("mail.test")
        self.settle(self.parts.reload())
        self.assertEqual((list(self.parts.served.pairs), list(self.build().served.pairs)), ([id], [id]))

    def test_certificate_is_revoked_by_its_account(self) -> None:
        id = self.certificate("mail.test", key=key_pem())
        revoking = Deferred.fromCoroutine(self.parts.revoke(id, "superseded", None))
        self.failureResultOf(revoking, Invalid)
        self.settle(self.parts.revoke(id, "superseded", self.known_account()))
        self.assertEqual(self.authority.revoked, [(4, True)])  # RFC 5280 5.3.1; signed with its own key


class HouseTests(HouseCase):
    """Where the parts are in the house."""

    def test_new_tasks_are_noticed_by_the_runner(self) -> None:
        house = self.open()
        self.assertEqual(house.certificates.renewals.wake, house.tasks.wake)
        self.assertIn(TASK, house.tasks.works)
