"""Forms as browsers and programs send them, whole and in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.web_form import LONGEST_NAME, MOST_FIELDS, Field, MalformedForm, reader_of

URLENCODED = "application/x-www-form-urlencoded"
PARTS = 'multipart/form-data; boundary="--x y"'


def read(content_type: str | None, body: bytes, size: int = 0) -> list[Field]:
    """The fields of a body that comes in pieces of ``size`` octets."""
    reader = reader_of(content_type)
    for at in range(0, len(body), size or len(body) or 1):
        reader.feed(body[at : at + (size or len(body))])
    return reader.finish()


def part(name: str, value: str, more: str = "") -> str:
    return f'----x y\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


class TypeTests(SynchronousTestCase):
    def test_a_body_needs_a_type(self) -> None:
        for content_type in (None, "", "text", "a/b c", "*/*", "x" * 300):
            self.assertRaises(MalformedForm, reader_of, content_type)

    def test_whatever_has_no_boundary_is_urlencoded(self) -> None:
        for content_type in (URLENCODED, "text/plain; charset=utf-8", "application/json", "multipart/form-data"):
            self.assertEqual(read(content_type, b"a=1"), [("a", "1")], content_type)

    def test_boundaries_that_are_none(self) -> None:
        for boundary in ("x" * 71,):
            self.assertRaises(MalformedForm, reader_of, f"multipart/form-data; boundary={boundary}")


class UrlencodedTests(SynchronousTestCase):
    def test_fields_in_order(self) -> None:
        body = b"name=J%C3%A4ne+Doe&&a&a=2&text=1%0D%0A2%26&%zz=%ff&=x"
        wanted = [("name", "Jäne Doe"), ("a", ""), ("a", "2"), ("text", "1\r\n2&"), ("%zz", "\ufffd"), ("", "x")]
        for size in (0, 1, 7):
            self.assertEqual(read(URLENCODED, body, size), wanted)
        self.assertEqual(read(URLENCODED, b""), [])
        self.assertEqual(read("application/json", b'{"a":1}'), [('{"a":1}', "")])

    def test_too_many_fields(self) -> None:
        most = b"&".join([b"a=1"] * MOST_FIELDS)
        self.assertEqual(len(read(URLENCODED, most)), MOST_FIELDS)
        self.assertRaises(MalformedForm, read, URLENCODED, most + b"&a=1")
        self.assertRaises(MalformedForm, read, URLENCODED, b"&" * 10_000)

    def test_names_are_short(self) -> None:
        self.assertRaises(MalformedForm, read, URLENCODED, b"a" * (LONGEST_NAME + 1) + b"=1")


class MultipartTests(SynchronousTestCase):
    def test_fields_in_order(self) -> None:
        body = (
            "preamble\r\n"
            + part("näme", "Jäne\r\n\r\n--y")
            + part("a%22b%0D%0A", "")
            + part("file", "\r\n--x y", '; filename="C:\\\\a.txt"\r\nContent-Type: text/plain')
            + "----x y\r\ncontent-disposition:form-data;name=a\r\n\r\n----x y \t\r\n"
            + 'X: y\r\nContent-Disposition: form-data; name="a"\r\n\r\n2\r\n----x y--\r\nepilogue\r\n----x y\r\n'
        ).encode()
        wanted = [("näme", "Jäne\r\n\r\n--y"), ('a"b  ', ""), ("file", "\r\n--x y"), ("a", ""), ("a", "2")]
        for size in (0, 1, 2, 3, 7, 64):
            self.assertEqual(read(PARTS, body, size), wanted, size)

    def test_the_first_delimiter_may_begin_the_body(self) -> None:
        self.assertEqual(read(PARTS, (part("a", "1") + "----x y--").encode()), [("a", "1")])
        self.assertEqual(read(PARTS, b"----x y--"), [])

    def test_what_is_no_form(self) -> None:
        for body in (
            "",
            "a=1",
            part("a", "1"),
            part("a", "1") + "----x y",
            "----x y\r\n\r\n1\r\n----x y--",
            "----x y\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n----x y--",
            "----x y\r\nContent-Disposition: form-data\r\n\r\n1\r\n----x y--",
            "----x yz\r\n" + part("a", "1") + "----x y--",
            "----x y" + "-" + "\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n----x y--",
            "----x y\r\nX: " + "y" * 5000 + "\r\n\r\n1\r\n----x y--",
            part("a" * (LONGEST_NAME + 1), "") + "----x y--",
            part("a", "1") * (MOST_FIELDS + 1) + "----x y--",
        ):
            if body.startswith("----x yz"):  # another line, so before the first part
                self.assertEqual(read(PARTS, body.encode()[10:]), [("a", "1")])
                continue
            for size in (0, 5):
                self.assertRaises(MalformedForm, read, PARTS, body.encode(), size)

    @given(st.lists(st.tuples(st.text("ab", max_size=3), st.text("\r\n-x y", max_size=30))), st.integers(1, 40))
    def test_what_is_written_is_read_in_any_pieces(self, fields: list[Field], size: int) -> None:
        fields = [(name, value) for name, value in fields if "\r\n----x y" not in f"\r\n{value}\r\n"][:20]
        body = "".join(part(name, value) for name, value in fields) + "----x y--\r\n"
        self.assertEqual(read(PARTS, body.encode(), size), fields)

    @given(st.binary(max_size=300), st.integers(1, 50))
    def test_any_octets_in_any_pieces_are_fields_or_refused(self, tail: bytes, size: int) -> None:
        body = part("a", "1").encode() + tail
        results = []
        for pieces in (0, size):
            try:
                results.append(read(PARTS, body, pieces))
            except MalformedForm as refused:
                results.append([("refused", str(refused))])
        self.assertEqual(results[0], results[1])
