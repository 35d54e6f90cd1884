"""Messages on their way out: proper line ends, doubled dots, whatever the pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.data_decoder import DataDecoder
from stalwart.codec.smtp.data_encoder import MessageEncoder, whole_data, whole_message, with_line_ends

LINES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\r\n.\r\n", b"\n.\n", b""]), max_size=12)


class WholeTests(SynchronousTestCase):
    """Messages in memory."""

    def test_a_message_that_is_proper_stays_itself(self) -> None:
        data = b"Subject: x\r\n\r\nhello\r\n"
        self.assertIs(with_line_ends(data), data)
        self.assertIs(whole_message(data), data)

    def test_bare_ends_become_line_ends(self) -> None:
        self.assertEqual(with_line_ends(b"a\nb\rc\r\nd"), b"a\r\nb\r\nc\r\nd")

    def test_dots_are_doubled_and_one_ends_it(self) -> None:
        self.assertEqual(whole_data(b".\r\n..a\r\nb."), b"..\r\n...a\r\nb.\r\n.\r\n")

    def test_no_end_can_be_smuggled_in(self) -> None:
        for smuggled in (b"a\n.\nMAIL FROM:<>", b"a\n.\r\nMAIL", b"a\r.\rMAIL", b"a\r\n.\nMAIL"):
            self.assertNotIn(b"\n.\r\n", whole_data(smuggled)[:-3])

    def test_an_empty_message(self) -> None:
        self.assertEqual(whole_data(b""), b"\r\n.\r\n")
        self.assertEqual(whole_message(b""), b"\r\n")

    @given(LINES)
    def test_a_decoder_gives_the_message_back(self, parts: list[bytes]) -> None:
        data = b"".join(parts)
        decoder = DataDecoder()
        self.assertEqual(decoder.feed(whole_data(data)), whole_message(data))
        self.assertTrue(decoder.ended)
        self.assertEqual(decoder.rest, b"")


class PiecesTests(SynchronousTestCase):
    """Messages that are read piece by piece."""

    @given(LINES, st.booleans())
    def test_pieces_make_what_the_whole_does(self, parts: list[bytes], stuffs: bool) -> None:
        encoder = MessageEncoder(stuffs=stuffs)
        sent = b"".join([*map(encoder.feed, parts), encoder.finish()])
        data = b"".join(parts)
        if data:
            self.assertEqual(sent, whole_data(data) if stuffs else whole_message(data))

    def test_the_end_of_a_line_between_two_pieces(self) -> None:
        encoder = MessageEncoder(stuffs=True)
        self.assertEqual(encoder.feed(b"a\r") + encoder.feed(b"\n.b") + encoder.finish(), b"a\r\n..b\r\n.\r\n")
