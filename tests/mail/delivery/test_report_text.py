"""What people read."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery.report_text import MOST_LISTED, Told, bounce_text, delay_text, success_text
from stalwart.mail.delivery.shipment import RecipientOutcome

NOBODY = RecipientOutcome("bob@one.test", "permanent", "5.1.1", "mx.one.test", Reply(550, "5.1.1", ("no such user",)))
REFUSED = RecipientOutcome(
    "eve@two.test", "temporary", "4.4.1", "mx.two.test", error_type="connectionError", message="Connection refused"
)
NOW = 1_795_000_000


class TextTests(SynchronousTestCase):
    """Plain words, short lines."""

    def test_a_failure_names_the_address_the_meaning_and_the_words_of_the_host(self) -> None:
        text = bounce_text("mail.here.test", [Told(NOBODY)], is_whole=True)
        for expected in (
            "could not be delivered to this address",
            "\n  bob@one.test\n    There is no such mailbox.",
            "mx.one.test said: 550 5.1.1 no such user\n",
            "Your message is attached",
        ):
            self.assertIn(expected, text)

    def test_several_failures(self) -> None:
        text = bounce_text("mail.here.test", [Told(NOBODY), Told(REFUSED)], is_whole=False)
        for expected in ("these addresses", "eve@two.test", "Connection refused (mx.two.test)", "The header of your"):
            self.assertIn(expected, text)

    def test_a_delay_says_how_long_and_until_when(self) -> None:
        text = delay_text("mail.here.test", [Told(REFUSED, NOW + 86400)], NOW - 7200, NOW)
        self.assertIn("waiting for 2 hours", text)
        self.assertIn("until 19 November 2026, 11:06 UTC", text.replace("\n", " "))
        self.assertIn("You need not send it again", text)

    def test_spans(self) -> None:
        for seconds, expected in ((5, "a moment"), (60, "1 minute"), (7199, "1 hour"), (200_000, "2 days")):
            self.assertIn(f"for {expected},", delay_text("h", [], NOW - seconds, NOW))

    def test_success(self) -> None:
        delivered = RecipientOutcome("bob@one.test", "delivered", "2.0.0", "mx.one.test")
        relayed = RecipientOutcome("eve@two.test", "delivered", "2.0.0", "mx.two.test", relayed_without_dsn=True)
        arrived = evolve(relayed, address="lm@here.test", arrived=True)
        text = success_text("mail.here.test", [Told(delivered), Told(relayed), Told(arrived)])
        self.assertIn("lm@here.test: the message was delivered.", text)
        self.assertIn("bob@one.test: the message was delivered.", text)
        self.assertIn("handed over to mx.two.test", text)

    def test_long_answers_and_long_lists_are_cut(self) -> None:
        reply = Reply(550, None, tuple(["spam and eggs"] * 500))
        told = [Told(RecipientOutcome(f"p{each}@x.test", "permanent", "5.0.0", "mx", reply)) for each in range(500)]
        text = bounce_text("mail.here.test", told, is_whole=True)
        self.assertIn(f"and {500 - MOST_LISTED} more", text)
        self.assertLess(len(text), 100_000)
        self.assertLessEqual(max(map(len, text.split("\n"))), 76)
