"""The MTA-STS policy over HTTP, as senders of the field read it."""

from __future__ import annotations

from stalwart.codec.mta_sts import parse_policy
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.discovery.mta_sts import PREFIX
from tests.discovery.server import DiscoveryCase

PATH = "/.well-known/mta-sts.txt"


class PolicyTests(DiscoveryCase):
    def test_policy_of_the_server(self) -> None:
        answer = self.ask(PATH, Host=f"{PREFIX}example.test")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/plain"))
        self.assertNotIn("cache-control", answer.headers)
        body = b"version: STSv1\r\nmode: testing\r\nmax_age: 604800\r\nmx: mail.example.test\r\n"
        self.assertEqual(answer.body, body)
        self.assertEqual(parse_policy(answer.body).advice, ())

    def test_policy_of_the_domain_that_the_host_names(self) -> None:
        self.domain("own.test", mtaSts={"mode": "enforce", "mxHosts": {"mx.own.test": True}})
        self.domain("xn--bcher-kva.test", mtaSts={"mode": "disable"})
        for host in ("mta-sts.own.test", "MTA-STS.Own.Test:443", "own.test", "mta-sts.own.test."):
            self.assertIn(b"mx: mx.own.test\r\n", self.ask(PATH, Host=host).body, host)
        self.assert_problem(self.ask(PATH, Host="mta-sts.xn--bcher-kva.test"), 404)
        for host in ("mta-sts.example.test", "nowhere.test", "mta-sts.", "x" * 300, "[::1]"):
            self.assertIn(b"mode: testing\r\n", self.ask(PATH, Host=host).body, host)

    def test_none_where_it_is_disabled_or_names_no_host(self) -> None:
        for members in ({"mode": "disable"}, {"mode": "enforce", "mxHosts": {"not a name": True}}):
            self.settle(self.settings.change(MtaSts, members))
            self.assert_problem(self.ask(PATH), 404)

    def test_policy_that_takes_the_former_back(self) -> None:
        """RFC 8461 8.3: it is served, also where there is no host left to name."""
        self.domain("gone.test", mtaSts={"mode": "none", "mxHosts": {"not a name": True}})
        answer = self.ask(PATH, Host=f"{PREFIX}gone.test")
        self.assertEqual((answer.status, parse_policy(answer.body).mode), (200, "none"))

    def test_methods(self) -> None:
        self.assert_problem(self.ask(PATH, "POST"), 405)
        self.assertEqual(self.ask(PATH, "HEAD").headers["content-length"], str(len(self.ask(PATH).body)))
