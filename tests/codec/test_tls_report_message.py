"""Our reports as messages: what RFC 8460 5.3 asks for, and nothing that anybody can inject."""

from __future__ import annotations

import email
import email.policy
import gzip

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.codec.mime.scanner import scan
from stalwart.codec.tls_report_message import Envelope, file_name, report_message

ENVELOPE = Envelope(
    domain="example.org",
    submitter="mail.example.test",
    from_name="Report Subsystem",
    from_address="noreply-tls@example.test",
    to=("tls@example.org", "more@example.net"),
    report_id="20270113.abc@mail.example.test",
    begin=1799798400,
    end=1799884799,
    date="Thu, 14 Jan 2027 01:00:00 +0000",
    boundary="b0undary",
)
PACKED = gzip.compress(b"{}" * 500, mtime=0)


class MessageTests(SynchronousTestCase):
    def test_the_message(self) -> None:
        data = report_message(ENVELOPE, PACKED)
        message = email.message_from_bytes(data, policy=email.policy.default)
        for name, value in {
            "From": "Report Subsystem <noreply-tls@example.test>",
            "To": "tls@example.org, more@example.net",
            "TLS-Report-Domain": "example.org",
            "TLS-Report-Submitter": "mail.example.test",
            "Message-ID": "<20270113.abc@mail.example.test>",
            "Auto-Submitted": "auto-generated",
        }.items():
            self.assertEqual(message[name], value)
        subject = "Report Domain: example.org Submitter: mail.example.test Report-ID: <20270113.abc@mail.example.test>"
        self.assertEqual(" ".join(message["Subject"].split()), subject)
        self.assertEqual(message.get_content_type(), "multipart/report")
        self.assertEqual(message.get_param("report-type"), "tlsrpt")
        text, report = message.iter_parts()
        self.assertIn("example.org", text.get_content())
        self.assertEqual(report.get_content_type(), "application/tlsrpt+gzip")
        self.assertEqual(
            report.get_filename(), "mail.example.test!example.org!1799798400!1799884799!20270113.abc.json.gz"
        )
        self.assertEqual(report.get_content(), PACKED)
        self.assertEqual([part.type for part in scan(data).parts], ["text/plain", "application/tlsrpt+gzip"])
        self.assertLess(max(map(len, data.split(b"\r\n"))), 200)
        self.assertEqual(data.count(b"\n"), data.count(b"\r\n"))

    def test_names_of_files_are_plain(self) -> None:
        odd = evolve(ENVELOPE, report_id='a/b"c\r\n@x')
        self.assertTrue(file_name(odd).endswith("!a-b-c--.json.gz"))

    def test_addresses_that_are_none(self) -> None:
        for address in ("a@b.test>\r\nBcc: c@d.test", "a, b@c.test"):
            self.assertRaises(InvalidValue, report_message, evolve(ENVELOPE, to=(address,)), PACKED)
            self.assertRaises(InvalidValue, report_message, evolve(ENVELOPE, from_address=address), PACKED)
