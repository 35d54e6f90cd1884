"""Content lines of cards: groups, parameters without names, encodings, folds of all versions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.content_lines import escaped
from stalwart.codec.vcard.lines import MAX_LINES, CardProperty, MalformedCard, content_lines, property_of

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)


def prop(line: str) -> CardProperty:
    """The property of a line that is one."""
    (raw,) = content_lines(line.encode())
    found = property_of(raw)
    assert found is not None
    return found


class PropertyTests(SynchronousTestCase):
    def test_a_group_is_not_part_of_the_name(self) -> None:
        item = prop("item1.email;type=home:a@b.example")
        self.assertEqual((item.name, item.group, item.value), ("EMAIL", "item1", "a@b.example"))

    def test_what_has_no_name_before_a_colon_is_no_property(self) -> None:
        for line in ("FN", "F N:x", ":x", "a.b.c:x", "é:x", ".FN:x", "a.:x"):
            self.assertIsNone(property_of(line), line)

    def test_types_without_a_name_and_in_several_parameters_are_together(self) -> None:
        self.assertEqual(prop("TEL;HOME;VOICE:1").types, ["HOME", "VOICE"])
        self.assertEqual(prop("TEL;type=home;TYPE=voice,pref:1").types, ["HOME", "VOICE", "PREF"])
        self.assertEqual(prop('TEL;TYPE="voice,home":1').types, ["VOICE,HOME"])

    def test_encodings_and_places_without_a_name_are_known(self) -> None:
        item = prop("PHOTO;BASE64;URL;JPEG:x")
        self.assertEqual(dict(item.parameters), {"ENCODING": ("BASE64",), "VALUE": ("URL",), "TYPE": ("JPEG",)})
        self.assertEqual(
            (item.encoding, prop("PHOTO;ENCODING=b:x").encoding, prop("FN:x").encoding), ("BASE64",) * 2 + (None,)
        )

    def test_carets_are_decoded(self) -> None:
        self.assertEqual(prop("ADR;LABEL=\"a^nb ^'c^'\":x").parameter("LABEL"), 'a\nb "c"')

    def test_colons_and_semicolons_in_quotes_belong_to_parameters(self) -> None:
        item = prop('RELATED;X="a;b:c";TYPE=x:urn:y')
        self.assertEqual((item.value, item.parameter("X")), ("urn:y", "a;b:c"))

    def test_quoted_printable_is_text_in_its_charset(self) -> None:
        self.assertEqual(prop("FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:J=F6rg").text, "Jörg")
        self.assertEqual(prop("FN;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg=0D=0A2").text, "Jörg\n2")
        self.assertEqual(prop("FN;ENCODING=QUOTED-PRINTABLE:J=F6rg").text, "Jörg")
        self.assertEqual(prop("FN;CHARSET=PUNYCODE;ENCODING=QUOTED-PRINTABLE:a-b").text, "a-b")

    def test_soft_line_breaks_are_not_part_of_the_value(self) -> None:
        self.assertEqual(prop("FN;QUOTED-PRINTABLE:a=\r\n b: c=\r\nd").text, "a b: cd")

    def test_base64_may_go_on_at_the_start_of_lines(self) -> None:
        lines = content_lines(b"PHOTO;ENCODING=BASE64:AAAA\r\nBBBB\r\nCC==\r\n\r\nEND:VCARD\r\n")
        self.assertEqual([line.partition(":")[0] for line in lines], ["PHOTO;ENCODING=BASE64", "END"])
        item = property_of(lines[0])
        assert item is not None
        self.assertEqual(item.value, "AAAABBBBCC==")

    def test_a_value_is_the_whole_and_its_parts(self) -> None:
        self.assertEqual(prop("N:Do\\;e;John;;;").texts, ["Do;e;John;;;", "Do;e", "John"])
        self.assertEqual(prop("NICKNAME:a,b\\,c").texts, ["a,b,c", "a", "b,c"])
        self.assertEqual(prop("FN:a;b,c").texts, ["a;b,c"])
        self.assertEqual(len(prop(f"N:{'a;' * 100_000}").texts), 1)

    @given(NAMES, TEXTS, TEXTS, NAMES | st.none())
    def test_what_is_made_is_read_back(self, name: str, text: str, parameter: str, group: str | None) -> None:
        made = CardProperty.of(name, escaped(text), {"X-P": parameter}, group)
        read = property_of(made.raw)
        assert read is not None
        self.assertEqual(
            (read.name, read.group, read.text, read.parameter("X-P")), (name.upper(), group, text, parameter)
        )


class LineTests(SynchronousTestCase):
    def test_what_is_too_much_is_refused(self) -> None:
        for octets in (b"A:1\n" * (MAX_LINES + 1), b"\n" * 100_000, b"A" * (513 * 1024), b"FN:\xff"):
            self.assertRaises(MalformedCard, content_lines, octets)

    def test_folds_of_any_length_are_one_line(self) -> None:
        self.assertEqual(len(content_lines(b"N:" + b"\n x" * 100_000)), 1)

    @given(st.binary(max_size=300))
    def test_any_octets_are_lines_or_malformed(self, octets: bytes) -> None:
        try:
            lines = content_lines(octets)
        except MalformedCard:
            return
        for line in lines:
            item = property_of(line)
            if item is not None:
                self.assertTrue(item.texts and item.parameters is not None)
