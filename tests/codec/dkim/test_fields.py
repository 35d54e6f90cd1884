"""Messages cut into fields and body."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.fields import LONGEST_HEAD, Field, HeadTooLong, divided, pieces_of, selected

TEXT = st.text("aA: \t\r\n", max_size=40).map(str.encode)


def cut(message: bytes) -> tuple[list[bytes], bytes]:
    """Raw fields and body."""
    fields, body = divided([message])
    return [field.raw for field in fields], b"".join(body)


class Dividing(SynchronousTestCase):
    def test_fields_keep_their_octets(self) -> None:
        fields, body = divided([b"A : x\r\n\ty \r\nb:z\r\n\r\nbody"])
        self.assertEqual(fields, (Field(b"a", b"A : x\r\n\ty "), Field(b"b", b"b:z")))
        self.assertEqual(b"".join(body), b"body")

    def test_no_body(self) -> None:
        self.assertEqual(cut(b"a:b\r\n"), ([b"a:b"], b""))
        self.assertEqual(cut(b"a:b"), ([b"a:b"], b""))

    def test_no_head(self) -> None:
        self.assertEqual(cut(b"\r\na:b\r\n"), ([], b"a:b\r\n"))

    def test_lines_that_are_no_fields(self) -> None:
        self.assertEqual(cut(b"nothing\r\na:b\r\n\r\n"), ([b"a:b"], b""))

    def test_bare_line_ends_hide_no_field(self) -> None:
        self.assertEqual(cut(b"a:b\nfrom:c\rd:e\n\nx\n"), ([b"a:b", b"from:c", b"d:e"], b"x\r\n"))

    def test_head_that_does_not_end(self) -> None:
        line = b"a: " + b"x" * 1000 + b"\r\n"
        with self.assertRaises(HeadTooLong):
            divided([line] * (LONGEST_HEAD // len(line) + 1))
        with self.assertRaises(HeadTooLong):
            divided([line * (LONGEST_HEAD // len(line) + 1) + b"\r\n"])

    @given(TEXT, st.integers(1, 9))
    def test_pieces_make_no_difference(self, message: bytes, size: int) -> None:
        fields, body = divided(message[start : start + size] for start in range(0, len(message), size))
        parts = list(body)
        self.assertEqual(([field.raw for field in fields], b"".join(parts)), cut(message))
        self.assertFalse([part for part in parts if part.endswith(b"\r") or part.startswith(b"\n")])

    def test_pieces_of_octets(self) -> None:
        octets = bytes(range(256)) * 1000
        self.assertEqual(b"".join(pieces_of(octets)), octets)
        self.assertLess(max(map(len, pieces_of(octets))), 70_000)


class Forms(SynchronousTestCase):
    """RFC 6376 3.4.5."""

    FIELDS = divided([b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"])[0]

    def test_relaxed(self) -> None:
        self.assertEqual([field.canonical(True) for field in self.FIELDS], [b"a:X", b"b:Y Z"])

    def test_simple(self) -> None:
        self.assertEqual([field.canonical(False) for field in self.FIELDS], [b"A: X", b"B : Y\t\r\n\tZ  "])


class Selecting(SynchronousTestCase):
    """RFC 6376 5.4.2."""

    def test_from_the_bottom(self) -> None:
        fields = divided([b"a:1\r\nb:2\r\na:3\r\n\r\n"])[0]
        found = selected(fields, [b"a", b"c", b"a", b"b", b"a"])
        self.assertEqual([field.raw for field in found], [b"a:3", b"a:1", b"b:2"])
