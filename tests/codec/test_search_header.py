"""Header fields: what the index has of them, and whether one has a text."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.headers import fields
from stalwart.codec.search_header import OVERFLOW, Header, header_words, name_word, narrowing
from stalwart.codec.search_terms import question

HEADER = (
    b"Received: from mx3.example.org (mx3.example.org [192.0.2.1])\r\n\tby mail.example.com; Fri, 20 Nov 2026\r\n"
    b"DKIM-Signature: v=1; b=AbCdEf0123\r\n"
    b"List-Id: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <gruesse.example.org>\r\n"
    b"X-Note: \xe6\x9d\xb1\r\n"
    b"X-Other: \xe4\xba\xac\r\n"
    b"Message-ID: <One.Two@Example.org>\r\n"
    b"References: <a@x>\r\n <b@x> <c@x>\r\n"
    b"X-Empty:\r\n"
)
FIELDS = fields(HEADER, 0, len(HEADER))


def has(name: str, text: str | None = None) -> bool:
    return Header(HEADER, FIELDS).has(name, text, question(text or ""))


class HeaderTests(SynchronousTestCase):
    def test_a_field_is_there(self) -> None:
        for name in ("list-id", "LIST-ID", "X-Empty", "received"):
            self.assertTrue(has(name), name)
        self.assertFalse(has("List"))
        self.assertFalse(has("X-None"))

    def test_a_field_has_a_text(self) -> None:
        for name, text in (
            ("List-Id", "grüße"),
            ("List-Id", "gruesse.example.org"),
            ("Received", "mx3.example.org"),
            ("Received", '"by mail.example.com"'),
            ("X-Note", "東"),
            ("X-Empty", ""),
        ):
            self.assertTrue(has(name, text), (name, text))
        for name, text in (("List-Id", "mx3"), ("Received", "mx33"), ("X-None", "x"), ("X-Note", "東京")):
            self.assertFalse(has(name, text), (name, text))

    def test_one_header_is_asked_several_times(self) -> None:
        header = Header(HEADER + b"x-note: two\r\n", fields(HEADER + b"x-note: two\r\n", 0, len(HEADER) + 13))
        for _ in range(2):
            self.assertTrue(header.has("X-Note", "東", question("東")))
            self.assertTrue(header.has("X-NOTE", "two", question("two")))
            self.assertFalse(header.has("X-Note", "two 東", question("two 東")))
            self.assertFalse(header.has("X-Other", "two", question("two")))

    def test_message_ids_are_compared_as_a_whole(self) -> None:
        for name, text in (
            ("Message-ID", "one.two@example.org"),
            ("message-id", " <One.Two@Example.org> "),
            ("References", "b@x"),
            ("References", "<c@x>"),
        ):
            self.assertTrue(has(name, text), (name, text))
        for name, text in (("Message-ID", "two@example.org"), ("References", "x"), ("In-Reply-To", "a@x")):
            self.assertFalse(has(name, text), (name, text))

    def test_words_of_the_index(self) -> None:
        words = header_words(HEADER, FIELDS).split(" ")
        self.assertEqual(len(words), len(set(words)))
        for word in (name_word("X-EMPTY"), name_word("dkim-signature"), "grusse", "gruesse", "東", "京", "mail", "two"):
            self.assertIn(word, words)
        for word in ("mx3", "192", "abcdef0123", OVERFLOW, "東京", "\ue000"):
            self.assertNotIn(word, words)

    def test_words_narrow_down_what_the_index_has(self) -> None:
        words = set(header_words(HEADER, FIELDS).split(" "))
        for name, text in (
            ("Received", "mx3.example.org"),
            ("List-Id", "grüße"),
            ("Message-ID", "one.two@example.org"),
        ):
            for unit in question(text):
                self.assertLessEqual(set(narrowing(name, unit[0].words)), words)

    def test_names_are_apart(self) -> None:
        names = ("list-id", "listid", "list.id", "list_id", "x", "X")
        self.assertEqual(len({name_word(name) for name in names}), 5)
        self.assertEqual(name_word("ü" * 300 + "-"), name_word("Ü" * 300))

    def test_a_header_with_too_much_says_so(self) -> None:
        for data in (
            b"".join(b"N%d: x\r\n" % number for number in range(600)),
            b"A: " + b"".join(b"w%d " % number for number in range(3000)) + b"\r\n",
            b"A: " + b"x" * 70_000 + b"\r\n",
        ):
            words = header_words(data, fields(data, 0, len(data))).split(" ")
            self.assertIn(OVERFLOW, words)
            self.assertLess(len(words), 2600)
