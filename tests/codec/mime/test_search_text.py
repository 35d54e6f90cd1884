"""What is searched."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import search_text
from stalwart.codec.mime.body_lists import body_lists
from stalwart.codec.mime.headers import fields
from stalwart.codec.mime.scanner import scan
from stalwart.codec.mime.search_text import SearchText
from tests.codec.mime.corpus import HTML, TEXT, attached, lines, multipart, part


def words(data: bytes) -> SearchText:
    """Of a message."""
    root = scan(data)
    return search_text.search_text(data, root, fields(data, root.header_begin, root.header_end), body_lists(root))


class SearchTextTests(SynchronousTestCase):
    def test_fields(self) -> None:
        data = lines(
            'From: "=?utf-8?q?J=C3=BCrgen?=" <j@x>',
            "To: A <a@x>, Friends: b@x;",
            "Cc: c@x",
            "Bcc: d@x",
            "Subject: x=?utf-8?q?gr=C3=BCn?=",
        ) + multipart("mixed", TEXT, attached("application/pdf", "report.pdf"))
        found = words(data)
        self.assertEqual(found.sender, "Jürgen j@x")
        self.assertEqual(found.to, "A a@x\nFriends\nb@x")
        self.assertEqual((found.cc, found.bcc, found.subject), ("c@x", "d@x", "xgrün"))
        self.assertEqual((found.body, found.names), ("plain words", "report.pdf"))

    def test_html_counts_where_there_is_no_text(self) -> None:
        self.assertEqual(words(HTML).body, "html words")
        self.assertEqual(words(multipart("alternative", TEXT, HTML)).body, "plain words")
        self.assertEqual(words(multipart("alternative", part("text/plain", b""), HTML)).body.strip(), "html words")

    def test_texts_that_are_attached_are_searched(self) -> None:
        self.assertEqual(
            words(multipart("mixed", TEXT, attached("text/plain", "a.txt", b"more"))).body, "plain words\nmore"
        )

    def test_attached_messages_are_searched(self) -> None:
        inner = lines("Subject: inner") + multipart("mixed", HTML, attached("a/b", "x"), boundary="in")
        found = words(multipart("mixed", TEXT, part("message/rfc822", inner)))
        self.assertEqual(found.body.split("\n"), ["plain words", "inner", "html words"])

    def test_everything_is_bounded(self) -> None:
        data = lines("Subject: " + "a" * 500_000, "To: " + "a@b, " * 100_000) + part("text/plain", b"b" * 500_000)
        found = words(data)
        self.assertLessEqual(len(found.subject), search_text.MOST_FIELD)
        self.assertLessEqual(len(found.to), search_text.MOST_FIELD)
        self.assertEqual(len(found.body), search_text.MOST_BODY)
