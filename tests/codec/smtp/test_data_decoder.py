r"""The message after DATA: any chunks give the same, and nothing but CRLF.CRLF ends it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.data_decoder import ChunkDecoder, DataDecoder, stuffed

PIECES = st.lists(
    st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"..", b"a", b"\r\n.\r", b"\x00\xff"]), max_size=40
)
WAYS_THAT_ARE_NONE = (
    *(b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n\n.\r\n", b"\r\n.\x00\r\n"),
    *(b"\r\n.\r\r\n", b"\r\n\x00.\r\n", b"\r\n..\r\n", b"\r\n. \r\n"),
)


def decode(*chunks: bytes) -> tuple[bytes, bytes | None, bool]:
    """The message, what followed it (None if it did not end), whether it has a bare line end."""
    decoder = DataDecoder()
    found, rest = b"", b""
    for chunk in chunks:
        if decoder.ended:
            rest += chunk
        else:
            found += decoder.feed(chunk)
    return found, decoder.rest + rest if decoder.ended else None, decoder.has_bare_line_end


class EndTests(SynchronousTestCase):
    def test_messages(self) -> None:
        for sent, message in (
            (b".\r\n", b""),
            (b"\r\n.\r\n", b"\r\n"),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..\r\n.\r\n", b".\r\n"),
            (b".a\r\n...b\r\n.\r\n", b"a\r\n..b\r\n"),
            (b"a.\r\n.\r\n", b"a.\r\n"),
            (b"\x00\x80\r\n.\r\n", b"\x00\x80\r\n"),
        ):
            self.assertEqual(decode(sent + b"QUIT\r\n"), (message, b"QUIT\r\n", False), sent)

    def test_nothing_else_ends_it(self) -> None:
        for way in WAYS_THAT_ARE_NONE:
            sent = b"a" + way + b"MAIL FROM:<x@y.test>\r\n"
            _, rest, _ = decode(sent)
            self.assertIsNone(rest, way)
            message, rest, _ = decode(sent + b".\r\n")
            self.assertEqual(rest, b"", way)
            self.assertIn(b"MAIL FROM", message, way)

    def test_what_is_bare_is_noted_and_kept(self) -> None:
        for message in (b"a\rb\r\n", b"a\nb\r\n", b"\n.\n\r\n", b"\r\r\n", b"\r\n\n\r\n", b"a\r\n\r.\r\n"):
            self.assertEqual(decode(stuffed(message)), (message, b"", True), message)
        self.assertFalse(decode(b"a\r\n\r\nb\r\n.\r\n")[2])

    def test_long_lines_are_kept(self) -> None:
        message = b"a" * 3_000_000 + b"\r\n"
        chunks = [stuffed(message)[at : at + 65536] for at in range(0, len(message) + 3, 65536)]
        self.assertEqual(decode(*chunks)[:2], (message, b""))

    @given(PIECES, st.binary(max_size=5))
    def test_any_cut_gives_the_same(self, pieces: list[bytes], rest: bytes) -> None:
        pieces = [*pieces, b"\r\n.\r\n", rest]
        whole = b"".join(pieces)
        expected = decode(whole)
        self.assertEqual(decode(*pieces), expected)
        self.assertEqual(decode(*(whole[at : at + 1] for at in range(len(whole)))), expected)
        self.assertEqual(decode(*(whole[at : at + 3] for at in range(0, len(whole), 3))), expected)

    @given(PIECES)
    def test_what_is_stuffed_comes_back(self, pieces: list[bytes]) -> None:
        message = b"".join(pieces)
        if message and not message.endswith(b"\r\n"):
            message += b"\r\n"
        found, rest, bare = decode(stuffed(message) + b"NEXT")
        self.assertEqual((found, rest), (message, b"NEXT"))
        left = message.replace(b"\r\n", b"")
        self.assertEqual(bare, b"\r" in left or b"\n" in left)


class ChunkTests(SynchronousTestCase):
    @given(PIECES)
    def test_it_is_taken_as_it_is(self, pieces: list[bytes]) -> None:
        decoder = ChunkDecoder()
        message = b"".join(pieces)
        self.assertEqual(b"".join([*map(decoder.feed, pieces), decoder.finish()]), message)
        left = message.replace(b"\r\n", b"")
        self.assertEqual(decoder.has_bare_line_end, b"\r" in left or b"\n" in left)
