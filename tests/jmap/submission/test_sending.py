"""Who may send what to whom; see also ``test_email_submission``."""

from __future__ import annotations

from stalwart.codec.smtp.paths import NULL
from stalwart.jmap.submission.envelope import made_envelope, read_envelope
from stalwart.jmap.submission.sending import Ready
from tests.jmap.submission.sending_case import SendingCase
from tests.mail.post_office import path_of


class LetterTests(SendingCase):
    def test_what_the_queue_gets(self) -> None:
        letter = Ready(made_envelope("alice@example.test", ["b@c.test"]), b"x", False, False).letter(
            self.request, self.alice, 9, "authenticated"
        )
        self.assertEqual((letter.account_id, letter.submission_id, letter.role), (self.alice, 9, "submission"))
        self.assertEqual((letter.body, letter.smtputf8, letter.priority), ("7BIT", False, 0))
        self.assertEqual((letter.hold_until, letter.expires_at, letter.ret), (None, None, None))
        self.assertEqual(letter.recipients[0].notify, frozenset())

    def test_parameters(self) -> None:
        parameters = {"MT-PRIORITY": "-2", "BY": "60;R", "SMTPUTF8": None}
        given = {"mailFrom": {"email": "a@b.test", "parameters": parameters}, "rcptTo": [{"email": "b@c.test"}]}
        letter = Ready(read_envelope(given, 100), b"x", False, True).letter(self.request, 1, None, "authenticated")
        self.assertEqual((letter.priority, letter.expires_at, letter.body), (2, 160, "8BITMIME"))

    def test_checks_alone(self) -> None:
        good = made_envelope("", ["bob@example.test"])
        self.settle(self.sending.check(self.request, self.alice, good, [path_of("alice@example.test")]))
        self.assertIs(good.sender, NULL)
