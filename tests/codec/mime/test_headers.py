"""Where headers end, and their fields."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import headers

PIECES = st.lists(
    st.sampled_from([b"a: b", b"c:", b"\r\n", b"\n", b" ", b"\t", b"junk", b":", b"From x\n", b"\xff", b"\r", b"\0"])
)


def read(data: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Fields and body."""
    end, body = headers.block(data, 0, len(data))
    return [(name, data[begin:stop]) for name, begin, stop in headers.fields(data, 0, end)], data[body:]


class HeaderTests(SynchronousTestCase):
    def test_values_are_raw(self) -> None:
        fields, body = read(b"A: one \r\nB:\ttwo\r\n three\r\nC:\r\n\r\nbody\r\n")
        self.assertEqual(fields, [("A", b" one "), ("B", b"\ttwo\r\n three"), ("C", b"")])
        self.assertEqual(body, b"body\r\n")

    def test_fields_of_a_range_only(self) -> None:
        data = b"A: 1\r\nB: 2\r\n\r\n"
        self.assertEqual([each.name for each in headers.fields(data, 6, 12)], ["B"])

    def test_pairs_are_decoded_as_utf_8_without_nul(self) -> None:
        # RFC 8621 4.1.2.1
        data = b"A: gr\xc3\xbcn\r\nB: gr\xfcn\0\r\n"
        shown = headers.pairs(data, headers.fields(data, 0, len(data)))
        self.assertEqual(shown, [{"name": "A", "value": " grün"}, {"name": "B", "value": " gr\ufffdn"}])

    def test_header_that_is_too_long_ends_at_a_line(self) -> None:
        data = b"A: 1\r\n" * 100
        self.assertEqual(headers.block(data, 0, len(data), 20), (18, 18))

    def test_number_of_fields_is_bounded(self) -> None:
        data = b"A:\n" * (headers.MOST_FIELDS + 10)
        self.assertEqual(len(headers.fields(data, 0, len(data))), headers.MOST_FIELDS)

    @settings(max_examples=300)
    @given(PIECES)
    def test_any_header_ends_somewhere(self, pieces: list[bytes]) -> None:
        data = b"".join(pieces)
        end, body = headers.block(data, 0, len(data))
        self.assertTrue(0 <= end <= body <= len(data))
        self.assertIn(data[end:body], (b"", b"\n", b"\r\n"))
        for field in headers.fields(data, 0, end):
            self.assertTrue(0 <= field.begin <= field.end <= end)

    @given(st.lists(st.tuples(st.from_regex(r"[A-Za-z-]{1,20}", fullmatch=True), st.binary(max_size=20))), st.binary())
    def test_what_is_written_is_read(self, written: list[tuple[str, bytes]], body: bytes) -> None:
        clean = [(name, value.replace(b"\n", b"").replace(b"\r", b"")) for name, value in written]
        data = b"".join(name.encode() + b":" + value + b"\r\n" for name, value in clean) + b"\r\n" + body
        self.assertEqual(read(data), (clean, body))
