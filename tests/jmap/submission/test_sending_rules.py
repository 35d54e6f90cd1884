"""Rules of the settings for sending over JMAP."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.email import Email
from stalwart.config.mail.session_stages import MtaStageAuth, MtaStageData, MtaStageMail, MtaStageRcpt
from stalwart.config.mail.throttle import MtaInboundThrottle
from tests.jmap.submission.sending_case import SendingCase

SENDER, RECIPIENTS = "alice@example.test", ["bob@example.test"]


class RulesTests(SendingCase):
    def asked(self, name: str) -> Any:
        return self.settle(getattr(self.sending.rules, name)(self.request, SENDER, RECIPIENTS))

    def change(self, declaration: Any, **rules: str) -> None:
        patch = {name: {"match": {}, "else": rule} for name, rule in rules.items()}
        self.settle(self.settings.change(declaration, patch))

    def test_usual(self) -> None:
        self.assertEqual(self.asked("most_recipients"), 100)
        self.assertEqual(self.asked("most_octets"), self.settings.of(Email).max_message_size)
        self.assertIs(self.asked("must_own_sender"), True)
        self.assertIs(self.asked("may_send"), True)

    def test_what_rules_know(self) -> None:
        match = {"0": {"if": "sender_domain == 'example.test'", "then": "7"}}
        self.settle(self.settings.change(MtaStageRcpt, {"maxRecipients": {"match": match, "else": "1"}}))
        self.assertEqual(self.asked("most_recipients"), 7)
        self.change(MtaStageData, maxMessageSize="5000")
        self.assertEqual(self.asked("most_octets"), 5000)
        self.change(MtaStageMail, isSenderAllowed="role == 'submission' && sender_domain != 'example.test'")
        self.assertIs(self.asked("may_send"), False)
        self.change(MtaStageAuth, mustMatchSender="role != 'submission'")
        self.assertIs(self.asked("must_own_sender"), False)

    def test_rules_that_ask_others(self) -> None:
        self.change(MtaStageMail, isSenderAllowed="key_exists('', sender)")
        self.assertIs(self.asked("may_send"), False)

    def test_rules_that_give_nothing(self) -> None:
        self.change(MtaStageRcpt, maxRecipients="1 / 0")
        self.assertEqual(self.asked("most_recipients"), 100)

    def test_limits_on_incoming_mail_hold_here_too(self) -> None:
        for key, count in (("authenticatedAs", 3), ("rcpt", 2)):
            limit = {"description": key, "key": {key: True}, "rate": {"count": count, "period": 60_000}}
            match = {"match": {}, "else": "role == 'submission' && listener == 'jmap'"}
            self.settle(self.settings.create(MtaInboundThrottle, {**limit, "match": match}))
        self.assertEqual([self.asked("is_too_much") for _ in range(3)], [False, False, True])
        others = [self.settle(self.sending.rules.is_too_much(self.request, SENDER, [f"b{n}@x.test"])) for n in (1, 2)]
        self.assertEqual(others, [False, True])
        self.clock.advance(61)
        self.assertIs(self.asked("is_too_much"), False)

    def test_a_limit_whose_rule_gives_nothing_does_not_hold(self) -> None:
        limit = {"description": "x", "rate": {"count": 1, "period": 60_000}, "match": {"match": {}, "else": "1 / 0"}}
        self.settle(self.settings.create(MtaInboundThrottle, limit))
        self.assertEqual([self.asked("is_too_much") for _ in range(3)], [False] * 3)
