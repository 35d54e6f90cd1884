"""Replies: their form, and that no text can forge another one."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.replies import encode, reply
from stalwart.codec.smtp_reply import Reply, ReplyParser


class EncodingTests(SynchronousTestCase):
    def test_one_line(self) -> None:
        self.assertEqual(encode(reply(250, "2.1.0", "Fine")), b"250 2.1.0 Fine\r\n")
        self.assertEqual(encode(reply(354, None, "Go on")), b"354 Go on\r\n")
        self.assertEqual(encode(reply(250, "2.0.0")), b"250 2.0.0 \r\n")

    def test_each_line_has_the_codes(self) -> None:
        self.assertEqual(encode(reply(550, "5.7.1", "No", "Really")), b"550-5.7.1 No\r\n550 5.7.1 Really\r\n")
        self.assertEqual(encode(reply(250, None, "a", "b", "c")), b"250-a\r\n250-b\r\n250 c\r\n")

    def test_only_ascii(self) -> None:
        self.assertEqual(encode(reply(550, "5.1.1", "jané")), b"550 5.1.1 jan?\r\n")

    @given(st.integers(200, 599), st.lists(st.text(max_size=2000), max_size=4))
    def test_any_text_makes_one_reply_of_short_lines(self, code: int, texts: list[str]) -> None:
        sent = encode(Reply(code, f"{code // 100}.0.0", tuple(texts)))
        lines = sent.split(b"\r\n")
        self.assertEqual(lines.pop(), b"")
        self.assertLessEqual(max(map(len, lines)), 510)  # RFC 5321 4.5.3.1.5
        parser = ReplyParser()
        found = [parser.feed(line) for line in lines[:90]]
        if len(lines) <= 20:
            self.assertEqual([each is not None for each in found], [False] * (len(lines) - 1) + [True])
        self.assertIsNone(re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\xff]", sent))

    def test_classes_agree(self) -> None:
        """RFC 3463 3: the class of the enhanced code is that of the reply; none in 3yz."""
        for name, each in vars(replies).items():
            if isinstance(each, Reply):
                expected = str(each.code)[0] if each.code // 100 != 3 else None
                self.assertEqual(each.enhanced and each.enhanced[0], expected, name)
