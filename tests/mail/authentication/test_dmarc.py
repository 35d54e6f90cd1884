"""DMARC evaluated over a name service."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import DkimVerdict, DmarcVerdict, SpfVerdict
from stalwart.mail.authentication.dmarc import evaluate
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

LOST = LookupFailed("timeout", "no answer")


def spf(domain: str, result: str = "pass") -> SpfVerdict:
    """What SPF has found."""
    return SpfVerdict(result, domain)


def dkim(domain: str, result: str = "pass") -> DkimVerdict:
    """What one signature gives."""
    return DkimVerdict(result, domain)


class DmarcCase(SynchronousTestCase):
    """``zone`` has the policies."""

    def setUp(self) -> None:
        self.zone: dict[tuple[str, str], Any] = {}

    def policy(self, domain: str, tags: str) -> None:
        """Publish one."""
        self.zone[f"_dmarc.{domain}", "TXT"] = [f"v=DMARC1; {tags}"]

    def verdict(
        self, *authors: str, by_spf: SpfVerdict | None = None, by_dkim: tuple[DkimVerdict, ...] = (), draw: float = 0.0
    ) -> DmarcVerdict:
        """What comes of it."""
        self.resolver = FakeResolver(self.zone)
        work = evaluate(self.resolver, authors or ("a.test",), by_spf, by_dkim, draw=lambda: draw)
        found: DmarcVerdict = self.successResultOf(Deferred.fromCoroutine(work))
        return found


class Alignment(DmarcCase):
    def setUp(self) -> None:
        super().setUp()
        self.policy("a.test", "p=reject")

    def test_the_very_domain(self) -> None:
        self.assertEqual(self.verdict(by_spf=spf("a.test")).result, "pass")
        found = self.verdict(by_dkim=(dkim("b.test"), dkim("a.test")))
        self.assertEqual((found.result, found.dkim_aligned, found.spf_aligned), ("pass", True, False))

    def test_the_same_organisation(self) -> None:
        self.assertEqual(self.verdict("news.a.test", by_dkim=(dkim("mail.a.test"),)).result, "pass")
        self.assertEqual(self.verdict(by_spf=spf("Bounce.a.test")).result, "pass")

    def test_others(self) -> None:
        found = self.verdict(by_spf=spf("b.test"), by_dkim=(dkim("nota.test"), dkim("test")))
        self.assertEqual((found.result, found.policy, found.policy_domain), ("fail", "reject", "a.test"))

    def test_what_did_not_pass(self) -> None:
        found = self.verdict(by_spf=spf("a.test", "softfail"), by_dkim=(dkim("a.test", "fail"),))
        self.assertEqual(found.result, "fail")

    def test_strict(self) -> None:
        self.policy("a.test", "p=reject; adkim=s; aspf=s")
        self.assertEqual(self.verdict(by_spf=spf("x.a.test"), by_dkim=(dkim("x.a.test"),)).result, "fail")
        self.assertEqual(self.verdict(by_spf=spf("a.test")).result, "pass")

    def test_what_is_not_known_yet(self) -> None:
        self.assertEqual(self.verdict(by_spf=spf("a.test", "temperror")).result, "temperror")
        self.assertEqual(self.verdict(by_dkim=(dkim("a.test", "temperror"),)).result, "temperror")
        self.assertEqual(self.verdict(by_dkim=(dkim("b.test", "temperror"),)).result, "fail")
        both = (dkim("a.test", "temperror"), dkim("a.test"))
        self.assertEqual(self.verdict(by_dkim=both).result, "pass")


class Policies(DmarcCase):
    def test_none(self) -> None:
        self.assertEqual(self.verdict(by_spf=spf("a.test")), DmarcVerdict("none", "a.test"))

    def test_subdomains(self) -> None:
        self.policy("a.test", "p=none; sp=reject")
        self.assertEqual(self.verdict().policy, "none")
        self.assertEqual(self.verdict("x.y.a.test").policy, "reject")

    def test_names_that_are_not_there(self) -> None:
        self.policy("a.test", "p=none; sp=quarantine; np=reject")
        self.zone["x.a.test", "MX"] = ["anything"]
        self.assertEqual(self.verdict("x.a.test").policy, "quarantine")
        self.assertEqual(self.verdict("y.a.test").policy, "reject")

    def test_broken_records_do_not_count(self) -> None:
        self.policy("a.test", "p=whatever")
        self.assertEqual(self.verdict().result, "none")
        self.zone["_dmarc.a.test", "TXT"] = ["v=DMARC1; p=none", "v=DMARC1; p=reject"]
        self.assertEqual(self.verdict().result, "none")

    def test_record_of_the_name_itself_comes_first(self) -> None:
        self.policy("a.test", "p=reject")
        self.policy("x.a.test", "p=none")
        self.assertEqual(self.verdict("x.a.test").policy, "none")

    def test_part_of_the_mail(self) -> None:
        self.policy("a.test", "p=reject; pct=30")
        found = self.verdict(draw=0.3)
        self.assertEqual((found.policy, found.published), ("quarantine", "reject"))
        self.assertEqual(self.verdict(draw=0.29).policy, "reject")

    def test_policy_that_is_tried_out(self) -> None:
        self.policy("a.test", "p=quarantine; t=y")
        self.assertEqual(self.verdict().policy, "none")

    def test_name_service_fails(self) -> None:
        self.zone["_dmarc.a.test", "TXT"] = LOST
        found = self.verdict(by_spf=spf("a.test"))
        self.assertEqual((found.result, found.domain), ("temperror", "a.test"))


class Organisations(DmarcCase):
    """RFC 9989 4.10."""

    def test_registry_that_says_it_is_one(self) -> None:
        self.policy("bank.test", "p=none; sp=reject; psd=y")
        self.policy("one.bank.test", "p=quarantine")
        fail = self.verdict("x.one.bank.test", by_spf=spf("two.bank.test"))
        self.assertEqual((fail.result, fail.policy_domain), ("fail", "one.bank.test"))
        self.assertEqual(self.verdict("x.one.bank.test", by_spf=spf("y.one.bank.test")).result, "pass")

    def test_policy_of_the_registry(self) -> None:
        self.policy("bank.test", "p=none; sp=reject; psd=y")
        found = self.verdict("x.two.bank.test", by_spf=spf("two.bank.test"))
        self.assertEqual((found.policy, found.policy_domain, found.result), ("reject", "bank.test", "pass"))

    def test_domain_that_says_it_is_none(self) -> None:
        self.policy("a.test", "p=none")
        self.policy("own.a.test", "p=reject; psd=n")
        found = self.verdict("x.own.a.test", by_spf=spf("a.test"))
        self.assertEqual((found.result, found.policy_domain), ("fail", "own.a.test"))

    def test_very_long_names_cost_little(self) -> None:
        self.policy("a.test", "p=reject")
        author = ".".join(["x"] * 100) + ".a.test"
        found = self.verdict(author, by_spf=spf(".".join(["y"] * 100) + ".a.test"))
        self.assertEqual(found.result, "pass")
        self.assertLess(len(self.resolver.asked), 20)


class Authors(DmarcCase):
    def test_nobody(self) -> None:
        work = evaluate(FakeResolver({}), (), None, (), draw=lambda: 0)
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(work)).result, "permerror")

    def test_several_count_as_the_gravest(self) -> None:
        self.policy("bank.test", "p=reject")
        self.policy("b.test", "p=none")
        found = self.verdict("evil.test", "b.test", "bank.test", by_spf=spf("evil.test"))
        self.assertEqual((found.result, found.domain), ("fail", "bank.test"))

    def test_very_many(self) -> None:
        found = self.verdict(*(f"a{number}.test" for number in range(50)))
        self.assertEqual((found.result, len(self.resolver.asked)), ("permerror", 0))
