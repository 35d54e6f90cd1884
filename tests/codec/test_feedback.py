"""What reports say of messages that were sent."""

from __future__ import annotations

from itertools import count
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as some

from stalwart.codec.delivery_status import MessageStatus, Original, RecipientStatus, outline
from stalwart.codec.feedback import Feedback, feedback_of, identifier, message_id_of
from stalwart.codec.mime import scanner
from stalwart.codec.mime.composer import compose
from tests.codec.test_mdn import EXAMPLE

ORIGINAL = Original(b"From: a@here.test\r\nMessage-ID: <1@here.test>\r\nSubject: x\r\n")
FAILED = RecipientStatus("box@two.test", "failed", "5.1.1", "rfc822;Bob@one.test")
RELAYED = RecipientStatus("eve@one.test", "relayed", "2.0.0")


def report(*recipients: RecipientStatus, env_id: str | None = None, original: Original | None = ORIGINAL) -> bytes:
    """A delivery report."""
    utf8 = any(not each.final.isascii() for each in recipients)
    body = outline("Text.", MessageStatus("mx.test", 1, env_id), recipients, original, utf8=utf8)
    return b"".join(compose([], body, (f"=_{number}" for number in count())))


def read(data: bytes) -> Feedback | None:
    return feedback_of(data, scanner.scan(data))


class FeedbackTests(TestCase):
    def test_of_delivery(self) -> None:
        found = read(report(FAILED, RELAYED, env_id="abc+d"))
        assert found is not None
        self.assertEqual((found.kind, found.env_id, found.message_id), ("dsn", "abc+d", "1@here.test"))
        expected = ((frozenset({"bob@one.test", "box@two.test"}), "failed"), (frozenset({"eve@one.test"}), "relayed"))
        self.assertEqual(found.recipients, expected)

    def test_the_whole_original(self) -> None:
        original = Original(message=b"Message-ID: <2@here.test>\r\n\r\nMessage-ID: <3@here.test>\r\n")
        found = read(report(FAILED, original=original))
        assert found is not None
        self.assertEqual((found.env_id, found.message_id), (None, "2@here.test"))

    def test_addresses_beyond_ascii(self) -> None:
        found = read(report(RecipientStatus("jörg@one.test", "delivered", "2.0.0")))
        assert found is not None
        self.assertIn("jörg@one.test", found.recipients[0][0])
        data = report(FAILED).replace(b"rfc822; box@two.test", rb"utf-8; j\x{F6}rg@one.test")
        found = read(data)
        assert found is not None
        self.assertIn("jörg@one.test", found.recipients[0][0])

    def test_of_display(self) -> None:
        found = read(EXAMPLE)
        recipients = ((frozenset({"joe_recipient@example.com"}), "displayed"),)
        self.assertEqual(found, Feedback("mdn", None, "199509192301.23456@example.org", recipients))

    def test_nothing(self) -> None:
        for data in (
            b"Subject: x\r\n\r\nText",
            report(FAILED, original=None),
            report(FAILED).replace(b"multipart/report", b"multipart/mixed"),
            EXAMPLE.replace(b"Disposition:", b"X:"),
        ):
            self.assertIsNone(read(data))

    def test_what_is_not_said_of_a_recipient(self) -> None:
        found = read(report(FAILED, RELAYED).replace(b"Action: failed", b"Action: exploded"))
        assert found is not None
        self.assertEqual([action for _, action in found.recipients], ["relayed"])

    def test_identifiers(self) -> None:
        self.assertEqual(identifier(" <a@b> <c@d>"), "a@b")
        self.assertIsNone(identifier("nothing here"))
        self.assertIsNone(message_id_of(b"Subject: x\r\n\r\nMessage-ID: <a@b>\r\n"))

    @given(some.binary(max_size=300), some.integers(0, 400))
    def test_anything_can_be_read(self, junk: bytes, at: int) -> None:
        for whole in (report(FAILED, RELAYED), EXAMPLE):
            read(whole[:at] + junk + whole[at:])
