"""The declaration of Email."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.email.data_type import EMAIL, HeaderTest, is_header_property
from stalwart.jmap.mail.capability import EMAIL_SORTS
from stalwart.jmap.standard.scalars import Unfit


class EmailTypeTests(SynchronousTestCase):
    """RFC 8621 4.2, 4.4.2."""

    def test_what_is_shown_by_default(self) -> None:
        wanted = """blobId threadId mailboxIds keywords size receivedAt messageId inReplyTo references sender from to cc
            bcc replyTo subject sentAt hasAttachment preview bodyValues textBody htmlBody attachments"""
        self.assertEqual(EMAIL.default_names(()), wanted.split())

    def test_the_sorts_are_those_that_are_announced(self) -> None:
        self.assertEqual(set(EMAIL.sorts), set(EMAIL_SORTS))

    def test_header_properties(self) -> None:
        for name in ("header:Subject", "header:from:asAddresses", "header:X-Y:asDate:all", "header:X:all"):
            self.assertTrue(is_header_property(name), name)
        for name in ("header:", "headers", "header:a b", "header:Subject:asDate", "header:X:asXml", "header:X:all:all"):
            self.assertFalse(is_header_property(name), name)

    def test_the_condition_header(self) -> None:
        self.assertEqual(HeaderTest().read(["X", "y"]), ["X", "y"])
        for value in ("X", [], ["X", "y", "z"], [""], [1], ["X", None], None):
            self.assertRaises(Unfit, HeaderTest().read, value)
