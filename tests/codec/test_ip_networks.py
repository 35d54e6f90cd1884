"""Parsing addresses and prefixes, and membership in sets of them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ip_networks import (
    LOOPBACK,
    InvalidAddress,
    NetworkSet,
    normalise_ip,
    parse_ip,
    parse_network,
)

NO_NETWORKS = [
    "",
    "x",
    "10.0.0",
    "010.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/ 8",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "::/129",
    "::ffff:10.0.0.0/95",
    "fe80::1%eth0",
    "[::1]",
    "1" * 100,
    "10.0.0.0/\u0668",
]


class AddressTests(SynchronousTestCase):
    def test_text_becomes_canonical(self) -> None:
        rows = {
            "192.0.2.1": "192.0.2.1",
            "2001:DB8:0:0::1": "2001:db8::1",
            "::ffff:192.0.2.1": "192.0.2.1",
            "::FFFF:c000:201": "192.0.2.1",
            "::": "::",
        }
        self.assertEqual({text: normalise_ip(text) for text in rows}, rows)

    def test_networks_become_canonical(self) -> None:
        rows = {
            "10.1.2.3/8": "10.0.0.0/8",
            "10.1.2.3": "10.1.2.3",
            "10.1.2.3/32": "10.1.2.3",
            "0.0.0.0/0": "0.0.0.0/0",
            "2001:db8::1/32": "2001:db8::/32",
            "::ffff:10.0.0.0/104": "10.0.0.0/8",
            "::/0": "::/0",
        }
        self.assertEqual({text: str(parse_network(text)) for text in rows}, rows)

    def test_what_is_no_network_is_refused(self) -> None:
        for text in NO_NETWORKS:
            self.assertRaises(InvalidAddress, parse_network, text)

    @given(st.one_of(st.text(max_size=50), st.text(alphabet="0123456789abcdef:./%", max_size=50)))
    def test_any_text_is_an_address_or_refused(self, text: str) -> None:
        for parse in (parse_ip, parse_network):
            try:
                parse(text)
            except InvalidAddress as error:
                self.assertTrue(str(error))


class MembershipTests(SynchronousTestCase):
    def test_addresses_and_prefixes_of_both_families(self) -> None:
        networks = NetworkSet(["192.0.2.1", "10.0.0.0/8", "172.16.0.0/12", "2001:db8::/32", "::1"])
        inside = ["192.0.2.1", "10.255.255.255", "172.31.0.1", "2001:db8:ffff::1", "::1", "::ffff:10.0.0.1"]
        outside = ["192.0.2.2", "11.0.0.0", "172.32.0.1", "2001:db9::1", "::2", "0.0.0.1", "nonsense", ""]
        self.assertEqual([text for text in inside if text not in networks], [])
        self.assertEqual([text for text in outside if text in networks], [])

    def test_address_objects_are_taken_too(self) -> None:
        networks = NetworkSet(["10.0.0.0/8"])
        self.assertIn(ip_address("10.0.0.1"), networks)
        self.assertIn(IPv6Address("::ffff:10.0.0.1"), networks)
        self.assertNotIn(10, networks)
        self.assertNotIn(None, networks)

    def test_the_empty_set_holds_nothing(self) -> None:
        self.assertNotIn("192.0.2.1", NetworkSet())
        self.assertFalse(NetworkSet())

    def test_everything_of_one_family_is_not_all_of_the_other(self) -> None:
        self.assertNotIn("::1", NetworkSet(["0.0.0.0/0"]))
        self.assertNotIn("192.0.2.1", NetworkSet(["::/0"]))

    def test_sets_are_united(self) -> None:
        both = NetworkSet(["10.0.0.0/8"]) | LOOPBACK
        self.assertEqual(sorted(map(str, both)), ["10.0.0.0/8", "127.0.0.0/8", "::1"])
        self.assertIn("127.0.0.1", both)

    def test_one_bad_entry_refuses_the_set(self) -> None:
        self.assertRaises(InvalidAddress, NetworkSet, ["10.0.0.0/8", "x"])

    @given(
        st.lists(st.tuples(st.ip_addresses(), st.integers(0, 128)), max_size=8),
        st.ip_addresses(),
        st.data(),
    )
    def test_it_agrees_with_the_standard_library(self, prefixes, address, data) -> None:  # type: ignore[no-untyped-def]
        texts = [f"{base}/{min(length, base.max_prefixlen)}" for base, length in prefixes]
        texts = [text for text in texts if not (":" in text and IPv6Address(text.split("/")[0]).ipv4_mapped)]
        networks = [ip_network(text, strict=False) for text in texts]
        if networks:  # an address near the edge of one of them
            edge = data.draw(st.sampled_from(networks))
            address = data.draw(st.sampled_from([address, edge[0], edge[-1]]))
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            return
        wanted = any(address in network for network in networks)
        self.assertEqual(str(address) in NetworkSet(texts), wanted)


class PrefixTests(SynchronousTestCase):
    def test_a_network_knows_its_addresses(self) -> None:
        self.assertIn(ip_address("10.1.0.0"), parse_network("10.0.0.0/8"))
        self.assertNotIn(ip_address("::1"), parse_network("10.0.0.0/8"))
        self.assertEqual(parse_network("10.0.0.0/8").length, IPv4Network("10.0.0.0/8").prefixlen)
