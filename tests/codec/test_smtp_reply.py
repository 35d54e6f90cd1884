"""Replies put together from lines, and what an EHLO reply offers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Capabilities, MalformedReply, Reply, ReplyParser, readable


def parse(*lines: bytes) -> Reply:
    """The one reply that the lines are."""
    parser = ReplyParser()
    *first, last = lines
    for line in first:
        assert parser.feed(line) is None
    reply = parser.feed(last)
    assert reply is not None
    return reply


class Replies(SynchronousTestCase):
    def test_single_line(self) -> None:
        self.assertEqual(parse(b"250 ok"), Reply(250, None, ("ok",)))

    def test_several_lines(self) -> None:
        reply = parse(b"250-one", b"250-two", b"250 three")
        self.assertEqual((reply.lines, reply.text), (("one", "two", "three"), "one two three"))

    def test_code_without_text(self) -> None:
        self.assertEqual(parse(b"250"), Reply(250, None, ("",)))

    def test_enhanced_code(self) -> None:
        self.assertEqual(parse(b"550 5.1.1 nobody"), Reply(550, "5.1.1", ("nobody",)))

    def test_enhanced_code_on_each_line(self) -> None:
        self.assertEqual(parse(b"550-5.1.1 no", b"550 5.1.1 body"), Reply(550, "5.1.1", ("no", "body")))

    def test_enhanced_code_alone(self) -> None:
        self.assertEqual(parse(b"250 2.0.0"), Reply(250, "2.0.0", ("",)))

    def test_enhanced_code_of_another_class_is_text(self) -> None:
        self.assertEqual(parse(b"550 2.1.1 odd"), Reply(550, None, ("2.1.1 odd",)))

    def test_version_number_is_no_enhanced_code(self) -> None:
        self.assertIsNone(parse(b"220 2.10 server").enhanced)

    def test_classes(self) -> None:
        found = [(Reply(code).positive, Reply(code).permanent) for code in (250, 354, 421, 550)]
        self.assertEqual(found, [(True, False), (False, False), (False, False), (False, True)])

    def test_description(self) -> None:
        self.assertEqual(
            parse(b"554 5.7.1 mx.test takes no mail").describe(),
            "Code: 554, Enhanced code: 5.7.1, Message: mx.test takes no mail",
        )

    def test_description_without_enhanced_code(self) -> None:
        self.assertEqual(parse(b"502 no").describe(), "Code: 502, Enhanced code: 0.0.0, Message: no")

    def test_parser_is_used_again(self) -> None:
        parser = ReplyParser()
        parser.feed(b"250-5.5.5 one")
        parser.feed(b"250 two")
        self.assertFalse(parser.pending)
        self.assertEqual(parser.feed(b"550 no"), Reply(550, None, ("no",)))

    def test_controls_and_bad_utf8_do_not_get_through(self) -> None:
        self.assertEqual(readable(b"a\x1b[2J\x00\xff\tj\xc3\xb6"), "a\ufffd[2J\ufffd\ufffd\tjö")


class Malformed(SynchronousTestCase):
    def assert_malformed(self, *lines: bytes) -> None:
        parser = ReplyParser()
        with self.assertRaises(MalformedReply):
            for line in lines:
                parser.feed(line)

    def test_no_code(self) -> None:
        self.assert_malformed(b"hello")

    def test_empty_line(self) -> None:
        self.assert_malformed(b"")

    def test_code_out_of_range(self) -> None:
        self.assert_malformed(b"199 x")

    def test_no_separator(self) -> None:
        self.assert_malformed(b"250ok")

    def test_four_digits(self) -> None:
        self.assert_malformed(b"2500 ok")

    def test_code_changes(self) -> None:
        self.assert_malformed(b"250-a", b"251 b")

    def test_long_line(self) -> None:
        self.assert_malformed(b"250 " + b"x" * 3000)

    def test_many_lines(self) -> None:
        self.assert_malformed(*[b"250-x"] * 101)

    def test_large_reply(self) -> None:
        self.assert_malformed(*[b"250-" + b"x" * 1000] * 9)

    @given(st.lists(st.binary(max_size=40), max_size=10))
    def test_nothing_but_malformed_reply_is_raised(self, lines: list[bytes]) -> None:
        parser = ReplyParser()
        try:
            for line in lines:
                parser.feed(line)
        except MalformedReply as problem:
            self.assertTrue(str(problem))

    @given(
        st.integers(200, 599),
        st.lists(st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=30), min_size=1, max_size=9),
    )
    def test_text_survives(self, code: int, texts: list[str]) -> None:
        lines = [f"{code}-{text}".encode() for text in texts[:-1]] + [f"{code} {texts[-1]}".encode()]
        reply = parse(*lines)
        self.assertEqual((reply.code, len(reply.lines)), (code, len(texts)))
        if reply.enhanced is None:
            self.assertEqual(reply.lines, tuple(texts))


class Offers(SynchronousTestCase):
    def offers(self, *keywords: str) -> Capabilities:
        return Capabilities.from_reply(Reply(250, None, ("mx.test greets you", *keywords)))

    def test_host_and_keywords(self) -> None:
        found = self.offers("SIZE 10", "PIPELINING")
        self.assertEqual((found.host, found.keywords), ("mx.test", ("SIZE 10", "PIPELINING")))

    def test_keywords_have_no_case(self) -> None:
        self.assertTrue(self.offers("starttls").starttls)

    def test_keyword_is_a_whole_word(self) -> None:
        self.assertFalse(self.offers("STARTTLSX").starttls)

    def test_greeting_is_no_keyword(self) -> None:
        self.assertFalse(Capabilities.from_reply(Reply(250, None, ("STARTTLS",))).starttls)

    def test_size(self) -> None:
        self.assertEqual(self.offers("SIZE 10000000").size, 10000000)

    def test_size_without_number(self) -> None:
        self.assertEqual(self.offers("SIZE").size, 0)

    def test_size_that_is_no_number(self) -> None:
        self.assertIsNone(self.offers("SIZE big").size)

    def test_no_size(self) -> None:
        self.assertIsNone(self.offers().size)

    def test_parameters(self) -> None:
        self.assertEqual(self.offers("AUTH PLAIN LOGIN").parameters("auth"), ("PLAIN", "LOGIN"))

    def test_extensions(self) -> None:
        found = self.offers(
            "PIPELINING", "8BITMIME", "SMTPUTF8", "REQUIRETLS", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES"
        )
        self.assertTrue(found.pipelining and found.eightbitmime and found.smtputf8 and found.requiretls)
        self.assertTrue(found.chunking and found.dsn and found.enhanced_status_codes)

    def test_nothing(self) -> None:
        self.assertEqual(Capabilities.from_reply(Reply(250, None, ())), Capabilities())

    def test_of_two_lines_with_one_keyword_the_first_counts(self) -> None:
        self.assertEqual(self.offers("SIZE 5", "size 7").size, 5)
