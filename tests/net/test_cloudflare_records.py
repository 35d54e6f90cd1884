"""Records as Cloudflare's API spells them, there and back."""

from __future__ import annotations

from typing import Any

import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.net.cloudflare_records import body_of, is_at, shown
from stalwart.net.dns_record_values import owner_of, record_of, text_record

OWNER = owner_of("a.example.test")
VALUES = (
    ("A", "192.0.2.1", {"content": "192.0.2.1", "proxied": False}),
    ("AAAA", "2001:db8::1", {"content": "2001:db8::1", "proxied": False}),
    ("CNAME", "b.test", {"content": "b.test", "proxied": False}),
    ("NS", "ns.test", {"content": "ns.test"}),
    ("MX", "10 mx.test", {"content": "mx.test", "priority": 10}),
    ("MX", "0 .", {"content": ".", "priority": 0}),
    ("TXT", 'say "hi"', {"content": '"say \\"hi\\""'}),
    ("SRV", "1 2 443 jmap.test", {"data": {"priority": 1, "weight": 2, "port": 443, "target": "jmap.test"}}),
    ("CAA", '128 issue "ca.test; a=b"', {"data": {"flags": 128, "tag": "issue", "value": "ca.test; a=b"}}),
    (
        "TLSA",
        "3 1 1 " + "ab" * 32,
        {"data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "ab" * 32}},
    ),
    ("SSHFP", "4 2 " + "cd" * 32, {"data": {"algorithm": 4, "type": 2, "fingerprint": "cd" * 32}}),
)
PARTS = st.dictionaries(st.sampled_from(["flags", "value", "tag"]), st.text())


def kind(type: str) -> dns.rdatatype.RdataType:
    return dns.rdatatype.from_text(type)


class BodyTests(SynchronousTestCase):
    def test_every_type_there_and_back(self) -> None:
        for type, value, wanted in VALUES:
            record = record_of(kind(type), value)
            body = body_of(OWNER, record, 300)
            self.assertEqual(body, {"type": type, "name": "a.example.test", "ttl": 300, **wanted})
            found = shown({**body, "id": "x"}, kind(type))
            self.assertEqual((found.id, found.record, found.ttl), ("x", record, 300))

    def test_service_bindings(self) -> None:
        body = body_of(OWNER, record_of(kind("HTTPS"), '1 . alpn="h2"'), 60)
        self.assertEqual(body["data"], {"priority": 1, "target": ".", "value": 'alpn="h2"'})

    def test_types_that_it_does_not_have(self) -> None:
        for type, value in (("HINFO", "a b"), ("DNAME", "b.test")):
            with self.assertRaises(Invalid):
                body_of(OWNER, record_of(kind(type), value), 60)

    @given(st.binary(max_size=600))
    def test_any_text_comes_back(self, octets: bytes) -> None:
        record = text_record(octets)
        self.assertEqual(shown(body_of(OWNER, record, 60), kind("TXT")).record, record)


class ShownTests(SynchronousTestCase):
    def test_text_without_quotes(self) -> None:
        self.assertEqual(shown({"content": "a b"}, kind("TXT")).record, text_record(b"a b"))
        self.assertEqual(shown({"content": '"a" "b"'}, kind("TXT")).record, text_record(b"ab"))

    def test_names_are_compared_as_dns_compares_them(self) -> None:
        self.assertTrue(is_at({"name": "A.Example.test."}, OWNER))
        for entry in ({"name": "b.example.test"}, {"name": None}, {}):
            self.assertFalse(is_at(entry, OWNER))

    def test_what_makes_no_sense_is_no_record(self) -> None:
        for type, entry in (
            ("A", {"content": "x"}),
            ("A", {}),
            ("TXT", {"content": '"open'}),
            ("MX", {"content": "mx.test", "priority": None}),
            ("SRV", {"data": {"priority": 1}}),
            ("CAA", {"data": []}),
            ("TLSA", {"data": {"usage": "x", "certificate": {}}}),
        ):
            found = shown(entry, kind(type))
            self.assertEqual((found.record, found.ttl), (None, 0), (type, entry))

    @given(
        st.sampled_from([type for type, _, _ in VALUES]),
        st.dictionaries(
            st.sampled_from(["content", "priority", "data", "ttl", "id", "name"]),
            st.none()
            | st.integers()
            | st.text()
            | st.dictionaries(st.sampled_from(["flags", "value", "tag"]), st.text()),
        ),
    )
    def test_anything_can_be_shown(self, type: str, entry: dict[str, Any]) -> None:
        found = shown(entry, kind(type))
        self.assertTrue(found.record is None or found.record.rdtype == kind(type))
        is_at(entry, OWNER)
