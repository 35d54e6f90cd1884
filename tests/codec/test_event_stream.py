"""Reading event streams: fields, line ends, cuts anywhere, and limits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import sse
from stalwart.codec.event_stream import LONGEST_EVENT, EventStreamParser, EventTooLong, ReceivedEvent

PIECES = st.sampled_from(
    [
        b"data",
        b"event",
        b"id",
        b":",
        b" ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"x",
        "ü€".encode(),
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
    ]
)


def read(*chunks: bytes) -> list[ReceivedEvent]:
    parser = EventStreamParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def datas(*chunks: bytes) -> list[str]:
    return [event.data for event in read(*chunks)]


class FieldTests(SynchronousTestCase):
    """HTML 9.2.6."""

    def test_event_with_name_and_data(self) -> None:
        self.assertEqual(read(b"event: event\ndata: [1]\n\n"), [ReceivedEvent("event", "[1]")])

    def test_event_without_a_name_is_a_message(self) -> None:
        self.assertEqual(read(b"data: x\n\n"), [ReceivedEvent("message", "x")])

    def test_several_data_lines_are_joined(self) -> None:
        self.assertEqual(datas(b"data: a\ndata:\ndata: b\n\n"), ["a\n\nb"])

    def test_one_space_after_the_colon_is_dropped_and_no_more(self) -> None:
        self.assertEqual(datas(b"data:a\n\ndata: a\n\ndata:  a\n\n"), ["a", "a", " a"])

    def test_field_without_a_colon_is_empty(self) -> None:
        self.assertEqual(datas(b"data\n\n"), [""])

    def test_comments_are_nothing(self) -> None:
        self.assertEqual(read(b": keep-alive\n\n:\n\n"), [])

    def test_name_without_data_is_forgotten(self) -> None:
        self.assertEqual(read(b"event: a\n\ndata: x\n\n"), [ReceivedEvent("message", "x")])

    def test_last_name_counts(self) -> None:
        self.assertEqual(read(b"event: a\nevent: b\ndata: x\n\n"), [ReceivedEvent("b", "x")])

    def test_unknown_fields_are_ignored(self) -> None:
        self.assertEqual(datas(b"id: 1\nretry: 5\nfoo: bar\nDATA: y\ndata: x\n\n"), ["x"])

    def test_event_that_is_not_finished_is_not_given(self) -> None:
        self.assertEqual(read(b"data: x\n"), [])

    def test_byte_order_mark_at_the_start_is_dropped_and_nowhere_else(self) -> None:
        mark = b"\xef\xbb\xbf"
        self.assertEqual(datas(mark + b"data: a\n\n" + mark + b"data: b\n\n"), ["a"])

    def test_byte_order_mark_in_pieces(self) -> None:
        self.assertEqual(datas(b"\xef", b"\xbb", b"\xbfdata: a\n\n"), ["a"])

    def test_broken_utf_8_is_replaced(self) -> None:
        self.assertEqual(datas(b"data: a\xffb\n\n"), ["a\ufffdb"])


class LineEndTests(SynchronousTestCase):
    """LF, CR and CRLF."""

    def test_each_kind(self) -> None:
        for end in (b"\n", b"\r", b"\r\n"):
            self.assertEqual(datas(b"data: x" + end + end), ["x"], end)

    def test_event_that_ends_in_cr_is_given_at_once(self) -> None:
        self.assertEqual(datas(b"data: x\r\r"), ["x"])

    def test_crlf_cut_in_the_middle_is_one_end(self) -> None:
        self.assertEqual(datas(b"data: x\r", b"\ndata: y\r", b"\n\r", b"\n"), ["x\ny"])

    def test_nothing_between_the_halves_changes_nothing(self) -> None:
        self.assertEqual(datas(b"data: x\r", b"", b"\n\r\n"), ["x"])

    def test_character_cut_in_the_middle_stays_whole(self) -> None:
        euro = "€".encode()
        self.assertEqual(datas(b"data: " + euro[:1], euro[1:] + b"\n\n"), ["€"])


class LimitTests(SynchronousTestCase):
    """A stream from elsewhere does not fill the memory."""

    def test_longest_event_is_read(self) -> None:
        text = b"x" * (LONGEST_EVENT - 6)
        self.assertEqual(len(datas(b"data: " + text + b"\n\n")[0]), len(text))

    def test_line_without_an_end(self) -> None:
        parser = EventStreamParser()
        parser.feed(b"data: ")
        with self.assertRaises(EventTooLong):
            for _ in range(17):
                parser.feed(b"x" * 65536)

    def test_event_of_many_lines(self) -> None:
        parser = EventStreamParser()
        with self.assertRaises(EventTooLong):
            for _ in range(17):
                parser.feed(b"data: " + b"x" * 65536 + b"\n")

    def test_event_of_many_empty_lines(self) -> None:
        parser = EventStreamParser()
        with self.assertRaises(EventTooLong):
            for _ in range(300):
                parser.feed(b"data\n" * 1000)

    def test_long_event_name(self) -> None:
        parser = EventStreamParser()
        with self.assertRaises(EventTooLong):
            parser.feed(b"event: " + b"x" * LONGEST_EVENT + b"\n")

    def test_limit_is_for_each_event(self) -> None:
        parser = EventStreamParser()
        found = [len(parser.feed(b"data: " + b"x" * 500_000 + b"\n\n")) for _ in range(4)]
        self.assertEqual(found, [1] * 4)


class CuttingTests(SynchronousTestCase):
    """However a stream is cut, the same events come out."""

    @given(st.lists(PIECES, max_size=40), st.lists(st.integers(0, 80), max_size=8))
    @settings(max_examples=200)
    def test_any_cuts(self, pieces: list[bytes], cuts: list[int]) -> None:
        stream = b"".join(pieces)
        ends = sorted(min(cut, len(stream)) for cut in cuts)
        chunks = [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]
        self.assertEqual(read(*chunks), read(stream))

    @given(st.lists(PIECES, max_size=40))
    def test_byte_by_byte(self, pieces: list[bytes]) -> None:
        stream = b"".join(pieces)
        self.assertEqual(read(*(stream[at : at + 1] for at in range(len(stream)))), read(stream))

    @given(st.lists(st.text(max_size=30), max_size=5))
    def test_what_our_writer_writes_is_read_back(self, texts: list[str]) -> None:
        stream = b"".join(sse.event(text, event="event") for text in texts)
        expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
        self.assertEqual(read(stream), [ReceivedEvent("event", text) for text in expected])
