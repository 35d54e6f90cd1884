"""Frames of Server-Sent Events, byte for byte and read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.event_stream import EventStreamParser
from stalwart.codec.sse import InvalidField, comment, event, mark


class FrameTests(SynchronousTestCase):
    def test_a_stage_of_the_diagnosis(self) -> None:
        frame = event(b'[{"type":"completed"}]', event="event")
        self.assertEqual(frame, b'event: event\ndata: [{"type":"completed"}]\n\n')

    def test_all_fields(self) -> None:
        frame = event("a", event="e", id="7", retry=3000)
        self.assertEqual(frame, b"event: e\nid: 7\nretry: 3000\ndata: a\n\n")

    def test_data_of_several_lines_is_split(self) -> None:
        self.assertEqual(event("a\nb\r\nc\rd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n")

    def test_empty_data_is_still_an_event(self) -> None:
        self.assertEqual(event(""), b"data: \n\n")

    def test_an_empty_id_is_sent_to_reset_it(self) -> None:
        self.assertEqual(event("", id=""), b"id: \ndata: \n\n")

    def test_comments(self) -> None:
        self.assertEqual(comment("keep-alive"), b": keep-alive\n\n")
        self.assertEqual(comment("a\nb"), b": a\n: b\n\n")

    def test_a_mark_is_no_event(self) -> None:
        self.assertEqual(mark("1;b.7"), b"id: 1;b.7\n\n")
        self.assertEqual(EventStreamParser().feed(mark("7")), [])

    def test_fields_cannot_be_injected(self) -> None:
        self.assertRaises(InvalidField, event, "", event="a\ndata: b")
        self.assertRaises(InvalidField, event, "", id="a\rb")
        self.assertRaises(InvalidField, event, "", id="a\0b")
        self.assertRaises(InvalidField, mark, "a\nb")

    @given(st.text(max_size=60), st.text(alphabet="abc :", max_size=8))
    def test_a_reader_gets_back_what_was_written(self, data: str, name: str) -> None:
        (received,) = EventStreamParser().feed(event(data, event=name) + comment(data))
        lines = data.replace("\r\n", "\n").replace("\r", "\n")
        self.assertEqual((received.name, received.data), (name or "message", lines))
