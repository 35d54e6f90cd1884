"""From settings and resolv.conf to resolvers."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MalformedRecord
from stalwart.net.dns import NameServer, StubResolver
from stalwart.net.dns_config import (
    InvalidServer,
    parse_server,
    read_resolv_conf,
    resolver_from_settings,
    trusting,
)
from stalwart.net.dnssec import ValidatingResolver

LOOPBACK = NameServer("127.0.0.1", trusted=True)


@define
class Server:
    address: str
    port: int = 53
    protocol: str = "udp"


@define
class System:
    attempts: int = 2
    concurrency: int = 2
    enable_edns: bool = True
    tcp_on_error: bool = True
    timeout: int = 5000


@define
class Custom(System):
    servers: list[Server] = field(factory=list)


@define
class Quad9(System):
    use_tls: bool = True


@define
class Google(System):
    pass


@define
class Tagged(System):
    tag: str = "Cloudflare"
    use_tls: bool = False


@define
class Diagnosis:
    trusted_resolvers: frozenset[str] = frozenset()
    trust_anchors: frozenset[str] = frozenset()


class ServerTexts(SynchronousTestCase):
    """``ip``, ``ip:port``, ``[v6]:port``."""

    def check(self, text: str, address: str, port: int) -> None:
        self.assertEqual(parse_server(text), NameServer(address, port))

    def refuse(self, text: str) -> None:
        self.assertRaises(InvalidServer, parse_server, text)

    def test_address(self) -> None:
        self.check("192.0.2.1", "192.0.2.1", 53)

    def test_address_and_port(self) -> None:
        self.check(" 127.0.0.1:5353 ", "127.0.0.1", 5353)

    def test_ipv6(self) -> None:
        self.check("2001:db8::1", "2001:db8::1", 53)

    def test_ipv6_in_brackets(self) -> None:
        self.check("[2001:db8::1]", "2001:db8::1", 53)

    def test_ipv6_and_port(self) -> None:
        self.check("[::1]:5353", "::1", 5353)

    def test_ipv6_with_zone(self) -> None:
        self.check("fe80::1%eth0", "fe80::1%eth0", 53)

    def test_tls_has_its_own_port(self) -> None:
        self.assertEqual(parse_server("192.0.2.1", "tls"), NameServer("192.0.2.1", 853, "tls"))

    def test_host_name_is_refused(self) -> None:
        self.refuse("dns.example.org")

    def test_port_zero_is_refused(self) -> None:
        self.refuse("192.0.2.1:0")

    def test_large_port_is_refused(self) -> None:
        self.refuse("192.0.2.1:70000")

    def test_nothing_is_refused(self) -> None:
        self.refuse("")

    def test_host_name_is_no_name_server(self) -> None:
        self.assertRaises(ValueError, NameServer, "dns.example.org")


class ResolvConf(SynchronousTestCase):
    """resolv.conf(5)."""

    def test_servers_in_their_order(self) -> None:
        system = read_resolv_conf("search test\nnameserver 192.0.2.1 # first\n;x\nnameserver 127.0.0.53\n")
        self.assertEqual(system.servers, (NameServer("192.0.2.1"), NameServer("127.0.0.53", trusted=True)))

    def test_empty_file_means_this_computer(self) -> None:
        self.assertEqual(read_resolv_conf("").servers, (LOOPBACK,))

    def test_ipv6_loopback_is_trusted(self) -> None:
        self.assertEqual(read_resolv_conf("nameserver ::1").servers, (NameServer("::1", trusted=True),))

    def test_zone_of_a_link_local_server_is_kept(self) -> None:
        (server,) = read_resolv_conf("nameserver fe80::53%eth0").servers
        self.assertEqual((server.address, server.trusted), ("fe80::53%eth0", False))

    def test_senseless_lines_are_passed_over(self) -> None:
        system = read_resolv_conf("nameserver\nnameserver example.org\noptions timeout:x attempts: ndots:1\n\0\n")
        self.assertEqual((system.servers, system.timeout, system.attempts), ((LOOPBACK,), None, None))

    def test_options(self) -> None:
        system = read_resolv_conf("options timeout:2 attempts:3 rotate")
        self.assertEqual((system.timeout, system.attempts), (2.0, 3))

    def test_options_are_capped(self) -> None:
        system = read_resolv_conf("options timeout:999 attempts:99")
        self.assertEqual((system.timeout, system.attempts), (30.0, 5))


class Trusting(SynchronousTestCase):
    """x:Diagnosis.trustedResolvers."""

    def check(self, listed: str, expected: bool, server: NameServer | None = None) -> None:
        (result,) = trusting([server or NameServer("192.0.2.1", 5353)], [listed])
        self.assertEqual(result.trusted, expected)

    def test_address_is_trusted_on_every_port(self) -> None:
        self.check("192.0.2.1", True)

    def test_port_must_be_the_same_if_listed(self) -> None:
        self.check("192.0.2.1:53", False)
        self.check("192.0.2.1:5353", True)

    def test_other_address_is_not_trusted(self) -> None:
        self.check("192.0.2.2", False)

    def test_spelling_of_ipv6_does_not_matter(self) -> None:
        self.check("2001:DB8:0::1", True, NameServer("2001:db8::1"))


class FromSettings(SynchronousTestCase):
    """The whole resolver."""

    def build(self, settings: Any, diagnosis: Any = None, resolv_conf: str = "/nonexistent") -> Any:
        return resolver_from_settings(settings, diagnosis, Clock(), resolv_conf).resolver

    def test_system_without_a_file_asks_this_computer(self) -> None:
        resolver = self.build(System())
        self.assertIsInstance(resolver, StubResolver)
        self.assertEqual(resolver.servers, (LOOPBACK,))

    def test_system_reads_the_file(self) -> None:
        path = self.mktemp()
        with open(path, "w") as file:
            file.write("nameserver 192.0.2.1\noptions timeout:1 attempts:4\n")
        stub = self.build(System(), resolv_conf=path)._stub
        self.assertEqual(stub.servers, (NameServer("192.0.2.1"),))
        self.assertEqual((stub._timeout, stub._attempts), (1.0, 4))

    def test_setting_wins_over_the_file(self) -> None:
        path = self.mktemp()
        with open(path, "w") as file:
            file.write("options timeout:1 attempts:4\n")
        resolver = self.build(System(timeout=3000, attempts=3), resolv_conf=path)
        self.assertEqual((resolver._timeout, resolver._attempts), (3.0, 3))

    def test_senseless_numbers_are_bounded(self) -> None:
        resolver = self.build(System(timeout=0, attempts=0, concurrency=0))
        self.assertEqual((resolver._timeout, resolver._attempts, resolver._width), (0.1, 1, 1))

    def test_untrusted_servers_are_validated_here(self) -> None:
        self.assertIsInstance(self.build(Custom(servers=[Server("192.0.2.1")])), ValidatingResolver)

    def test_loopback_server_of_the_settings_is_not_trusted_by_itself(self) -> None:
        self.assertIsInstance(self.build(Custom(servers=[Server("127.0.0.1")])), ValidatingResolver)

    def test_listed_server_is_trusted(self) -> None:
        resolver = self.build(Custom(servers=[Server("192.0.2.1")]), Diagnosis(frozenset(["192.0.2.1"])))
        self.assertEqual(resolver.servers, (NameServer("192.0.2.1", trusted=True),))

    def test_custom_servers_keep_port_and_protocol(self) -> None:
        stub = self.build(Custom(servers=[Server("192.0.2.1", 8853, "tls"), Server("::1", 54, "tcp")]))._stub
        self.assertEqual(stub.servers, (NameServer("192.0.2.1", 8853, "tls"), NameServer("::1", 54, "tcp")))

    def test_custom_server_without_an_address_is_refused(self) -> None:
        self.assertRaises(InvalidServer, self.build, Custom(servers=[Server("dns.test")]))

    def test_quad9_is_asked_over_tls(self) -> None:
        first = self.build(Quad9())._stub.servers[0]
        self.assertEqual(first, NameServer("9.9.9.9", 853, "tls", tls_name="dns.quad9.net"))

    def test_google_is_asked_in_plain(self) -> None:
        self.assertEqual(self.build(Google())._stub.servers[0], NameServer("8.8.8.8"))

    def test_tag_names_the_variant(self) -> None:
        self.assertEqual(self.build(Tagged())._stub.servers[0], NameServer("1.1.1.1"))

    def test_wrong_anchor_is_refused(self) -> None:
        diagnosis = Diagnosis(trust_anchors=frozenset(["nonsense"]))
        self.assertRaises(MalformedRecord, self.build, Google(), diagnosis)
