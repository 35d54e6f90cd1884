"""Delivery status notifications, read back by the parser of the standard library."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.delivery_status import MessageStatus, Original, RecipientStatus, outline, write
from stalwart.codec.mime.composer import compose

MESSAGE = MessageStatus("mail.here.test", 1_795_000_000, "a b")
FAILED = RecipientStatus(
    *("bob@one.test", "failed", "5.1.1", "rfc822;Bob@one.test", "mx.one.test", "550 5.1.1 nobody", 1_795_000_100),
)
DELAYED = RecipientStatus("eve@one.test", "delayed", "4.4.1", will_retry_until=1_795_400_000)


def _fields(data: bytes) -> list[dict[str, str]]:
    """The groups of fields of a status."""
    parser = BytesParser(policy=email.policy.default)
    return [dict(parser.parsebytes(group + b"\r\n").items()) for group in data.split(b"\r\n\r\n")]


class StatusTests(SynchronousTestCase):
    """RFC 3464 2."""

    def test_the_fields(self) -> None:
        message, recipient = _fields(write(MESSAGE, [FAILED]))
        arrival = "Wed, 18 Nov 2026 11:06:40 +0000"
        self.assertEqual(
            message,
            {"Original-Envelope-Id": "a b", "Reporting-MTA": "dns; mail.here.test", "Arrival-Date": arrival},
        )
        self.assertEqual(
            recipient,
            {
                "Original-Recipient": "rfc822; Bob@one.test",
                "Final-Recipient": "rfc822; bob@one.test",
                "Action": "failed",
                "Status": "5.1.1",
                "Remote-MTA": "dns; mx.one.test",
                "Diagnostic-Code": "smtp; 550 5.1.1 nobody",
                "Last-Attempt-Date": "Wed, 18 Nov 2026 11:08:20 +0000",
            },
        )

    def test_several_recipients(self) -> None:
        groups = _fields(write(MESSAGE, [FAILED, DELAYED]))
        self.assertEqual([group.get("Action") for group in groups], [None, "failed", "delayed"])
        self.assertEqual(groups[2]["Will-Retry-Until"], "Mon, 23 Nov 2026 02:13:20 +0000")

    def test_addresses_beyond_ascii_without_and_with_utf8(self) -> None:
        recipient = RecipientStatus("jörg@one.test", "failed", "5.1.1", "utf-8;jörg@one.test")
        plain = write(MESSAGE, [recipient])
        self.assertIn(b"Final-Recipient: utf-8; j\\x{F6}rg@one.test\r\n", plain)
        self.assertIn("Original-Recipient: utf-8; jörg@one.test\r\n".encode(), write(MESSAGE, [recipient], utf8=True))

    def test_a_status_that_is_none(self) -> None:
        for action, status in (("failed", "5.0.0"), ("delayed", "4.0.0"), ("relayed", "2.0.0")):
            self.assertIn(f"Status: {status}\r\n".encode(), write(MESSAGE, [RecipientStatus("a@b", action, "x")]))

    @given(st.text(), st.text(), st.text())
    def test_no_value_adds_a_field_or_a_group(self, address: str, host: str, answer: str) -> None:
        recipient = RecipientStatus(address, "failed", "5.1.1", remote_mta=host, diagnostic=answer)
        data = write(MESSAGE, [recipient])
        self.assertEqual(data.count(b"\r\n\r\n"), 1)
        names = [line.split(b":")[0] for line in data.split(b"\r\n") if line and not line.startswith(b" ")]
        self.assertLessEqual(len(names), 8)
        self.assertTrue(all(name.replace(b"-", b"").isalpha() for name in names), names)

    def test_long_answers_are_folded_and_cut(self) -> None:
        recipient = RecipientStatus("a@b.test", "failed", "5.1.1", diagnostic="no such thing " * 1000)
        data = write(MESSAGE, [recipient])
        self.assertLess(len(data), 1500)
        self.assertLessEqual(max(map(len, data.split(b"\r\n"))), 78)


class OutlineTests(SynchronousTestCase):
    """RFC 6522: the report around it."""

    def parsed(self, original: Original | None, utf8: bool = False) -> EmailMessage:
        """The report as others read it."""
        body = outline("Sorry.\n", MESSAGE, [FAILED], original, utf8=utf8)
        data = b"".join(compose([], body, iter(("b1", "b2"))))
        return cast(EmailMessage, BytesParser(policy=email.policy.default).parsebytes(data))

    def types(self, report: EmailMessage) -> list[str]:
        """The types of its parts."""
        return [part.get_content_type() for part in report.iter_parts()]

    def test_with_the_whole_message(self) -> None:
        report = self.parsed(Original(message=b"Subject: hello\r\n\r\nbody\r\n"))
        self.assertEqual(
            (report.get_content_type(), report.get_param("report-type")), ("multipart/report", "delivery-status")
        )
        self.assertEqual(self.types(report), ["text/plain", "message/delivery-status", "message/rfc822"])
        original = list(report.iter_parts())[2].get_content()
        self.assertEqual((original["Subject"], original.get_content()), ("hello", "body\r\n"))

    def test_with_its_fields_only(self) -> None:
        report = self.parsed(Original(b"Subject: hello\r\n"))
        self.assertEqual(self.types(report)[2], "text/rfc822-headers")
        self.assertEqual(list(report.iter_parts())[2].get_content(), "Subject: hello\r\n")

    def test_without_it(self) -> None:
        self.assertEqual(self.types(self.parsed(None)), ["text/plain", "message/delivery-status"])

    def test_beyond_ascii(self) -> None:
        report = self.parsed(Original("Subject: Grüße\r\n".encode()), utf8=True)
        self.assertEqual(self.types(report)[1:], ["message/global-delivery-status", "message/global-headers"])
        report = self.parsed(Original(message="Subject: Grüße\r\n\r\nx\r\n".encode()), utf8=True)
        self.assertEqual(self.types(report)[2], "message/global")
