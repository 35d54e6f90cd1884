"""Response heads on the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import Answer
from stalwart.web.response import (
    AddedHeaders,
    DateLine,
    UnsafeHeaderError,
    added_headers,
    header_lines,
    response_head,
    stream_head,
)

NOTHING = AddedHeaders()


class HeadTests(SynchronousTestCase):
    """``response_head`` and ``stream_head``."""

    def test_own_fields_come_first_and_the_tail_last(self) -> None:
        answer = Answer(200, b"abc", "text/plain", (("X-A", "1"), ("X-A", "2")))
        expected = (
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
            b"X-B: 3\r\nDate: now\r\n\r\n"
        )
        self.assertEqual(response_head(answer, added_headers([("X-B", "3")]), "Date: now\r\n"), expected)

    def test_added_fields_replace_those_of_the_same_name(self) -> None:
        answer = Answer(200, b"", "text/plain", (("x-a", "1"),))
        added = added_headers([("X-A", "0"), ("Content-Type", "text/x"), ("x-A", "2")])
        head = response_head(answer, added, "")
        self.assertEqual(head, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-A: 2\r\nContent-Type: text/x\r\n\r\n")

    def test_204_and_304_have_no_length(self) -> None:
        for status in (204, 304):
            self.assertNotIn(b"Content-Length", response_head(Answer(status), NOTHING, ""))

    def test_streams_are_chunked_or_end_with_the_connection(self) -> None:
        self.assertIn(b"Transfer-Encoding: chunked\r\n", stream_head("text/event-stream", (), NOTHING, "", True))
        self.assertNotIn(b"Transfer", stream_head("text/event-stream", (), NOTHING, "", False))

    @given(st.text(max_size=30), st.text(max_size=30))
    def test_no_value_can_add_a_line(self, one: str, other: str) -> None:
        answer = Answer(200, b"", "text/plain", (("X-A", one), ("X-B", other)))
        try:
            head = response_head(answer, NOTHING, "")
        except UnsafeHeaderError:
            return
        self.assertEqual((head.count(b"\n"), head.count(b"\r"), head.count(b"\r\n\r\n")), (6, 6, 1))

    def test_replaced_names_are_left_out(self) -> None:
        self.assertEqual(header_lines((("A", "1"), ("B", "2")), frozenset(("a",))), "B: 2\r\n")


class DateTests(SynchronousTestCase):
    """The Date field."""

    def test_the_date_is_that_of_the_second(self) -> None:
        date = DateLine()
        self.assertEqual(date.at(784111777.9), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")  # RFC 9110 5.6.7
        self.assertEqual(date.at(784111778), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n")
