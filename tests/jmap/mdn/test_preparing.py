"""Notifications ready to be sent; see also ``test_send``."""

from __future__ import annotations

from stalwart.jmap.mdn.preparing import SENT, Preparing, already_sent
from tests.jmap.mdn.test_send import ASKING, SHOWN
from tests.jmap.submission.sending_case import SendingCase, message


class PreparingTests(SendingCase):
    def test_nothing_is_written_yet(self) -> None:
        email = self.email(message(*ASKING))
        identity = {"name": "Alice", "email": "alice@example.test"}
        departure = self.sending.departure(0)
        preparing = Preparing(self.request, self.alice, identity, self.sending, departure, self.settings)
        prepared = self.settle(preparing.prepared({"forEmailId": email, "disposition": SHOWN}))
        self.assertEqual(prepared.told["finalRecipient"], "rfc822; alice@example.test")
        self.assertEqual(prepared.ready.envelope.emails, ("joe@elsewhere.test",))
        self.assertFalse(prepared.ready.is_utf8_header or prepared.ready.is_8bit)
        self.assertFalse(self.queue.letters)

    def test_names(self) -> None:
        self.assertEqual((SENT, already_sent().type), ("$mdnsent", "mdnAlreadySent"))
