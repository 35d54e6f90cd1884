"""Lines of commands: only CRLF ends one, and a long one costs no memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.command_lines import LONGEST_LINE, CommandLines
from stalwart.codec.smtp.replies import LINE_END, LINE_TOO_LONG
from stalwart.codec.smtp_reply import Reply


def cut(*chunks: bytes) -> list[bytes | Reply]:
    lines, found = CommandLines(), []
    for chunk in chunks:
        lines.feed(chunk)
        while (line := lines.next()) is not None:
            found.append(line)
    return found


class LineTests(SynchronousTestCase):
    def test_lines(self) -> None:
        self.assertEqual(cut(b"NOOP\r\n\r\nQU", b"IT\r", b"\n"), [b"NOOP", b"", b"QUIT"])

    def test_other_line_ends_are_answered(self) -> None:
        for line in (b"NOOP\n", b"\n", b"NO\rOP\r\n", b"NOOP\r\r\n"):
            self.assertEqual(cut(line), [LINE_END], line)

    def test_the_longest_line(self) -> None:
        self.assertEqual(cut(b"a" * (LONGEST_LINE - 2) + b"\r\n"), [b"a" * (LONGEST_LINE - 2)])
        self.assertEqual(cut(b"a" * (LONGEST_LINE - 1) + b"\r\nNOOP\r\n"), [LINE_TOO_LONG, b"NOOP"])

    def test_of_a_long_line_nothing_is_kept(self) -> None:
        lines = CommandLines()
        for _ in range(1000):
            lines.feed(b"a" * 1000)
            self.assertIsNone(lines.next())
            self.assertLessEqual(lines.pending, LONGEST_LINE)
        lines.feed(b"a\r\nNOOP\r\n")
        self.assertEqual([lines.next(), lines.next(), lines.next()], [LINE_TOO_LONG, b"NOOP", None])

    def test_octets_are_taken(self) -> None:
        lines = CommandLines()
        lines.feed(b"BDAT 3\r\nabcNOOP\r\n")
        self.assertEqual(lines.next(), b"BDAT 3")
        self.assertEqual((lines.take(3), lines.pending), (b"abc", 6))
        self.assertEqual(lines.next(), b"NOOP")
        lines.feed(b"rest")
        self.assertEqual((lines.take(), lines.take(), lines.pending), (b"rest", b"", 0))
        lines.feed(b"gone")
        lines.clear()
        self.assertEqual(lines.pending, 0)

    @given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"b" * LONGEST_LINE]), max_size=30))
    def test_any_cut_gives_the_same(self, pieces: list[bytes]) -> None:
        whole = b"".join(pieces)
        self.assertEqual(cut(*pieces), cut(whole))
        self.assertEqual(len(cut(whole)), whole.count(b"\n"))
