"""Values of body parts: whole, cut at octets, and with what was wrong said (RFC 8621 4.1.4, 4.2)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.body_values import BodyValue, beginning, body_value
from stalwart.codec.mime.scanner import scan
from tests.codec.mime.corpus import lines, part

LABELS = ("utf-8", "utf-16", "gb18030", "utf-7")


def value(data: bytes, most: int = 0) -> BodyValue:
    """Of a message of one part."""
    return body_value(data, scan(data), most)


class ValueTests(SynchronousTestCase):
    def test_ends_of_lines_are_lf(self) -> None:
        self.assertEqual(value(part("text/plain", b"a\r\nb\nc\r\r\nd\re")).value, "a\nb\nc\nde")

    def test_nul_is_dropped(self) -> None:
        self.assertEqual(value(part("text/plain", b"a\0b\0")), BodyValue("ab", False, False))
        self.assertEqual(value(part("text/plain", b"\0" * 9000 + b"abc"), 2), BodyValue("ab", False, True))

    def test_wire_form(self) -> None:
        shown = value(part("text/plain; charset=x-none", b"abc"), 2).as_json()
        self.assertEqual(shown, {"value": "ab", "isEncodingProblem": True, "isTruncated": True})

    def test_unknown_transfer_encoding_is_a_problem(self) -> None:
        self.assertTrue(value(part("text/plain", b"a", "Content-Transfer-Encoding: x-odd")).is_encoding_problem)

    def test_octets_count_and_characters_stay_whole(self) -> None:
        data = part("text/plain; charset=utf-8", "aü€b".encode())
        shown = ["aü€b"[: [0, 1, 1, 2, 2, 2, 3, 4][most]] for most in range(8)]
        self.assertEqual([value(data, most).value for most in range(1, 8)], shown[1:])
        self.assertEqual([value(data, most).is_truncated for most in range(1, 8)], [True] * 6 + [False])

    def test_html_is_not_cut_within_a_tag(self) -> None:
        data = part("text/html", b'<p>abc <a href="x">def</a></p>')
        self.assertEqual(value(data, 12).value, "<p>abc ")

    def test_html_counts_octets_too(self) -> None:
        data = part("text/html; charset=utf-8", ("<p>" + "ü" * 100 + "</p>").encode())
        self.assertEqual(value(data, 103).value, "<p>" + "ü" * 50)

    def test_long_parts_are_decoded_at_the_begin_only(self) -> None:
        for encoding, body in (("base64", b"YWJj" * 500_000), ("quoted-printable", b"=61=62=63\r\n" * 200_000)):
            data = part("text/plain", body, f"Content-Transfer-Encoding: {encoding}")
            shown = value(data, 100)
            self.assertEqual((len(shown.value), shown.is_truncated, shown.is_encoding_problem), (100, True, False))

    @settings(max_examples=200)
    @given(st.text(max_size=200), st.sampled_from(LABELS), st.integers(1, 300), st.integers(1, 200))
    def test_cut_value_is_the_begin_of_the_whole(self, text: str, label: str, most: int, times: int) -> None:
        octets = (text * times).encode(label, "replace")
        data = lines(f"Content-Type: text/plain; charset={label}", "Content-Transfer-Encoding: binary", "") + octets
        whole, shown = value(data), value(data, most)
        self.assertTrue(whole.value.startswith(shown.value))
        self.assertLessEqual(len(shown.value.encode()), most)
        self.assertEqual(shown.is_truncated, len(whole.value.encode()) > most)
        if shown.is_truncated:  # not a character less than fits
            following = whole.value[len(shown.value)]
            self.assertGreater(len(shown.value.encode()) + len(following.encode()), most)

    def test_beginning_of_a_part(self) -> None:
        data = part("text/plain; charset=utf-8", "ü".encode() * 10_000)
        self.assertEqual(beginning(data, scan(data), 101), "ü" * 50)
