"""Which addresses an exchange has, and which may be connected to."""

from __future__ import annotations

import re

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.addresses import Addresses, find_addresses, is_elsewhere, is_public
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "2001:0:7f00:1::",
    "64:ff9b:1::1",
    "fec0::1",
    "192.0.0.8",
    "192.88.99.1",
)
PUBLIC = ("8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


class PublicTests(SynchronousTestCase):
    """A diagnosis is no tool to look into a network."""


for _ip in (*PRIVATE, *PUBLIC):

    def _test(self: PublicTests, ip: str = _ip) -> None:
        self.assertEqual(is_public(ip), ip in PUBLIC)

    setattr(PublicTests, "test_" + re.sub(r"[^0-9a-z]", "_", _ip), _test)


class FindTests(SynchronousTestCase):
    """A and AAAA together."""

    ZONE = {
        ("both.test", "A"): ["192.0.2.1"],
        ("both.test", "AAAA"): ["2001:db8::1"],
        ("half.test", "A"): ["192.0.2.1"],
        ("half.test", "AAAA"): LookupFailed("servfail", "no"),
        ("none.test", "A"): LookupFailed("servfail", "broken"),
    }

    def find(self, host: str, family: int | None = None) -> Addresses:
        """The addresses of ``host``."""
        resolver = FakeResolver(self.ZONE, ["both.test"])
        return self.successResultOf(Deferred.fromCoroutine(find_addresses(resolver, host, family)))

    def test_ipv4_comes_first(self) -> None:
        self.assertEqual(self.find("both.test"), Addresses(("192.0.2.1", "2001:db8::1"), secure=True))

    def test_one_family(self) -> None:
        self.assertEqual(self.find("both.test", 6).ips, ("2001:db8::1",))

    def test_a_failure_of_one_family_is_hidden(self) -> None:
        self.assertEqual(self.find("half.test").ips, ("192.0.2.1",))

    def test_the_graver_failure_is_named(self) -> None:
        failure = self.find("none.test").failure
        self.assertEqual(failure and failure.kind, "servfail")


class ElsewhereTests(SynchronousTestCase):
    """Mail goes to other computers, private ones too."""

    def test_table(self) -> None:
        here = ("127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "169.254.1.1", "fe80::1%eth0", "224.0.0.1", "ff02::1")
        for ip in (*here, "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"):
            self.assertFalse(is_elsewhere(ip), ip)
        for ip in ("10.1.2.3", "192.168.1.1", "fc00::1", "8.8.8.8", "2606:4700:4700::1111"):
            self.assertTrue(is_elsewhere(ip), ip)
