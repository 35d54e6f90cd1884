"""The head of a message as a server that takes it sees it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.message_head import is_whole, read_head

TRACE = b"Received: by a.test; Mon, 1 Jan 2026 00:00:00 +0000\r\n"
REST = b"Subject: x\r\nMessage-ID: <1@a.test>\r\n\r\nReceived: in the body\r\nReturn-Path: <body@a.test>\r\n"
PIECES = st.sampled_from(
    [b"Return-Path: <a@b.test>", b"Received: x", b"\r\n", b" folded", b"\r\n\r\n", b"From x", b"A: b", b"\n", b"", b":"]
)


class HeadTests(SynchronousTestCase):
    """What is kept, and what is counted."""

    def test_an_ordinary_message_is_kept_as_it_is(self) -> None:
        head = read_head(REST)
        self.assertEqual((head.octets, head.received, head.has_fields, head.has_message_id), (REST, 0, True, True))

    def test_fields_of_the_head_are_counted(self) -> None:
        folded = b"received :\r\n from b.test\r\n by c.test\r\nReceived-SPF: pass\r\nX-Received: x\r\n"
        self.assertEqual(read_head(TRACE * 3 + folded + REST).received, 4)

    def test_return_path_is_taken_out(self) -> None:
        for field in (
            b"Return-Path: <a@b.test>\r\n",
            b"return-path:\r\n\t<a@b.test>\r\n x\r\n",
            b"RETURN-PATH : <>\r\n",
        ):
            self.assertEqual(read_head(field + REST).octets, REST)
            self.assertEqual(read_head(TRACE + field + field + REST).octets, TRACE + REST)

    def test_nothing_but_return_paths(self) -> None:
        head = read_head(b"Return-Path: <a@b.test>\r\n\r\nHello\r\n")
        self.assertEqual((head.octets, head.has_fields), (b"\r\nHello\r\n", False))
        self.assertEqual(read_head(b"Return-Path: <a@b.test>\r\n").octets, b"\r\n")

    def test_a_message_that_begins_with_its_body(self) -> None:
        for body in (b"Hello\r\n", b"", b" folded: x\r\n", b"two words: no\r\n", "Grüße: ü\r\n".encode()):
            head = read_head(body)
            self.assertEqual((head.octets, head.has_fields), (b"\r\n" + body, False))

    def test_a_message_without_a_head(self) -> None:
        head = read_head(b"\r\nHello\r\n")
        self.assertEqual((head.octets, head.has_fields), (b"\r\nHello\r\n", False))

    def test_line_of_a_mailbox_file(self) -> None:
        self.assertEqual(read_head(b"From a@b.test Mon Jan  1 00:00:00 2026\r\n" + REST).octets, REST)
        self.assertEqual(read_head(b"From here on it is text\r\n\r\n").octets, b"\r\nFrom here on it is text\r\n\r\n")

    def test_what_is_left_without_a_return_path_is_no_field(self) -> None:
        for text, expected in (
            (b"Return-Path: <x>\r\n folded", b"\r\n folded"),
            (b"Return-Path: <x>\r\nFrom a\r\n" + REST, REST),
            (b"Return-Path: <x>\r\n\r\nText\r\n", b"\r\nText\r\n"),
            (b"Return-Path: <x>\r\n", b"\r\n"),
        ):
            self.assertEqual(read_head(text).octets, expected)

    def test_message_ids(self) -> None:
        for text, expected in (
            (b"message-id : <a@b>", True),
            (b"Message-ID:\r\n <a@b>", True),
            (b"Message-ID: ", False),
        ):
            self.assertEqual(read_head(b"A: b\r\n" + text + b"\r\n\r\n").has_message_id, expected)
        self.assertFalse(read_head(b"A: b\r\n\r\nMessage-ID: <a@b>\r\n").has_message_id)

    @given(st.lists(PIECES, max_size=30).map(b"".join))
    def test_any_octets(self, octets: bytes) -> None:
        head = read_head(octets)
        self.assertTrue(head.has_fields or head.octets.startswith(b"\r\n"))
        self.assertLessEqual(len(head.octets), len(octets) + 2)
        self.assertEqual(read_head(head.octets).octets, head.octets)

    def test_results_in_our_own_name(self) -> None:
        """RFC 8601 5, whatever they look like."""
        for value in (
            *(
                " mx.a.test; none",
                "mx.a.test;",
                " MX.A.Test 1; x",
                '"mx.a.test"; x',
                ' "mx\\.a.test"; x',
                " mx.a.test.; x",
            ),
            *(
                "\r\n\tmx.a.test;\r\n x",
                " (y) mx.a.test (z); x",
                " (a (b) \\( c)mx.a.test;",
                " ;",
                "",
                " (open mx.a.test;",
            ),
        ):
            field = f"AUTHENTICATION-results: {value}\r\n".encode()
            head = read_head(TRACE + field + REST, authserv_id="mx.A.test")
            self.assertEqual(head.octets, TRACE + REST, value)
        others = b"Authentication-Results: mx.a.test.b.test; x\r\nX-Authentication-Results: mx.a.test; x\r\n" + REST
        self.assertEqual(read_head(others, authserv_id="mx.a.test").octets, others)

    def test_blind_copies(self) -> None:
        octets = b"Bcc: a@b,\r\n c@d\r\nX-Bcc: e\r\nResent-BCC:\r\n" + REST
        self.assertEqual(read_head(octets, without_bcc=True).octets, b"X-Bcc: e\r\n" + REST)
        self.assertEqual(read_head(octets).octets, octets)

    def test_date(self) -> None:
        self.assertTrue(read_head(b"date: x\r\n\r\n").has_date)
        self.assertFalse(read_head(b"X: y\r\n\r\nDate: x\r\n").has_date)

    def test_whether_it_is_whole(self) -> None:
        for octets, expected in {
            b"A: b\r\n": False,
            b"A: b\r\n\r\n": True,
            b"text": True,
            b"": False,
            b"\r\nx": True,
        }.items():
            self.assertEqual(is_whole(octets), expected, octets)
