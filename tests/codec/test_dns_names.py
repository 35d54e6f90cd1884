"""Names: what people write, what DNS holds, and what a hostile message makes of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_names import (
    InvalidName,
    MalformedName,
    NameReader,
    absolute,
    name_to_wire,
    reverse_name,
    to_ascii,
    to_unicode,
)


class ToAscii(SynchronousTestCase):
    """UTS #46 and the lengths of RFC 1035."""

    def check(self, given_name: str, expected: str) -> None:
        self.assertEqual(to_ascii(given_name), expected)

    def refuse(self, name: str, why: str) -> None:
        problem = self.assertRaises(InvalidName, to_ascii, name)
        self.assertIn(why, str(problem))

    def test_letters_are_lowered(self) -> None:
        self.check("MAIL.Example.ORG", "mail.example.org")

    def test_trailing_dot_is_dropped(self) -> None:
        self.check("example.org.", "example.org")

    def test_root_stays(self) -> None:
        self.check(".", ".")

    def test_service_labels_are_names(self) -> None:
        self.check("_25._tcp.mx.example.org", "_25._tcp.mx.example.org")

    def test_umlaut_becomes_a_label(self) -> None:
        self.check("Bücher.example", "xn--bcher-kva.example")

    def test_sharp_s_is_kept_as_in_non_transitional_processing(self) -> None:
        self.check("faß.de", "xn--fa-hia.de")

    def test_ideographic_full_stop_separates_labels(self) -> None:
        self.check("例え。テスト", "xn--r8jz45g.xn--zckzah")

    def test_fullwidth_letters_are_mapped(self) -> None:
        self.check("ｅｘａｍｐｌｅ.org", "example.org")

    def test_a_label_passes(self) -> None:
        self.check("XN--BCHER-KVA.example", "xn--bcher-kva.example")

    def test_single_label_is_a_name(self) -> None:
        self.check("localhost", "localhost")

    def test_empty_name_is_refused(self) -> None:
        self.refuse("", "empty")

    def test_two_trailing_dots_are_refused(self) -> None:
        self.refuse("example.org..", "empty label")

    def test_leading_dot_is_refused(self) -> None:
        self.refuse(".example.org", "empty label")

    def test_space_is_refused(self) -> None:
        self.refuse("exa mple.org", "malformed")

    def test_slash_from_a_mapped_character_is_refused(self) -> None:
        self.refuse("℀.example", "malformed")

    def test_lone_hyphen_is_refused(self) -> None:
        self.refuse("-", "malformed")

    def test_trailing_newline_is_refused(self) -> None:
        self.refuse("example.org\n", "malformed")

    def test_long_label_is_refused(self) -> None:
        self.refuse("a" * 64 + ".org", "longer than 63")

    def test_longest_label_passes(self) -> None:
        self.check("a" * 63 + ".org", "a" * 63 + ".org")

    def test_long_name_is_refused(self) -> None:
        self.refuse(".".join(["a" * 62] * 4) + ".abc", "longer than 253")

    def test_absurd_name_is_refused_at_once(self) -> None:
        self.refuse("ü." * 100_000, "longer than 253")

    def test_unassigned_character_is_refused(self) -> None:
        self.refuse("\u0378.example", "cannot be written")

    def test_lone_surrogate_is_refused(self) -> None:
        self.refuse("\ud800.example", "cannot be written")

    def test_address_is_refused(self) -> None:
        self.refuse("127.0.0.1", "ends in a number")

    def test_fullwidth_address_is_refused(self) -> None:
        self.refuse("１２７.０.０.１", "ends in a number")

    @given(st.text(max_size=80))
    def test_any_text_gives_a_name_or_invalid_name(self, text: str) -> None:
        try:
            result = to_ascii(text)
        except InvalidName:
            return
        self.assertEqual(to_ascii(result), result)
        self.assertLessEqual(len(name_to_wire(result)), 255)


class ForPeople(SynchronousTestCase):
    """Display and reverse names."""

    def test_a_label_is_shown_as_unicode(self) -> None:
        self.assertEqual(to_unicode("xn--bcher-kva.example."), "bücher.example.")

    def test_false_a_label_stays(self) -> None:
        self.assertEqual(to_unicode("xn--99999999.example"), "xn--99999999.example")

    def test_reverse_of_ipv4(self) -> None:
        self.assertEqual(reverse_name("192.0.2.25"), "25.2.0.192.in-addr.arpa")

    def test_reverse_of_ipv6(self) -> None:
        self.assertEqual(reverse_name("2001:db8::1"), "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa")

    def test_reverse_of_scoped_address_ignores_the_zone(self) -> None:
        self.assertTrue(reverse_name("fe80::1%eth0").endswith("0.8.e.f.ip6.arpa"))

    def test_reverse_of_mapped_address_is_that_of_ipv4(self) -> None:
        self.assertEqual(reverse_name("::ffff:192.0.2.1"), "1.2.0.192.in-addr.arpa")

    def test_reverse_of_a_name_is_refused(self) -> None:
        self.assertRaises(InvalidName, reverse_name, "mx.example.org")

    def test_absolute_of_an_idn_is_its_a_label(self) -> None:
        self.assertEqual(absolute("Bücher.Example"), "xn--bcher-kva.example.")

    def test_absolute_keeps_an_escaped_last_dot(self) -> None:
        self.assertEqual(absolute("a\\."), "a\\..")

    def test_absolute_of_nothing_is_refused(self) -> None:
        self.assertRaises(InvalidName, absolute, "")


class Wire(SynchronousTestCase):
    """RFC 1035 3.1 and 4.1.4."""

    def read(self, wire: bytes, offset: int = 0) -> tuple[str, int]:
        return NameReader(wire).read(offset)

    def refuse(self, wire: bytes, offset: int = 0) -> None:
        self.assertRaises(MalformedName, self.read, wire, offset)

    def test_name_is_written_as_labels(self) -> None:
        self.assertEqual(name_to_wire("mx.test."), b"\x02mx\x04test\x00")

    def test_root_is_one_octet(self) -> None:
        self.assertEqual(name_to_wire("."), b"\0")

    def test_escapes_are_written_as_their_octets(self) -> None:
        self.assertEqual(name_to_wire("a\\.b\\032.c."), b"\x04a.b \x01c\x00")

    def test_escape_above_255_is_refused(self) -> None:
        self.assertRaises(InvalidName, name_to_wire, "a\\256.")

    def test_incomplete_escape_is_refused(self) -> None:
        self.assertRaises(InvalidName, name_to_wire, "a\\2")

    def test_empty_label_is_refused(self) -> None:
        self.assertRaises(InvalidName, name_to_wire, "a..b.")

    def test_name_of_256_octets_is_refused(self) -> None:
        self.assertRaises(InvalidName, name_to_wire, ".".join(["a" * 63] * 4) + ".")

    def test_pointer_leads_to_an_earlier_name(self) -> None:
        wire = b"\x04TEST\x00\x02mx\xc0\x00"
        self.assertEqual(self.read(wire, 6), ("mx.test.", 11))

    def test_pointer_into_a_known_name_is_followed(self) -> None:
        wire = b"\x01a\x04test\x00\x01b\xc0\x02\x01c\xc0\x08"
        names = NameReader(wire)
        self.assertEqual(names.read(0), ("a.test.", 8))
        self.assertEqual(names.read(8), ("b.test.", 12))
        self.assertEqual(names.read(12), ("c.b.test.", 16))

    def test_dot_in_a_label_is_escaped(self) -> None:
        self.assertEqual(self.read(b"\x03a.b\x00"), ("a\\.b.", 5))

    def test_odd_octets_are_escaped(self) -> None:
        self.assertEqual(self.read(b"\x03\x00\xffA\x00"), ("\\000\\255a.", 5))

    def test_pointer_to_itself_is_refused(self) -> None:
        self.refuse(b"\xc0\x00")

    def test_pointers_in_a_circle_are_refused(self) -> None:
        self.refuse(b"\xc0\x02\xc0\x00")

    def test_pointer_into_its_own_labels_is_refused(self) -> None:
        self.refuse(b"\x01a\xc0\x00")

    def test_forward_pointer_is_refused(self) -> None:
        self.refuse(b"\xc0\x02\x00")

    def test_long_chain_of_pointers_is_refused(self) -> None:
        wire = b"\0" + b"".join((0xC000 | max(0, 2 * n - 1)).to_bytes(2, "big") for n in range(100))
        self.refuse(wire, len(wire) - 2)

    def test_cut_name_is_refused(self) -> None:
        self.refuse(b"\x05ab")

    def test_name_without_end_is_refused(self) -> None:
        self.refuse(b"\x01a")

    def test_cut_pointer_is_refused(self) -> None:
        self.refuse(b"\xc0")

    def test_reserved_label_type_is_refused(self) -> None:
        self.refuse(b"\x41a\x00")

    def test_name_of_256_octets_is_not_read(self) -> None:
        self.refuse((b"\x3f" + b"a" * 63) * 4 + b"\0")

    @given(st.lists(st.binary(min_size=1, max_size=63), max_size=3))
    def test_any_labels_survive_both_directions(self, labels: list[bytes]) -> None:
        wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        text, after = self.read(wire)
        self.assertEqual(after, len(wire))
        self.assertEqual(name_to_wire(text), wire.lower())
        self.assertEqual(self.read(name_to_wire(text))[0], text)

    @given(st.binary(max_size=80), st.integers(0, 80))
    def test_any_octets_give_a_name_or_malformed_name(self, wire: bytes, offset: int) -> None:
        try:
            text, after = self.read(wire, offset)
        except MalformedName:
            return
        self.assertTrue(text.endswith("."))
        self.assertLessEqual(after, len(wire))
