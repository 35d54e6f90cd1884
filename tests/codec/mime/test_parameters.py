"""Parameters: the examples of RFC 2231, and that nothing fails. What senders do wrong is in the corpus."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.parameters import parse

PIECES = st.lists(
    st.sampled_from(
        [";", "=", '"', "'", "*", "*0", "*1*", "a", "filename", "%", "%C3", "\\", " ", "\r\n ", "(", ")", "ü", "\0"]
    )
)


class ExampleTests(SynchronousTestCase):
    def test_continuation(self) -> None:
        # RFC 2231 3
        value = b' message/external-body; access-type=URL;\r\n URL*0="ftp://";\r\n'
        value += b' URL*1="cs.utk.edu/pub/moore/bulk-mailer.tar"'
        found = parse(value)
        self.assertEqual(found.main, "message/external-body")
        self.assertEqual(found.text("access-type"), "URL")
        self.assertEqual(found.text("url"), "ftp://cs.utk.edu/pub/moore/bulk-mailer.tar")

    def test_character_set_and_language(self) -> None:
        # RFC 2231 4
        value = b" application/x-stuff;\r\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"
        self.assertEqual(parse(value).text("title"), "This is ***fun***")

    def test_both(self) -> None:
        # RFC 2231 4.1
        value = (
            b" application/x-stuff\r\n ;title*0*=us-ascii'en'This%20is%20even%20more%20\r\n"
            b' ;title*1*=%2A%2A%2Afun%2A%2A%2A%20\r\n ;title*2="isn\'t it!"'
        )
        self.assertEqual(parse(value).text("title"), "This is even more ***fun*** isn't it!")

    def test_comment_and_case(self) -> None:
        # RFC 2045 5.1
        found = parse(b" text/plain; Charset=us-ascii (Plain text)")
        self.assertEqual((found.main, found.text("charset")), ("text/plain", "us-ascii"))

    def test_first_of_a_name_counts(self) -> None:
        self.assertEqual(parse(b"a/b; x=1; X=2").text("x"), "1")

    def test_boundary_keeps_its_octets(self) -> None:
        self.assertEqual(parse(b'a/b; boundary="\xfc \xff"').octets("boundary"), b"\xfc \xff")
        self.assertEqual(parse(b"a/b; boundary*=us-ascii''%62c").octets("boundary"), b"bc")
        self.assertEqual(parse(b"a/b; boundary*0*=''%62; boundary*1=c").octets("boundary"), b"bc")
        self.assertIsNone(parse(b"a/b").octets("boundary"))


class RobustnessTests(SynchronousTestCase):
    @settings(max_examples=300)
    @given(PIECES)
    def test_any_value_is_read(self, pieces: list[str]) -> None:
        found = parse("".join(pieces).encode())
        for name in ("a", "filename", ""):
            text = found.text(name)
            self.assertTrue(text is None or text.encode("utf-8") is not None)
            found.octets(name)
