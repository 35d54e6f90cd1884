"""What access rules and other expressions may have to wait for."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX
from stalwart.codec.expression import compile_expression
from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.defaults import ensure_defaults
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.mail.expressions import ExpressionWorld
from stalwart.store import MemoryStore, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level
from tests.net.fake_dns import FakeResolver

ZONE = {
    ("example.org", "MX"): [MX(10, "mx.example.org.")],
    ("example.org", "A"): ["192.0.2.1"],
    ("example.org", "AAAA"): ["2001:db8::1"],
    ("example.org", "TXT"): ["v=spf1 -all"],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["mx.example.org."],
}


class ExpressionWorldTests(SynchronousTestCase):
    """Each function through a compiled expression."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        clock = Clock()
        clock.advance(1_800_000_000)
        self.telemetry = Telemetry(Level.ERROR)
        self.settings = Settings(self.store, self.telemetry, clock)
        self.successResultOf(self.store.write(self._fill))
        self.wait(self.settings.load())
        resolver = FakeResolver(ZONE)
        self.world = ExpressionWorld(self.store, self.settings, self.telemetry, lambda: resolver, clock, "node.example")

    def _fill(self, tx: Transaction) -> None:
        ensure_defaults(tx, hostname="mail.example.test", default_domain="example.test", listeners=(), now=0)
        domain = registry.listed(tx, Domain)[0]
        registry.update(tx, Domain, domain.id, {"aliases": {"alias.test": True}}, now=0)
        user = {"@type": "User", "name": "alice", "domainId": encode_id(domain.id)}
        user["aliases"] = {"0": {"name": "al", "domainId": encode_id(domain.id)}}  # type: ignore[assignment]
        registry.create(tx, Account, user, now=0)
        registry.create(tx, Domain, {"name": "off.test", "isEnabled": False}, now=0)

    def wait(self, work: Any) -> Any:
        """The result of a coroutine that does not have to wait."""
        return self.successResultOf(Deferred.fromCoroutine(work))

    def value(self, text: str) -> Any:
        """The value of an expression without variables."""
        compiled = compile_expression({"else": text}, frozenset())
        return self.wait(compiled.evaluate_async(lambda name: name, self.world))

    def test_domains_and_their_aliases_are_local(self) -> None:
        self.assertTrue(self.value("is_local_domain('Example.test')"))
        self.assertTrue(self.value("is_local_domain('alias.test')"))
        self.assertFalse(self.value("is_local_domain('example.org')"))

    def test_a_disabled_domain_is_not_local(self) -> None:
        self.assertFalse(self.value("is_local_domain('off.test')"))

    def test_addresses_and_aliases_of_accounts_are_local(self) -> None:
        self.assertTrue(self.value("is_local_address('alice@example.test')"))
        self.assertTrue(self.value("is_local_address('AL@example.test')"))
        for stranger in ("bob@example.test", "alice@example.org", "alice", "@example.test", ""):
            self.assertFalse(self.value(f"is_local_address('{stranger}')"))

    def test_keys_are_kept_by_name_space(self) -> None:
        self.assertFalse(self.value("key_exists('', 'k')"))
        self.assertTrue(self.value("key_set('', 'k', 'v')"))
        self.assertEqual(self.value("key_get('', 'k')"), "v")
        self.assertTrue(self.value("key_exists('', 'k')"))
        self.assertEqual(self.value("key_get('other', 'k')"), "")

    def test_counters_add_up(self) -> None:
        self.assertEqual(self.value("counter_get('', 'n')"), 0)
        self.value("counter_incr('', 'n', 2)")
        self.assertEqual(self.value("counter_incr('', 'n', 3)"), 5)
        self.assertEqual(self.value("counter_get('', 'n')"), 5)

    def test_dns_answers_are_texts(self) -> None:
        self.assertEqual(self.value("dns_query('example.org', 'mx')[0]"), "mx.example.org")
        self.assertEqual(self.value("count(dns_query('example.org', 'ip'))"), 2)
        self.assertEqual(self.value("dns_query('example.org', 'ipv4')[0]"), "192.0.2.1")
        self.assertEqual(self.value("dns_query('example.org', 'txt')[0]"), "v=spf1 -all")
        self.assertEqual(self.value("dns_query('192.0.2.1', 'ptr')[0]"), "mx.example.org")

    def test_names_that_are_not_there_give_nothing(self) -> None:
        self.assertEqual(self.value("count(dns_query('nowhere.test', 'mx'))"), 0)
        self.assertEqual(self.value("count(dns_query('no address', 'ptr'))"), 0)

    def test_the_server_knows_its_names(self) -> None:
        self.assertEqual(self.value("system('hostname')"), "mail.example.test")
        self.assertEqual(self.value("system('domain')"), "example.test")
        self.assertEqual(self.value("system('node_hostname')"), "node.example")

    def test_the_only_domain_is_the_default_where_none_is_chosen(self) -> None:
        self.wait(self.settings.change(SystemSettings, {"defaultDomainId": None}))
        self.assertEqual(self.value("system('domain')"), "example.test")
        self.wait(self.settings.create(Domain, {"name": "other.test"}))
        self.assertEqual(self.value("system('domain')"), "mail.example.test")

    def test_metrics_are_counts_of_events(self) -> None:
        self.telemetry.emit(Event("test.event", Level.DEBUG, "A test"))
        self.assertEqual(self.value("metric('test.event')"), 1)

    def test_sql_answers_as_for_an_unknown_store(self) -> None:
        self.assertEqual(self.value("sql_query('x', 'y', [])"), "")
