"""Message disposition notifications (RFC 8098)."""

from __future__ import annotations

from itertools import count
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as some

from stalwart.codec.mdn import Disposition, Notification, is_extension, outline, read, read_report, write
from stalwart.codec.mime.composer import compose
from stalwart.codec.mime.header_forms import Form

SHOWN = Disposition("manual-action", "mdn-sent-manually", "displayed")

# RFC 8098 9
EXAMPLE = b"""Date: Wed, 20 Sep 1995 00:19:00 -0400\r
From: Joe Recipient <Joe_Recipient@example.com>\r
Message-Id: <199509200019.12345@example.com>\r
Subject: Re: First draft of report\r
To: Jane Sender <Jane_Sender@example.org>\r
MIME-Version: 1.0\r
Content-Type: multipart/report;\r
 report-type=disposition-notification;\r
 boundary="RAA14128.773615765/example.com"\r
\r
--RAA14128.773615765/example.com\r
Content-type: text/plain\r
\r
The message sent on 1995 Sep 19 at 13:30:00 (EDT) -0400 to Joe\r
Recipient <Joe_Recipient@example.com> with subject "First draft of\r
report" has been displayed.\r
\r
--RAA14128.773615765/example.com\r
Content-type: message/disposition-notification\r
\r
Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r
Original-Recipient: rfc822;Joe_Recipient@example.com\r
Final-Recipient: rfc822;Joe_Recipient@example.com\r
Original-Message-ID: <199509192301.23456@example.org>\r
Disposition: manual-action/MDN-sent-manually; displayed\r
\r
--RAA14128.773615765/example.com\r
Content-type: message/rfc822\r
\r
[original message optionally goes here]\r
\r
--RAA14128.773615765/example.com--\r
"""


class ReadingTests(TestCase):
    def test_the_example_of_the_rfc(self) -> None:
        report = read_report(EXAMPLE)
        assert report is not None and report.text is not None
        self.assertEqual(
            report.notification,
            Notification(
                SHOWN,
                "rfc822;Joe_Recipient@example.com",
                "rfc822;Joe_Recipient@example.com",
                "<199509192301.23456@example.org>",
                "joes-pc.cs.example.com; Foomail 97.1",
            ),
        )
        self.assertTrue(report.has_original)

    def test_modifiers_errors_and_extensions(self) -> None:
        found = read(
            b"Disposition : Automatic-Action/MDN-sent-automatically;processed/error\r\nError: one\r\nERROR: two\r\n"
            b"X-Further: a\r\n b\r\nFinal-Recipient: rfc822; x@y.test"
        )
        assert found is not None
        self.assertEqual(found.disposition, Disposition("automatic-action", "mdn-sent-automatically", "processed"))
        self.assertEqual(found.errors, ("one", "two"))
        self.assertEqual(found.extensions, {"X-Further": "a b"})
        self.assertEqual(found.final_recipient, "rfc822; x@y.test")

    def test_what_is_none(self) -> None:
        for content in (b"", b"Disposition: displayed", b"Disposition: a/b; c", b"Final-Recipient: rfc822; a@b"):
            self.assertIsNone(read(content), content)
        for message in (
            b"",
            b"Subject: x\r\n\r\ny",
            EXAMPLE.replace(b"multipart/report", b"multipart/mixed"),
            EXAMPLE.replace(b"message/disposition-notification", b"message/delivery-status"),
            EXAMPLE.replace(b"displayed\r\n\r\n--", b"devoured\r\n\r\n--"),
        ):
            self.assertIsNone(read_report(message), message)

    def test_without_the_original(self) -> None:
        report = read_report(EXAMPLE.replace(b"message/rfc822", b"text/rfc822-headers"))
        self.assertFalse(report is None or report.has_original)

    @given(some.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        read(octets)
        read_report(EXAMPLE[:300] + octets)


class WritingTests(TestCase):
    def test_there_and_back(self) -> None:
        given = Notification(
            SHOWN, "rfc822; a@b.test", None, "<1@c.test>", "stalwart", "dns; d.test", ("e1", "e2"), {"X-A": "b"}
        )
        self.assertEqual(read(write(given)), given)

    def test_no_value_makes_a_line(self) -> None:
        written = write(Notification(SHOWN, "rfc822; a@b\r\nX: y", errors=("a\nb",)))
        self.assertEqual(written.count(b"\r\n"), 3)
        self.assertEqual(written.count(b"\n"), 3)

    def test_names_of_extensions(self) -> None:
        self.assertTrue(is_extension("X-Shoe-Size"))
        for name in ("", "a b", "a:b", "Disposition", "final-recipient", "x\r\ny", "ä", "x" * 77):
            self.assertFalse(is_extension(name), name)

    def message(self, notification: Notification, original: bytes | None) -> bytes:
        contents = None if original is None else lambda: (original,)
        body = outline("Er hat es gelesen: ä\n", write(notification), contents)
        fields = [("Subject", Form.TEXT, "Read")]
        return b"".join(compose(fields, body, (f"b{n}" for n in count())))

    def test_as_a_message(self) -> None:
        given = Notification(SHOWN, "rfc822; a@b.test")
        message = self.message(given, b"Subject: x\r\n\r\ny\r\n")
        self.assertIn(b"report-type=disposition-notification", message)
        report = read_report(message)
        assert report is not None and report.text is not None
        self.assertEqual((report.notification, report.has_original), (given, True))
        self.assertEqual(report.text.type, "text/plain")

    def test_addresses_beyond_ascii(self) -> None:
        given = Notification(SHOWN, "utf-8; zoë@b.test")
        message = self.message(given, None)
        self.assertIn(b"message/global-disposition-notification", message)
        report = read_report(message)
        assert report is not None
        self.assertEqual((report.notification, report.has_original), (given, False))
