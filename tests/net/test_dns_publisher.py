"""Records as texts and values, and what no server is asked for."""

from __future__ import annotations

from typing import Any

import dns.name
import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.tls.dns_server import DnsServer
from stalwart.errors import Invalid, StalwartError
from stalwart.net import dns_record_values
from stalwart.net.dns_publisher import LONGEST_TTL, DnsUpdateRefused, times_of, ttl_of
from stalwart.net.dns_record_values import (
    MOST_VALUES,
    owner_of,
    record_of,
    records_of,
    shown_name,
    text_record,
    type_of,
)


def server(**members: Any) -> Any:
    given = {"@type": "Cloudflare", "description": "x", "secret": {"@type": "Value", "secret": "t"}, **members}
    return DnsServer.from_wire(given)


class NameTests(SynchronousTestCase):
    def test_names_are_absolute_dot_or_not(self) -> None:
        self.assertEqual(owner_of("a.test"), owner_of("a.test."))
        self.assertEqual(shown_name(owner_of("a.test.")), "a.test")

    def test_labels_of_other_scripts_become_ascii(self) -> None:
        self.assertEqual(shown_name(owner_of("bücher.test")), "xn--bcher-kva.test")

    def test_what_is_no_name(self) -> None:
        for name in ("a..test", "x" * 64 + ".test", ".".join(["abcdefg"] * 40)):
            with self.assertRaises(Invalid) as caught:
                owner_of(name)
            self.assertLess(len(caught.exception.detail), 400)

    @given(st.text(max_size=300))
    def test_any_text_is_a_name_or_invalid(self, text: str) -> None:
        try:
            self.assertTrue(owner_of(text).is_absolute())
        except Invalid:
            return


class TypeTests(SynchronousTestCase):
    def test_types_of_the_zone_itself_are_not_published(self) -> None:
        for type in ("SOA", "soa", "RRSIG", "NSEC3", "ANY", "AXFR", "TSIG", "OPT"):
            with self.assertRaises(Invalid):
                type_of(type)

    def test_what_is_no_type(self) -> None:
        for type in ("", "NONSENSE", "TYPE99999"):
            with self.assertRaises(Invalid):
                type_of(type)
        self.assertEqual(type_of("txt"), dns.rdatatype.TXT)

    def test_time_to_live(self) -> None:
        self.assertEqual([ttl_of(0), ttl_of(LONGEST_TTL)], [0, LONGEST_TTL])
        for ttl in (-1, LONGEST_TTL + 1):
            with self.assertRaises(Invalid):
                ttl_of(ttl)


class RecordTests(SynchronousTestCase):
    @given(st.binary(max_size=2000))
    def test_text_is_cut_into_strings_and_whole(self, octets: bytes) -> None:
        strings: Any = text_record(octets).strings  # type: ignore[attr-defined]
        self.assertEqual(b"".join(strings), octets)
        self.assertLessEqual(max(map(len, strings)), 255)

    def test_quotes_of_a_text_are_its_own(self) -> None:
        self.assertEqual(record_of(dns.rdatatype.TXT, '"a" \\').to_text(), r'"\"a\" \\"')

    def test_other_types_have_absolute_names(self) -> None:
        for value in ("10 mx.test", "10 mx.test."):
            self.assertEqual(record_of(dns.rdatatype.MX, value).to_text(), "10 mx.test.")

    def test_each_once(self) -> None:
        self.assertEqual(len(records_of(dns.rdatatype.MX, ["1 a.test", "1 A.test.", "2 a.test"])), 2)

    def test_what_is_no_record(self) -> None:
        for type, value in (("A", "1.2.3"), ("MX", "mail"), ("CAA", "issue"), ("TXT", "x" * 32_769), ("A", "")):
            with self.assertRaises(Invalid):
                record_of(dns.rdatatype.from_text(type), value)
        with self.assertRaises(Invalid):
            records_of(dns.rdatatype.TXT, [str(number) for number in range(MOST_VALUES + 1)])

    @given(st.sampled_from(["A", "AAAA", "MX", "SRV", "CAA", "TLSA", "CNAME", "HTTPS"]), st.text(max_size=80))
    def test_any_text_is_a_record_or_invalid(self, type: str, text: str) -> None:
        kind = dns.rdatatype.from_text(type)
        try:
            found = record_of(kind, text)
        except Invalid:
            return
        self.assertEqual(found.rdtype, kind)
        self.assertEqual(record_of(kind, found.to_text()), found)


class TimesTests(SynchronousTestCase):
    def test_milliseconds_become_seconds(self) -> None:
        times = times_of(server(ttl=300_000, pollingInterval=1500, propagationTimeout=9000, propagationDelay=None))
        self.assertEqual((times.ttl, times.interval, times.timeout, times.delay), (300, 1.5, 9.0, 0.0))

    def test_time_to_live_is_one_that_can_be_written(self) -> None:
        self.assertEqual(times_of(server(ttl=1)).ttl, 1)
        self.assertEqual(times_of(server(ttl=2**50)).ttl, LONGEST_TTL)


class RefusalTests(SynchronousTestCase):
    def test_refusal_is_one_of_our_errors(self) -> None:
        problem: StalwartError = DnsUpdateRefused("Why.", temporary=True)
        self.assertEqual((problem.status, problem.detail), (503, "Why."))
        self.assertFalse(DnsUpdateRefused().temporary)
        self.assertTrue(DnsUpdateRefused().detail.endswith("."))

    def test_root_is_a_name(self) -> None:
        self.assertEqual(dns_record_values.shown_name(dns.name.root), ".")
