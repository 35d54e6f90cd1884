"""Lines of zone files, read back by another implementation."""

from __future__ import annotations

import dns.rdata
import dns.rdatatype
import dns.zone
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.zone_file import ZoneRecord, character_strings, quoted, zone_text


def octets_of(text: str) -> bytes:
    """The octets that dnspython reads."""
    record = dns.rdata.from_text("IN", "TXT", text.replace("\n", " ").removeprefix("(").removesuffix(")"))
    return b"".join(record.strings)  # type: ignore[attr-defined]


class LineTests(SynchronousTestCase):
    def test_record(self) -> None:
        self.assertEqual(ZoneRecord("a.test", "MX", "10 mx.a.test.").line, "a.test. IN MX 10 mx.a.test.")

    def test_text_is_quoted(self) -> None:
        self.assertEqual(ZoneRecord("a.test", "TXT", 'a "b" \\ c').line, 'a.test. IN TXT "a \\"b\\" \\\\ c"')

    def test_other_octets_are_numbers(self) -> None:
        self.assertEqual(quoted("ü\n".encode()), '"\\195\\188\\010"')

    def test_255_octets_are_one_string(self) -> None:
        self.assertEqual(character_strings(b"x" * 255), '"' + "x" * 255 + '"')

    def test_longer_text_is_several(self) -> None:
        expected = f'(\n    "{"x" * 255}"\n    "y"\n)'
        self.assertEqual(character_strings(b"x" * 255 + b"y"), expected)

    @given(st.binary(max_size=900))
    def test_any_octets_come_back(self, octets: bytes) -> None:
        self.assertEqual(octets_of(character_strings(octets)), octets)

    def test_a_zone_reads_it(self) -> None:
        long = "v=DKIM1; p=" + "A" * 400
        records = [
            ZoneRecord("a.test", "SOA", "ns.a.test. h.a.test. 1 2 3 4 5"),
            ZoneRecord("a.test", "NS", "ns.a.test."),
            ZoneRecord("ns.a.test", "A", "192.0.2.1"),
            ZoneRecord("k._domainkey.a.test", "TXT", long),
            ZoneRecord("a.test", "CAA", '0 issue "ca.test"'),
        ]
        zone = dns.zone.from_text("$TTL 300\n" + zone_text(records), "a.test.")
        (found,) = zone.find_rdataset("k._domainkey", "TXT")
        self.assertEqual(b"".join(found.strings), long.encode())  # type: ignore[attr-defined]
