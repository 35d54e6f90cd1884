"""The head of an answer as an HPACK block, read back by ``hpack``."""

from __future__ import annotations

import string

from hpack import Decoder
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.http2.field_block import CONTINUE, FIRST, field_block

NAME = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=40)
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=300)


def read(block: bytes) -> list[tuple[str, str]]:
    """The fields of a block, by a decoder without a table."""
    decoder = Decoder()
    return [(name.decode(), value.decode("latin-1")) for name, value in decoder.decode(FIRST + block, raw=True)]


class BlockTests(SynchronousTestCase):
    """RFC 9113 8.3.2."""

    def test_a_head(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nX-Own: a: b\r\n\r\n"
        expected = [(":status", "200"), ("content-type", "text/plain"), ("content-length", "5"), ("x-own", "a: b")]
        self.assertEqual(read(field_block(head)), expected)

    def test_any_status(self) -> None:
        for status in (100, 200, 204, 304, 404, 418, 500, 507):
            self.assertEqual(read(field_block(b"HTTP/1.1 %d X\r\n\r\n" % status)), [(":status", str(status))])
        self.assertEqual(read(CONTINUE), [(":status", "100")])

    def test_fields_of_connections_are_left_out(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nDate: x\r\n\r\n"
        self.assertEqual(read(field_block(head)), [(":status", "200"), ("date", "x")])

    def test_secrets_are_never_indexed(self) -> None:
        secret = field_block(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n")
        self.assertEqual(secret[1] & 0xF0, 0x10)  # RFC 7541 6.2.3
        other = field_block(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        self.assertEqual(other[1] & 0xF0, 0x00)

    @given(st.lists(st.tuples(NAME, VALUE), max_size=6))
    def test_whatever_is_in_it(self, fields: list[tuple[str, str]]) -> None:
        fields = [(f"X-{name}", value) for name, value in fields]
        head = "".join(("HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in fields), "\r\n"))
        expected = [(name.lower(), value.strip(" \t")) for name, value in fields]
        for _ in range(2):  # the second time from what was kept
            self.assertEqual(read(field_block(head.encode("latin-1")))[1:], expected)
