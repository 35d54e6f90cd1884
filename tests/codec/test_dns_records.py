"""Record data: what each type decodes to, and that nothing else comes out of octets that are none of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_names import NameReader
from stalwart.codec.dns_records import (
    CAA,
    IANA_ANCHORS,
    MX,
    SOA,
    SRV,
    TLSA,
    TYPES,
    MalformedRecord,
    TrustAnchor,
    decode_record,
    parse_anchor,
)


def decode(rtype: str, data: bytes, before: bytes = b"") -> Any:
    wire = before + data
    return decode_record(TYPES[rtype], NameReader(wire), wire, len(before), len(wire))


class Decoding(SynchronousTestCase):
    """One value per type."""

    def refuse(self, rtype: str, data: bytes) -> None:
        self.assertRaises(MalformedRecord, decode, rtype, data)

    def test_a(self) -> None:
        self.assertEqual(decode("A", b"\xc0\x00\x02\x19"), "192.0.2.25")

    def test_aaaa(self) -> None:
        self.assertEqual(decode("AAAA", bytes.fromhex("20010db8000000000000000000000001")), "2001:db8::1")

    def test_mx_with_compressed_name(self) -> None:
        self.assertEqual(decode("MX", b"\x00\x0a\x02MX\xc0\x00", b"\x04test\0"), MX(10, "mx.test."))

    def test_null_mx(self) -> None:
        self.assertEqual(decode("MX", b"\x00\x00\x00"), MX(0, "."))

    def test_srv_with_compressed_name(self) -> None:
        record = decode("SRV", b"\x00\x01\x00\x02\x03\xe1\x02MX\xc0\x00", b"\x04test\0")
        self.assertEqual(record, SRV(1, 2, 993, "mx.test."))

    def test_srv_of_no_host(self) -> None:
        self.assertEqual(decode("SRV", bytes(7)), SRV(0, 0, 0, "."))

    def test_srv_of_a_wrong_length_is_refused(self) -> None:
        for data in (bytes(6), bytes(8), b""):
            self.refuse("SRV", data)

    def test_strings_of_a_txt_are_joined(self) -> None:
        self.assertEqual(decode("TXT", b"\x08v=STSv1;\x05 id=1"), "v=STSv1; id=1")

    def test_txt_is_latin_1(self) -> None:
        self.assertEqual(decode("TXT", b"\x02\xc3\xbc"), "Ã¼")

    def test_tlsa(self) -> None:
        self.assertEqual(decode("TLSA", b"\x03\x01\x01\xab\xcd"), TLSA(3, 1, 1, b"\xab\xcd"))

    def test_cname_ns_and_ptr_are_names(self) -> None:
        for rtype in ("CNAME", "NS", "PTR"):
            self.assertEqual(decode(rtype, b"\x01A\x04test\0"), "a.test.")

    def test_soa(self) -> None:
        data = b"\x02ns\0\x04host\0" + b"".join(number.to_bytes(4, "big") for number in range(1, 6))
        self.assertEqual(decode("SOA", data), SOA("ns.", "host.", 1, 2, 3, 4, 5))

    def test_caa(self) -> None:
        record = decode("CAA", b"\x80\x05Issueca.test")
        self.assertEqual(record, CAA(128, "issue", b"ca.test"))
        self.assertTrue(record.critical)

    def test_types_without_a_decoder_stay_octets(self) -> None:
        self.assertEqual(decode("DS", b"\x01\x02\x03"), b"\x01\x02\x03")

    def test_short_a_is_refused(self) -> None:
        self.refuse("A", b"\x01\x02\x03")

    def test_long_a_is_refused(self) -> None:
        self.refuse("A", b"\x01\x02\x03\x04\x05")

    def test_short_aaaa_is_refused(self) -> None:
        self.refuse("AAAA", b"\x01" * 15)

    def test_mx_without_a_name_is_refused(self) -> None:
        self.refuse("MX", b"\x00\x0a")

    def test_mx_with_trailing_octets_is_refused(self) -> None:
        self.refuse("MX", b"\x00\x0a\x00\x00")

    def test_string_beyond_a_txt_is_refused(self) -> None:
        self.refuse("TXT", b"\x05abc")

    def test_short_tlsa_is_refused(self) -> None:
        self.refuse("TLSA", b"\x03\x01")

    def test_caa_tag_beyond_its_end_is_refused(self) -> None:
        self.refuse("CAA", b"\x00\x09issue")

    def test_short_soa_is_refused(self) -> None:
        self.refuse("SOA", b"\x00\x00\x01")

    def test_a_that_would_read_into_the_next_record_is_refused(self) -> None:
        wire = b"\x01\x02\x03\x04\x05\x06"
        self.assertRaises(MalformedRecord, decode_record, TYPES["A"], NameReader(wire), wire, 0, 2)

    @given(st.sampled_from(sorted(TYPES)), st.binary(max_size=60), st.binary(max_size=10))
    def test_any_octets_give_a_value_or_malformed_record(self, rtype: str, data: bytes, before: bytes) -> None:
        try:
            hash(decode(rtype, data, before))
        except MalformedRecord as problem:
            self.assertIn("record of type", str(problem))


class Anchors(SynchronousTestCase):
    """Trust anchors in text form."""

    def refuse(self, text: str) -> None:
        self.assertRaises(MalformedRecord, parse_anchor, text)

    def test_ds_with_owner_and_class(self) -> None:
        expected = TrustAnchor("test.", "DS", b"\x4f\x66\x08\x02\xab\xcd")
        self.assertEqual(parse_anchor("TEST. 300 IN DS 20326 8 2 AB CD"), expected)

    def test_owner_defaults_to_the_root(self) -> None:
        self.assertEqual(parse_anchor("DS 20326 8 2 abcd").owner, ".")

    def test_dnskey(self) -> None:
        expected = TrustAnchor(".", "DNSKEY", b"\x01\x01\x03\x0d\x01\x02\x03")
        self.assertEqual(parse_anchor(". IN DNSKEY 257 3 13 AQ ID"), expected)

    def test_keys_of_iana_are_anchors(self) -> None:
        for text in IANA_ANCHORS:
            self.assertEqual(len(parse_anchor(text).rdata), 36)

    def test_other_records_are_refused(self) -> None:
        self.refuse(". IN A 192.0.2.1")

    def test_missing_digest_is_refused(self) -> None:
        self.refuse(". IN DS 20326 8 2")

    def test_wrong_hex_is_refused(self) -> None:
        self.refuse(". IN DS 20326 8 2 xyz")

    def test_number_out_of_range_is_refused(self) -> None:
        self.refuse(". IN DS 70000 8 2 abcd")

    def test_wrong_owner_is_refused(self) -> None:
        self.refuse("a..b. IN DS 1 8 2 abcd")

    def test_nothing_is_refused(self) -> None:
        self.refuse("")
