"""SPF evaluated over a name service."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import SpfVerdict
from stalwart.codec.dns_records import MX
from stalwart.codec.ip_networks import parse_ip
from stalwart.mail.authentication.spf import check_host
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

LOST = LookupFailed("servfail", "server failure")
IP = "192.0.2.10"


class SpfCase(SynchronousTestCase):
    """``zone`` is what DNS has."""

    def setUp(self) -> None:
        self.zone: dict[tuple[str, str], Any] = {}

    def txt(self, name: str, *texts: str) -> None:
        """Records of a name."""
        self.zone[name, "TXT"] = list(texts)

    def verdict(self, ip: str = IP, sender: str = "alice@a.test", helo: str = "h.a.test", **options: Any) -> SpfVerdict:
        """What comes of it."""
        self.resolver = FakeResolver(self.zone)
        options = {"scope": "mailfrom", "receiver": "mx.test", "now": 1000, **options}
        work = check_host(self.resolver, parse_ip(ip), helo, sender, **options)
        found: SpfVerdict = self.successResultOf(Deferred.fromCoroutine(work))
        return found

    def assert_spf(self, result: str, **options: Any) -> SpfVerdict:
        found = self.verdict(**options)
        self.assertEqual(found.result, result, found.reason)
        return found


class Beginning(SpfCase):
    """RFC 7208 4.3 to 4.6."""

    def test_names_that_cannot_have_a_record(self) -> None:
        for domain in ("localhost", "[192.0.2.1]", "a..test", "x" * 64 + ".test", ""):
            self.assert_spf("none", sender=f"alice@{domain}", helo="h")

    def test_no_record(self) -> None:
        self.assert_spf("none")
        self.txt("a.test", "something else")
        self.assert_spf("none")

    def test_name_service_fails(self) -> None:
        self.zone["a.test", "TXT"] = LOST
        self.assertIn("a.test", self.assert_spf("temperror").reason)

    def test_several_records(self) -> None:
        self.txt("a.test", "v=spf1 -all", "v=spf1 +all")
        self.assert_spf("permerror")

    def test_error_after_the_term_that_matches(self) -> None:
        self.txt("a.test", "v=spf1 +all moo")
        self.assert_spf("permerror")

    def test_null_sender_is_the_client(self) -> None:
        self.txt("h.a.test", "v=spf1 ip4:192.0.2.10 exists:%{l}.%{o}.x.test -all")
        found = self.assert_spf("pass", sender="")
        self.assertEqual((found.domain, found.identity, found.scope), ("h.a.test", "h.a.test", "mailfrom"))

    def test_client_itself(self) -> None:
        self.txt("h.a.test", "v=spf1 -all")
        self.txt("a.test", "v=spf1 +all")
        self.assert_spf("fail", scope="helo")

    def test_names_in_other_scripts(self) -> None:
        self.txt("xn--bcher-kva.test", "v=spf1 +all")
        self.assert_spf("pass", sender="alice@bücher.test")


class Mechanisms(SpfCase):
    """RFC 7208 5."""

    def test_qualifiers(self) -> None:
        for qualifier, result in (("+", "pass"), ("", "pass"), ("-", "fail"), ("~", "softfail"), ("?", "neutral")):
            self.txt("a.test", f"v=spf1 {qualifier}all")
            self.assertEqual(self.assert_spf(result).mechanism, f"{qualifier}all")

    def test_nothing_matches(self) -> None:
        self.txt("a.test", "v=spf1 ip4:203.0.113.0/24")
        self.assertEqual(self.assert_spf("neutral").mechanism, "default")

    def test_networks(self) -> None:
        self.txt("a.test", "v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 -all")
        for ip, result in ((IP, "pass"), ("192.0.2.16", "fail"), ("2001:db8::1", "pass"), ("2001:db9::1", "fail")):
            self.assert_spf(result, ip=ip)

    def test_address_within_an_address(self) -> None:
        self.txt("a.test", "v=spf1 ip4:192.0.2.10 -all")
        self.assert_spf("pass", ip="::ffff:192.0.2.10")

    def test_hosts(self) -> None:
        self.txt("a.test", "v=spf1 a a:other.test/24//64 -all")
        self.zone.update({("a.test", "A"): ["203.0.113.1"], ("other.test", "A"): ["192.0.2.99"]})
        self.zone["other.test", "AAAA"] = ["2001:db8::1"]
        for ip, result in (("203.0.113.1", "pass"), (IP, "pass"), ("2001:db8::9", "pass"), ("203.0.113.2", "fail")):
            self.assert_spf(result, ip=ip)

    def test_exchangers(self) -> None:
        self.txt("a.test", "v=spf1 mx -all")
        self.zone["a.test", "MX"] = [MX(10, "mx1.test."), MX(20, "mx2.test.")]
        self.zone.update({("mx1.test", "A"): ["203.0.113.1"], ("mx2.test", "A"): [IP]})
        self.assert_spf("pass")
        self.assert_spf("fail", ip="203.0.113.9")

    def test_too_many_exchangers(self) -> None:
        self.txt("a.test", "v=spf1 mx -all")
        self.zone["a.test", "MX"] = [MX(10, f"mx{number}.test.") for number in range(11)]
        self.assert_spf("permerror")

    def test_names_of_the_address(self) -> None:
        self.txt("a.test", "v=spf1 ptr -all")
        self.zone["10.2.0.192.in-addr.arpa", "PTR"] = ["liar.a.test.", "mail.a.test."]
        self.zone["mail.a.test", "A"] = [IP]
        self.assert_spf("pass")
        self.zone["mail.a.test", "A"] = ["203.0.113.1"]
        self.assert_spf("fail")

    def test_name_of_the_address_is_not_a_suffix_by_chance(self) -> None:
        self.txt("a.test", "v=spf1 ptr -all")
        self.zone["10.2.0.192.in-addr.arpa", "PTR"] = ["mail.nota.test."]
        self.zone["mail.nota.test", "A"] = [IP]
        self.assert_spf("fail")

    def test_what_exists(self) -> None:
        self.txt("a.test", "v=spf1 exists:%{ir}.%{l1r-}.list.test -all")
        self.zone["10.2.0.192.alice.list.test", "A"] = ["127.0.0.2"]
        self.assert_spf("pass", sender="alice-x@a.test")
        self.assert_spf("fail", sender="bob@a.test")

    def test_name_with_unusual_characters(self) -> None:
        self.txt("a.test", "v=spf1 exists:%{l}.list.test -all")
        self.zone["al+x=y.list.test", "A"] = ["127.0.0.2"]
        self.assert_spf("pass", sender="al+x=y@a.test")
        self.assert_spf("fail", sender='"a..b"@a.test')

    def test_included_records(self) -> None:
        self.txt("a.test", "v=spf1 include:b.test -all")
        for record, result in (
            ("v=spf1 +all", "pass"),
            ("v=spf1 -all", "fail"),
            ("v=spf1 ~all", "fail"),
            ("v=spf1 ?all", "fail"),
            ("v=spf1 moo", "permerror"),
            ("nothing", "permerror"),
        ):
            self.txt("b.test", record)
            self.assert_spf(result)
        self.zone["b.test", "TXT"] = LOST
        self.assert_spf("temperror")


class Modifiers(SpfCase):
    """RFC 7208 6."""

    def test_redirect(self) -> None:
        self.txt("a.test", "v=spf1 redirect=b.test ip4:203.0.113.1")
        self.txt("b.test", "v=spf1 -all")
        self.assert_spf("fail")
        self.assert_spf("pass", ip="203.0.113.1")

    def test_redirect_to_nothing(self) -> None:
        self.txt("a.test", "v=spf1 redirect=b.test")
        self.assert_spf("permerror")

    def test_redirect_is_not_for_records_with_all(self) -> None:
        self.txt("a.test", "v=spf1 ?all redirect=b.test")
        self.assert_spf("neutral")

    def test_explanation(self) -> None:
        self.txt("a.test", "v=spf1 -all exp=why.%{d}")
        self.txt("why.a.test", "%{i} may not send for %{o}: ask %{r} at %{t}")
        found = self.assert_spf("fail")
        self.assertEqual(found.explanation, "192.0.2.10 may not send for a.test: ask mx.test at 1000")

    def test_explanations_that_cannot_be_used(self) -> None:
        self.txt("a.test", "v=spf1 -all exp=why.a.test")
        for texts in (["100% sure"], ["one", "two"], ["caf\xe9"], []):
            self.txt("why.a.test", *texts)
            self.assertEqual(self.assert_spf("fail").explanation, "")
        self.zone["why.a.test", "TXT"] = LOST
        self.assertEqual(self.assert_spf("fail").explanation, "")

    def test_explanation_of_an_included_record_does_not_count(self) -> None:
        self.txt("a.test", "v=spf1 include:b.test -all")
        self.txt("b.test", "v=spf1 -all exp=why.b.test")
        self.txt("why.b.test", "b says no")
        self.assertEqual(self.assert_spf("fail").explanation, "")

    def test_explanation_of_the_record_that_is_gone_to(self) -> None:
        self.txt("a.test", "v=spf1 redirect=b.test exp=why.a.test")
        self.txt("b.test", "v=spf1 -all exp=why.b.test")
        self.txt("why.b.test", "b says no")
        self.assertEqual(self.assert_spf("fail").explanation, "b says no")


class Limits(SpfCase):
    """RFC 7208 4.6.4."""

    def test_ten_terms_that_look_something_up(self) -> None:
        self.zone["x.test", "A"] = ["203.0.113.1"]
        self.txt("a.test", "v=spf1 " + "a:x.test " * 10 + "-all")
        self.assert_spf("fail")
        self.txt("a.test", "v=spf1 " + "a:x.test " * 11 + "-all")
        self.assert_spf("permerror")

    def test_record_that_includes_itself(self) -> None:
        self.txt("a.test", "v=spf1 include:a.test -all")
        self.assert_spf("permerror")
        self.assertLess(len(self.resolver.asked), 13)

    def test_record_that_redirects_to_itself(self) -> None:
        self.txt("a.test", "v=spf1 redirect=a.test")
        self.assert_spf("permerror")

    def test_two_look_ups_that_find_nothing(self) -> None:
        self.txt("a.test", "v=spf1 a:n1.test a:n2.test -all")
        self.assert_spf("fail")
        self.txt("a.test", "v=spf1 a:n1.test a:n2.test exists:n3.test -all")
        self.assert_spf("permerror")

    def test_names_of_an_address_are_few(self) -> None:
        self.txt("a.test", "v=spf1 ptr -all")
        self.zone["10.2.0.192.in-addr.arpa", "PTR"] = [f"h{number}.a.test." for number in range(50)]
        self.zone["h49.a.test", "A"] = [IP]
        self.assert_spf("fail")
        self.assertLess(len(self.resolver.asked), 14)

    def test_address_whose_names_cannot_be_looked_up(self) -> None:
        self.txt("a.test", "v=spf1 ptr -all")
        self.zone["10.2.0.192.in-addr.arpa", "PTR"] = LOST
        self.assert_spf("fail")
