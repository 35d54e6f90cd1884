"""The advice at the end of a diagnosis."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mta_sts import parse_policy
from stalwart.codec.tls_rpt import Rua
from stalwart.mail.delivery.findings import Advice, advise
from stalwart.mail.delivery.stages import Finding
from stalwart.mail.delivery.sts import Announced
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ZONE: dict[tuple[str, str], Any] = {
    ("good.test", "TXT"): ["v=spf1 mx -all"],
    ("_dmarc.good.test", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@good.test"],
    ("selector1._domainkey.good.test", "TXT"): [KEY],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["mx.good.test."],
    ("mx.good.test", "A"): ["192.0.2.1"],
    ("2.2.0.192.in-addr.arpa", "PTR"): ["other.test."],
    ("other.test", "A"): ["192.0.2.9"],
    ("weak.test", "TXT"): ["v=spf1 +all"],
    ("_dmarc.weak.test", "TXT"): ["v=DMARC1; p=sometimes"],
    ("default._domainkey.weak.test", "TXT"): ["v=DKIM1; p="],
    ("some.test", "TXT"): ["hello"],
    ("_domainkey.some.test", "TXT"): ["hello"],
    ("broken.test", "TXT"): LookupFailed("servfail", "server failure"),
}


def _policy(text: str) -> Announced:
    return Announced("1", parse_policy(text.encode()))


ENFORCED = _policy("version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 1209600\n")


class FindingTests(SynchronousTestCase):
    """One finding per topic: level and what it says."""

    def setUp(self) -> None:
        self.clock = Clock()

    def start(self, domain: str, known: Advice | None = None, **zone: Any) -> Deferred[list[Finding]]:
        """The advice on ``domain`` as it comes."""
        resolver = FakeResolver({**ZONE, **{(domain, kind): records for kind, records in zone.items()}})
        return Deferred.fromCoroutine(advise(resolver, domain, known or Advice(), self.clock, 5.0))

    def level(self, topic: str, domain: str, known: Advice | None = None) -> str:
        """The level of one topic."""
        found = {finding.topic: finding for finding in self.successResultOf(self.start(domain, known))}
        self.assertTrue(found[topic].text)
        return found[topic].level

    def test_published_records_are_good(self) -> None:
        known = Advice(addresses={"mx.good.test": ("192.0.2.1",)})
        for topic in ("spf", "dkim", "dmarc", "ptr"):
            self.assertEqual((topic, self.level(topic, "good.test", known)), (topic, "ok"))

    def test_records_that_protect_nothing_are_warned_of(self) -> None:
        for topic in ("spf", "dkim", "dmarc"):
            self.assertEqual((topic, self.level(topic, "weak.test")), (topic, "warn"))

    def test_missing_records_are_warned_of(self) -> None:
        for topic in ("spf", "dkim", "dmarc"):
            self.assertEqual((topic, self.level(topic, "nowhere.test")), (topic, "warn"))

    def test_selectors_that_cannot_be_listed_are_no_warning(self) -> None:
        self.assertEqual(self.level("dkim", "some.test"), "info")

    def test_what_dns_does_not_say_is_no_warning(self) -> None:
        self.assertEqual(self.level("spf", "broken.test"), "info")

    def test_a_name_that_does_not_lead_back_is_told(self) -> None:
        known = Advice(addresses={"mx": ("192.0.2.2",)})
        self.assertEqual(self.level("ptr", "good.test", known), "info")

    def test_reports(self) -> None:
        self.assertEqual(self.level("tlsRpt", "good.test", Advice(reporting=(Rua("mail", "a@good.test"),))), "ok")
        self.assertEqual(self.level("tlsRpt", "good.test", Advice()), "info")
        self.assertEqual(self.level("tlsRpt", "good.test", Advice(reporting_problem="Invalid record")), "warn")

    def test_policies(self) -> None:
        testing = _policy("version: STSv1\nmode: testing\nmx: mx.good.test\nmax_age: 1209600\n")
        brief = _policy("version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 3600\n")
        for known, level in (
            (Advice(policy=ENFORCED), "ok"),
            (Advice(policy=testing), "info"),
            (Advice(policy=brief), "info"),
            (Advice(), "info"),
            (Advice(sts_problem="404"), "warn"),
        ):
            self.assertEqual(self.level("mtaSts", "good.test", known), level)

    def test_ipv6(self) -> None:
        self.assertEqual(self.level("ipv6", "good.test", Advice(addresses={"mx": ("2001:db8::1",)})), "ok")
        self.assertEqual(self.level("ipv6", "good.test", Advice(addresses={"mx": ("192.0.2.1",)})), "info")

    def test_a_silent_name_server_costs_its_topic_only(self) -> None:
        running = self.start("good.test", TXT=Deferred())
        self.assertNoResult(running)
        self.clock.advance(5)
        levels = {finding.topic: finding.level for finding in self.successResultOf(running)}
        self.assertEqual((levels["spf"], levels["dmarc"]), ("info", "ok"))
        self.assertEqual(self.clock.getDelayedCalls(), [])
