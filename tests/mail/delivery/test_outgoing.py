"""The outside world built from what a person chooses on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.outgoing import Limits, Outgoing, OutgoingOptions, make_outgoing, world_of
from stalwart.net.dns import StubResolver
from stalwart.net.dnssec import ValidatingResolver
from stalwart.net.smtp import SmtpConnection
from stalwart.net.tls import TrustStore
from tests.net.fake_dns import FakeResolver

ANCHOR = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


class ChosenTests(SynchronousTestCase):
    """--resolver, --trust-anchor, --allow-private."""

    def make(self, **chosen: Any) -> Outgoing:
        return make_outgoing(Clock(), OutgoingOptions(**chosen))

    def inner(self, **chosen: Any) -> Any:
        """The resolver behind the cache."""
        resolver: Any = self.make(**chosen).resolver
        return resolver.resolver

    def servers(self, **chosen: Any) -> list[tuple[str, int, bool]]:
        inner = self.inner(**chosen)
        stub = inner._stub if isinstance(inner, ValidatingResolver) else inner
        return [(server.address, server.port, server.trusted) for server in stub.servers]

    def test_given_name_servers_are_asked_and_trusted(self) -> None:
        expected = [("192.0.2.1", 53, True), ("::1", 5353, True)]
        self.assertEqual(self.servers(resolvers=("192.0.2.1", "[::1]:5353")), expected)
        self.assertIsInstance(self.inner(resolvers=("192.0.2.1",)), StubResolver)

    def test_anchors_ask_for_validation_here_and_trust_nobody(self) -> None:
        self.assertIsInstance(self.inner(resolvers=("192.0.2.1",), trust_anchors=(ANCHOR,)), ValidatingResolver)
        self.assertEqual(self.servers(resolvers=("192.0.2.1",), trust_anchors=(ANCHOR,)), [("192.0.2.1", 53, False)])

    def test_without_any_the_servers_of_the_system_are_asked(self) -> None:
        path = Path(self.mktemp())
        path.write_text("nameserver 127.0.0.53\n")
        self.assertEqual(self.servers(resolv_conf=str(path)), [("127.0.0.53", 53, True)])

    def test_server_that_is_none_is_named(self) -> None:
        refused = self.assertRaises(ValueError, self.make, resolvers=("dns.example",))
        self.assertIn("dns.example", str(refused))

    def test_anchor_that_is_none_is_refused(self) -> None:
        self.assertRaises(ValueError, self.make, resolvers=("127.0.0.1",), trust_anchors=("nonsense",))


class WorldTests(SynchronousTestCase):
    """What holds for every world."""

    def allows(self, ip: str, allow_private: bool) -> bool:
        world = world_of(Clock(), FakeResolver({}), TrustStore(), allow_private)
        return bool(world.policies._fetch.__self__._allow(ip))  # type: ignore[attr-defined]

    def test_policy_hosts_obey_the_rule_for_addresses(self) -> None:
        asked = [("127.0.0.1", False), ("127.0.0.1", True), ("9.9.9.9", False)]
        self.assertEqual([self.allows(*one) for one in asked], [False, True, True])

    def test_connections_are_real_unless_somebody_says_otherwise(self) -> None:
        world = world_of(Clock(), FakeResolver({}), TrustStore(), False)
        self.assertEqual(world.connect, SmtpConnection.connect)

    def test_limits_are_those_of_the_design(self) -> None:
        limits = Limits()
        self.assertEqual((limits.operation_timeout, limits.port, limits.allow_private), (30.0, 25, False))
        self.assertIsNotNone(limits.now().tzinfo)
