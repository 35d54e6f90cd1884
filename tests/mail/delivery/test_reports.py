"""Reports as messages, read by the parser of the standard library."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, cast

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery import reports
from stalwart.mail.delivery.content import HeldContent
from stalwart.mail.delivery.reports import Fate, Reported
from stalwart.mail.delivery.shipment import RecipientOutcome
from tests.mail.delivery.sending_world import FiledMessage

NOW = 1_795_000_000
MESSAGE = b"From: jane@here.test\r\nMessage-ID: <one@here.test>\r\nSubject: hello\r\n\r\nbody\r\n"
ABOUT = Reported(
    *("mail.here.test", "MAILER-DAEMON@here.test", "jane@here.test", NOW - 600, HeldContent(MESSAGE)),
    env_id="envelope 1",
)
NOBODY = RecipientOutcome("bob@one.test", "permanent", "5.1.1", "mx.one.test", Reply(550, "5.1.1", ("no such user",)))
FAILED = Fate(NOBODY, "rfc822;Bob@one.test", NOW - 10)


class ReportCase(SynchronousTestCase):
    """Writes a report and reads it."""

    def made(self, work: Any) -> EmailMessage:
        """The report; ``self.parts`` are its parts, ``self.data`` what it is written as."""
        self.data = self.successResultOf(Deferred.fromCoroutine(work))
        report = cast(EmailMessage, BytesParser(policy=email.policy.default).parsebytes(self.data))
        self.parts = list(report.iter_parts())
        self.types = [part.get_content_type() for part in self.parts]
        return report

    def bounce(self, about: Reported = ABOUT, *fates: Fate) -> EmailMessage:
        """A report of failures."""
        return self.made(reports.bounce(about, fates or (FAILED,), NOW))


class BounceTests(ReportCase):
    """What failed."""

    def test_the_header(self) -> None:
        report = self.bounce()
        self.assertEqual(str(report["From"]), "Mail Delivery System <MAILER-DAEMON@here.test>")
        self.assertEqual(str(report["To"]), "jane@here.test")
        self.assertEqual(str(report["Date"]), "Wed, 18 Nov 2026 11:06:40 +0000")
        self.assertEqual(str(report["Auto-Submitted"]), "auto-replied")
        self.assertEqual(str(report["In-Reply-To"]), "<one@here.test>")
        self.assertRegex(str(report["Message-ID"]), r"\A<[0-9a-f]{32}@mail\.here\.test>\Z")
        self.assertEqual(report.get_param("report-type"), "delivery-status")

    def test_the_parts(self) -> None:
        self.bounce()
        self.assertEqual(self.types, ["text/plain", "message/delivery-status", "message/rfc822"])
        self.assertIn("no such user", self.parts[0].get_content())
        message, recipient = cast(Any, self.parts[1].get_payload())
        self.assertEqual(
            (message["Original-Envelope-Id"], message["Reporting-MTA"]), ("envelope 1", "dns; mail.here.test")
        )
        self.assertEqual(
            [recipient[name] for name in ("Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code")],
            ["rfc822; bob@one.test", "failed", "5.1.1", "dns; mx.one.test", "smtp; 550 5.1.1 no such user"],
        )
        self.assertEqual(self.parts[2].get_content()["Subject"], "hello")

    def test_what_is_returned(self) -> None:
        large = HeldContent(MESSAGE + b"x" * 100_000)
        huge = HeldContent(MESSAGE + b"x" * (2 << 20))
        for expected, ret, content in (
            ("message/rfc822", None, HeldContent(MESSAGE)),
            ("text/rfc822-headers", "HDRS", HeldContent(MESSAGE)),
            ("text/rfc822-headers", None, large),
            ("message/rfc822", "FULL", large),
            ("text/rfc822-headers", "FULL", huge),
        ):
            self.bounce(evolve(ABOUT, content=content, ret=ret))
            self.assertEqual(self.types[2], expected, (ret, content.size))
        self.assertNotIn(b"xxxx", self.data)

    def test_a_message_that_is_gone(self) -> None:
        self.bounce(evolve(ABOUT, content=FiledMessage()))
        self.assertEqual(self.types, ["text/plain", "message/delivery-status"])
        self.bounce(evolve(ABOUT, content=HeldContent(b"")))
        self.assertEqual(len(self.parts), 2)

    def test_a_header_without_end_is_cut(self) -> None:
        content = HeldContent(b"X-Line: 1234567890\r\n" * 20_000)
        self.bounce(evolve(ABOUT, content=content, ret="HDRS"))
        self.assertLess(len(self.data), 80_000)
        self.assertTrue(self.parts[2].get_content().endswith("1234567890\r\n"))

    def test_many_recipients(self) -> None:
        fates = [evolve(FAILED, outcome=evolve(NOBODY, address=f"p{each}@one.test")) for each in range(300)]
        self.bounce(ABOUT, *fates)
        self.assertEqual(len(cast(Any, self.parts[1].get_payload())), 301)

    def test_eight_bits_stay_what_they_are(self) -> None:
        content = HeldContent("Subject: x\r\n\r\nGrüße\r\n".encode())
        self.bounce(evolve(ABOUT, content=content))
        self.assertIn("Grüße".encode(), self.data)
        self.assertIn(b"Content-Transfer-Encoding: 8bit", self.data)

    def test_addresses_beyond_ascii(self) -> None:
        fate = Fate(evolve(NOBODY, address="jörg@one.test"))
        report = self.bounce(evolve(ABOUT, return_path="jäne@here.test", smtputf8=True), fate)
        self.assertEqual(self.types[1:], ["message/global-delivery-status", "message/global"])
        self.assertIn("To: jäne@here.test\r\n".encode(), self.data)
        self.assertIn("Final-Recipient: utf-8; jörg@one.test".encode(), self.data)
        self.assertEqual(report.get_content_type(), "multipart/report")

    def test_return_paths_and_ids_that_no_field_can_hold(self) -> None:
        report = self.bounce(evolve(ABOUT, return_path="a b@here.test"))
        self.assertEqual(str(report["To"]), "undisclosed-recipients:;")
        message = b"Message-ID: <" + b"x" * 2000 + b"@here.test>\r\n\r\n"
        self.assertIsNone(self.bounce(evolve(ABOUT, content=HeldContent(message)))["In-Reply-To"])

    def test_no_field_comes_from_outside(self) -> None:
        reply = Reply(550, None, ("x\r\nBcc: eve@evil.test\r\n\r\nx",))
        report = self.bounce(ABOUT, Fate(evolve(NOBODY, reply=reply)))
        self.assertIsNone(report["Bcc"])
        self.assertEqual(len(cast(Any, self.parts[1].get_payload())), 2)


class NoticeTests(ReportCase):
    """What is late, and what has arrived."""

    def test_a_delay(self) -> None:
        outcome = RecipientOutcome("bob@one.test", "temporary", "4.4.1", message="Connection refused")
        report = self.made(reports.delay(ABOUT, [Fate(outcome, None, NOW - 10, NOW + 86400)], NOW))
        self.assertIn("Delayed", str(report["Subject"]))
        self.assertEqual(self.types[2], "text/rfc822-headers")
        recipient = cast(Any, self.parts[1].get_payload())[1]
        self.assertEqual((recipient["Action"], recipient["Status"]), ("delayed", "4.4.1"))
        self.assertEqual(recipient["Will-Retry-Until"], "Thu, 19 Nov 2026 11:06:40 +0000")

    def test_success(self) -> None:
        outcomes = [
            RecipientOutcome("bob@one.test", "delivered", "2.0.0", "mx.one.test"),
            RecipientOutcome("eve@one.test", "delivered", "2.0.0", "mx.one.test", relayed_without_dsn=True),
            RecipientOutcome("al@here.test", "delivered", "2.1.5", ABOUT.hostname, arrived=True),
            RecipientOutcome("lm@here.test", "delivered", "2.1.5", "l.tp", relayed_without_dsn=True, arrived=True),
        ]
        self.made(reports.success(ABOUT, [Fate(each) for each in outcomes], NOW))
        groups = cast(Any, self.parts[1].get_payload())[1:]
        self.assertEqual([group["Action"] for group in groups], ["delivered", "relayed", "delivered", "delivered"])
        self.assertIsNone(groups[2]["Remote-MTA"])
        self.assertEqual(self.types[2], "text/rfc822-headers")
