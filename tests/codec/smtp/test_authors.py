"""Who a message says that it is from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.authors import LONGEST_FIELD, read_authors

CLEAR = {
    "From: a@b.test": ["a@b.test"],
    "FROM : A <a@b.test>": ["a@b.test"],
    'From: "Boss <boss@b.test>" <a@b.test>': ["a@b.test"],
    "From: =?utf-8?q?boss=40b.test?= <a@b.test>": ["a@b.test"],
    "From: a@b.test (boss@b.test)": ["a@b.test"],
    "From:\r\n a@b.test,\r\n\tc@d.test": ["a@b.test", "c@d.test"],
    "From: a@b.test\r\nSender: c@d.test": ["a@b.test", "c@d.test"],
    "From: Us: a@b.test, c@d.test;": ["a@b.test", "c@d.test"],
    'From: "a b"@c.test': ['"a b"@c.test'],
    "Resent-From: x@y.test\r\nFrom: a@b.test\r\nX-From: z@y.test": ["a@b.test"],
}
UNCLEAR = (
    *("", "Subject: x", "From:", "From: Jane", "From: undisclosed:;", "From: <>", "From: a@b.test, c"),
    *("Sender: a@b.test", "From: a@b.test\r\nSender: nobody", f"From: {'a@b.test,' * LONGEST_FIELD}"),
)


class AuthorTests(SynchronousTestCase):
    def test_clear(self) -> None:
        for head, expected in CLEAR.items():
            found = read_authors(f"{head}\r\n\r\nFrom: body@b.test\r\n".encode())
            self.assertEqual(([path.text for path in found.paths], found.is_clear), (expected, True), head)
            self.assertEqual(found.fields, 1)

    def test_unclear(self) -> None:
        for head in UNCLEAR:
            self.assertFalse(read_authors(f"{head}\r\n\r\n".encode()).is_clear, head[:40])

    def test_several_fields(self) -> None:
        found = read_authors(b"From: a@b.test\r\nfrom: c@d.test\r\n\r\n")
        self.assertEqual((found.fields, len(found.paths)), (2, 2))

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        read_authors(b"From: " + octets)
