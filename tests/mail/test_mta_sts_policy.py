"""The MTA-STS policy of a domain."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import mta_sts
from stalwart.config.domains.domain import Domain
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.config.network.system import SystemSettings
from stalwart.mail.mta_sts_policy import policy_file

HOST = {"defaultHostname": "mail.example.org"}
EXAMPLE = b"version: STSv1\r\nmode: testing\r\nmax_age: 604800\r\nmx: mail.example.org\r\n"


def policy(server: Any = None, own: Any = None, **system: Any) -> bytes | None:
    domain = Domain.from_wire({"name": "example.org", "mtaSts": own})
    return policy_file(domain, MtaSts.from_wire(server or {}), SystemSettings.from_wire({**HOST, **system}))


def body(*arguments: Any, **system: Any) -> bytes:
    found = policy(*arguments, **system)
    assert found is not None
    return found


class PolicyTests(SynchronousTestCase):
    def test_defaults_are_the_example_of_the_specification(self) -> None:
        self.assertEqual(body(), EXAMPLE)

    def test_unknown_domain_has_the_policy_of_the_server(self) -> None:
        self.assertEqual(policy_file(None, MtaSts.from_wire({}), SystemSettings.from_wire(HOST)), EXAMPLE)

    def test_policy_of_the_domain_comes_first(self) -> None:
        own = {"mode": "enforce", "maxAge": 86_400_000, "mxHosts": {"*.mx.test": True}}
        expected = b"version: STSv1\r\nmode: enforce\r\nmax_age: 86400\r\nmx: *.mx.test\r\n"
        self.assertEqual(body({"mode": "disable"}, own), expected)

    def test_hosts_are_in_order_and_each_once(self) -> None:
        exchangers = {str(at): {"hostname": host} for at, host in enumerate(("b.test", "a.test", None, "b.test"))}
        lines = body(mailExchangers=exchangers).split(b"\r\n")[3:-1]
        self.assertEqual(lines, [b"mx: a.test", b"mx: b.test", b"mx: mail.example.org"])

    def test_names_are_as_dns_has_them(self) -> None:
        self.assertIn(b"mx: xn--bcher-kva.test\r\n", body({"mxHosts": {"bücher.test": True}}))

    def test_no_policy(self) -> None:
        absent: tuple[tuple[Any, Any], ...] = (
            ({"mode": "disable"}, {}),
            ({}, {"mailExchangers": {}}),
            ({"mxHosts": {"..": True}}, {}),
        )
        for server, system in absent:
            self.assertIsNone(policy(server, **system))

    def test_policy_that_takes_the_former_back(self) -> None:
        """RFC 8461 8.3."""
        former, own = body({"mode": "enforce"}), {"mode": "none", "maxAge": 86_400_000}
        withdrawn = body({"mode": "enforce"}, own)
        expected = b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\nmx: mail.example.org\r\n"
        self.assertEqual(withdrawn, expected)
        self.assertNotEqual(mta_sts.policy_id(withdrawn), mta_sts.policy_id(former))

    def test_it_needs_no_host(self) -> None:
        found = body({"mode": "none"}, mailExchangers={})
        self.assertEqual(found, b"version: STSv1\r\nmode: none\r\nmax_age: 604800\r\n")
        read = mta_sts.parse_policy(found)
        self.assertEqual((read.mode, read.advice, read.matches("any.test")), ("none", (), True))

    def test_our_reader_takes_it(self) -> None:
        self.assertEqual(mta_sts.parse_policy(body()).advice, ())
