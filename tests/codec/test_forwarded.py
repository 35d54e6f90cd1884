"""Forwarded, X-Forwarded-For and the client they lead to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.forwarded import (
    Node,
    client_address,
    forwarded_for,
    parse_forwarded,
    parse_node,
    x_forwarded_for,
)
from stalwart.codec.ip_networks import NetworkSet

PROXIES = NetworkSet(["10.0.0.0/8", "2001:db8:1::/48"])
CHAINS = {
    "rfc_7239_4_quoted_obfuscated": (['for="_gazonk"'], [None]),
    "rfc_7239_4_ipv6_with_port": (['For="[2001:db8:cafe::17]:4711"'], ["2001:db8:cafe::17"]),
    "rfc_7239_4_several_parameters": (["for=192.0.2.60;proto=http;by=203.0.113.43"], ["192.0.2.60"]),
    "rfc_7239_4_several_elements": (["for=192.0.2.43, for=198.51.100.17"], ["192.0.2.43", "198.51.100.17"]),
    "several_lines": (["for=192.0.2.43", "for=198.51.100.17"], ["192.0.2.43", "198.51.100.17"]),
    "unknown": (["for=unknown, for=192.0.2.1"], [None, "192.0.2.1"]),
    "without_for": (["proto=https, for=192.0.2.1"], [None, "192.0.2.1"]),
    "mapped_address": (['for="[::ffff:192.0.2.1]"'], ["192.0.2.1"]),
    "port_obfuscated": (['for="192.0.2.1:_port"'], ["192.0.2.1"]),
    "blanks_around_separators": (["for=192.0.2.1 ; proto=http ,\tfor=192.0.2.2"], ["192.0.2.1", "192.0.2.2"]),
    "empty_elements": ([", ,for=192.0.2.1,,"], ["192.0.2.1"]),
    "unquoted_ipv6": (["for=[2001:db8::1]:80, for=2001:db8::2"], ["2001:db8::1", "2001:db8::2"]),
    "escapes_in_quotes": (['for="192\\.0.2.1"'], ["192.0.2.1"]),
    "comma_in_quotes": (['host="a, for=192.0.2.9";for=192.0.2.1'], ["192.0.2.1"]),
    "address_out_of_range": (["for=192.0.2.256"], [None]),
    "ipv4_in_brackets": (['for="[192.0.2.1]"'], [None]),
    "port_out_of_range": (['for="192.0.2.1:65536"'], [None]),
    "parameter_twice": (["for=192.0.2.1;for=192.0.2.2, for=192.0.2.3"], [None, "192.0.2.3"]),
    "no_value": (["for, for=192.0.2.3"], [None, "192.0.2.3"]),
    "blank_before_equals": (["for =192.0.2.1, for=192.0.2.3"], [None, "192.0.2.3"]),
    "open_quote_before_a_proxy": (['for="192.0.2.1, for=192.0.2.3'], [None, "192.0.2.3"]),
    "open_quote_before_a_quoting_proxy": (
        ['for="x, for="[2001:db8::1]:80"'],
        [None, "2001:db8::1"],
    ),
    "escaped_quote_before_a_quoting_proxy": (['for="x\\", for="[2001:db8::1]"'], [None, "2001:db8::1"]),
    "nothing": (["", " "], []),
}
X_CHAINS = {
    "list": (["192.0.2.1, 198.51.100.1,2001:db8::1"], ["192.0.2.1", "198.51.100.1", "2001:db8::1"]),
    "several_lines": (["192.0.2.1", "198.51.100.1"], ["192.0.2.1", "198.51.100.1"]),
    "ports": (["192.0.2.1:1234, [2001:db8::1]:80"], ["192.0.2.1", "2001:db8::1"]),
    "unknown": (["unknown, _x, 192.0.2.1"], [None, None, "192.0.2.1"]),
    "nonsense": (["<script>, 192.0.2.1"], [None, "192.0.2.1"]),
    "empty_entries": ([",, 192.0.2.1 ,"], ["192.0.2.1"]),
}
CLIENTS = {
    "without_a_chain": ([], "10.0.0.1", "10.0.0.1"),
    "peer_is_not_trusted": (["192.0.2.1"], "198.51.100.1", "198.51.100.1"),
    "one_proxy": (["192.0.2.1"], "10.0.0.1", "192.0.2.1"),
    "two_proxies": (["192.0.2.1", "10.0.0.2"], "10.0.0.1", "192.0.2.1"),
    "client_writes_the_left_end": (["127.0.0.1", "10.9.9.9", "192.0.2.1", "10.0.0.2"], "10.0.0.1", "192.0.2.1"),
    "everybody_is_trusted": (["10.0.0.3", "10.0.0.2"], "10.0.0.1", "10.0.0.3"),
    "an_unknown_hop_ends_the_walk": (["192.0.2.1", None, "10.0.0.2"], "10.0.0.1", "10.0.0.2"),
    "proxies_over_ipv6": (["192.0.2.1"], "2001:db8:1::5", "192.0.2.1"),
    "peer_mapped": (["192.0.2.1"], "::ffff:10.0.0.1", "192.0.2.1"),
}


class ChainTests(SynchronousTestCase):
    def test_all_parameters_are_read(self) -> None:
        (element,) = parse_forwarded(['For="[2001:db8::1]:80";PROTO=https;host="a.example";ext=1'])
        assert element is not None
        wanted = {"for": "[2001:db8::1]:80", "proto": "https", "host": "a.example", "ext": "1"}
        self.assertEqual(element.parameters, wanted)
        self.assertEqual(element.node, Node("2001:db8::1", 80))

    def test_nodes_have_ports(self) -> None:
        rows = {
            "192.0.2.1:80": Node("192.0.2.1", 80),
            "192.0.2.1": Node("192.0.2.1", None),
            "[2001:db8::1]": Node("2001:db8::1", None),
            "[::1": Node(None),
            "192.0.2.1:": Node(None),
            "": Node(None),
        }
        self.assertEqual({text: parse_node(text) for text in rows}, rows)

    @given(st.lists(st.text(alphabet='for=;, "\\[]:.192_x\t\u00e9', max_size=60), max_size=3))
    def test_any_lines_are_read(self, lines: list[str]) -> None:
        for hops in (forwarded_for(lines), x_forwarded_for(lines)):
            self.assertTrue(all(hop is None or hop == parse_node(hop).address for hop in hops))

    @given(
        st.text(alphabet='for=;, "\\[]:.192_x\t\u00e9', max_size=60),
        st.sampled_from(["for=192.0.2.77", 'for="192.0.2.77:443"', 'for="[::ffff:192.0.2.77]:80";proto=http']),
    )
    def test_no_client_can_hide_what_the_proxy_appends(self, sent: str, appended: str) -> None:
        self.assertEqual(forwarded_for([f"{sent}, {appended}"])[-1], "192.0.2.77")

    def test_hostile_lines_take_linear_time(self) -> None:
        for line in ('a="' * 20_000, 'a="\\",' * 15_000, "=," * 30_000, '"' * 60_000):
            self.assertTrue(all(hop is None for hop in forwarded_for([line])))


def _expand() -> None:
    def chain(parse, lines, wanted):  # type: ignore[no-untyped-def]
        return lambda self: self.assertEqual(parse(lines), wanted)

    def client(hops, peer, wanted):  # type: ignore[no-untyped-def]
        return lambda self: self.assertEqual(client_address(hops, peer, PROXIES), wanted)

    for name, (lines, wanted) in CHAINS.items():
        setattr(ChainTests, f"test_forwarded_{name}", chain(forwarded_for, lines, wanted))
    for name, (lines, wanted) in X_CHAINS.items():
        setattr(ChainTests, f"test_x_forwarded_for_{name}", chain(x_forwarded_for, lines, wanted))
    for name, (hops, peer, found) in CLIENTS.items():
        setattr(ChainTests, f"test_client_{name}", client(hops, peer, found))


_expand()
