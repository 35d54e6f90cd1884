"""The name of the address of a client."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import NameVerdict
from stalwart.codec.ip_networks import parse_ip
from stalwart.mail.authentication.reverse_name import check_name
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

LOST = LookupFailed("timeout", "no answer")
POINTER = ("1.2.0.192.in-addr.arpa", "PTR")


class Names(SynchronousTestCase):
    def verdict(self, zone: dict[tuple[str, str], Any], ip: str = "192.0.2.1") -> NameVerdict:
        """What comes of it."""
        self.resolver = FakeResolver(zone)
        found: NameVerdict = self.successResultOf(Deferred.fromCoroutine(check_name(self.resolver, parse_ip(ip))))
        return found

    def test_there_and_back(self) -> None:
        zone = {POINTER: ["other.test.", "mail.test."], ("mail.test", "A"): ["192.0.2.1"]}
        self.assertEqual(self.verdict(zone), NameVerdict("pass", "192.0.2.1", "mail.test"))

    def test_address_of_version_six(self) -> None:
        name = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        zone = {(name, "PTR"): ["mail.test."], ("mail.test", "AAAA"): ["2001:db8::1"]}
        self.assertEqual(self.verdict(zone, "2001:db8:0:0::1").result, "pass")

    def test_no_name(self) -> None:
        self.assertEqual(self.verdict({}).result, "permerror")

    def test_name_of_somebody_else(self) -> None:
        self.assertEqual(self.verdict({POINTER: ["a.test."], ("a.test", "A"): ["192.0.2.2"]}).result, "fail")
        self.assertEqual(self.verdict({POINTER: ["a.test."]}).result, "fail")

    def test_name_service_fails(self) -> None:
        self.assertEqual(self.verdict({POINTER: LOST}).result, "temperror")
        self.assertEqual(self.verdict({POINTER: ["a.test."], ("a.test", "A"): LOST}).result, "temperror")

    def test_very_many_names(self) -> None:
        zone = {POINTER: [f"h{number}.test." for number in range(100)], ("h99.test", "A"): ["192.0.2.1"]}
        self.assertEqual(self.verdict(zone).result, "fail")
        self.assertEqual(len(self.resolver.asked), 11)
