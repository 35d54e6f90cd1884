"""What answers mean for each recipient."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery.shipment import ShipmentRecipient
from stalwart.mail.delivery.transaction import status_of, verdicts
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.smtp_message import Envelope, Transmission

OK = Reply(250, "2.0.0", ("ok",))
NO = Reply(550, "5.1.1", ("no",))
LATER = Reply(451, "4.7.1", ("later",))
TOO_MANY = Reply(452, "4.5.3", ("too many",))
BYE = Reply(421, "4.3.2", ("bye",))
GONE = SmtpFailed("gone", "closed")
LATE = SmtpFailed("late", "timeout")


class VerdictTests(SynchronousTestCase):
    """Two recipients, A and B."""

    def judge(
        self, *, lmtp: bool = False, tells: bool = False, notify: str = "", **sent: Any
    ) -> list[tuple[str, str, str]]:
        """Kind, status and what is next for both."""
        self.people = [ShipmentRecipient(f"{name}@x.test", notify=frozenset(notify.split())) for name in "ab"]
        envelope = Envelope("MAIL FROM:<>", tuple(f"RCPT TO:<{one.address}>" for one in self.people), lmtp)
        found = verdicts(Transmission(**sent), envelope, self.people, "mx.test", tells=tells)
        self.outcomes = [one.outcome for one in found]
        return [(one.outcome.kind, one.outcome.status, one.next) for one in found]

    def test_taken(self) -> None:
        found = self.judge(mail=OK, rcpts=[OK, OK], final=[OK], complete=True)
        self.assertEqual(found, [("delivered", "2.0.0", "done")] * 2)

    def test_the_sender_is_refused(self) -> None:
        self.assertEqual(self.judge(mail=NO), [("permanent", "5.1.1", "done")] * 2)
        self.assertEqual(self.outcomes[0].command, "MAIL FROM:<>")

    def test_the_sender_is_put_off(self) -> None:
        self.assertEqual(self.judge(mail=LATER), [("temporary", "4.7.1", "elsewhere")] * 2)
        self.assertFalse(self.outcomes[0].unreachable)

    def test_a_host_that_is_leaving(self) -> None:
        self.judge(mail=BYE)
        self.assertTrue(self.outcomes[0].unreachable)

    def test_one_recipient_is_refused(self) -> None:
        found = self.judge(mail=OK, rcpts=[NO, OK], final=[OK], complete=True)
        self.assertEqual(found, [("permanent", "5.1.1", "done"), ("delivered", "2.0.0", "done")])

    def test_one_recipient_is_too_many(self) -> None:
        found = self.judge(mail=OK, rcpts=[OK, TOO_MANY], final=[OK], complete=True)
        self.assertEqual(found[1], ("temporary", "4.5.3", "again"))

    def test_all_are_too_many(self) -> None:
        found = self.judge(mail=OK, rcpts=[TOO_MANY, TOO_MANY])
        self.assertEqual(found, [("temporary", "4.5.3", "elsewhere")] * 2)

    def test_552_for_a_recipient_is_not_final(self) -> None:
        found = self.judge(mail=OK, rcpts=[Reply(552, None, ("too many",)), OK], final=[OK], complete=True)
        self.assertEqual(found[0], ("temporary", "4.0.0", "again"))

    def test_552_for_the_only_recipient_is_not_final(self) -> None:
        found = self.judge(mail=OK, rcpts=[Reply(552, "5.2.2", ("full",))] * 2)
        self.assertEqual(found, [("temporary", "4.0.0", "elsewhere")] * 2)

    def test_552_for_the_message_is_final(self) -> None:
        """RFC 1870 6.1, 6.3: it is too large, or its content is not taken."""
        large, blocked = Reply(552, "5.3.4", ("too large",)), Reply(552, "5.7.0", ("blocked",))
        for sent, status in (
            ({"mail": large}, "5.3.4"),
            ({"mail": OK, "rcpts": [OK, OK], "data": large}, "5.3.4"),
            ({"mail": OK, "rcpts": [OK, OK], "final": [blocked], "complete": True}, "5.7.0"),
        ):
            self.assertEqual(self.judge(**sent), [("permanent", status, "done")] * 2, sent)

    def test_the_host_leaves_at_a_recipient(self) -> None:
        found = self.judge(mail=OK, rcpts=[BYE])
        self.assertEqual(found, [("temporary", "4.3.2", "elsewhere")] * 2)

    def test_content_is_not_wanted(self) -> None:
        self.assertEqual(self.judge(mail=OK, rcpts=[OK, OK], data=LATER), [("temporary", "4.7.1", "elsewhere")] * 2)
        self.assertEqual(self.judge(mail=OK, rcpts=[OK, OK], data=NO), [("permanent", "5.1.1", "done")] * 2)

    def test_content_is_refused(self) -> None:
        found = self.judge(mail=OK, rcpts=[OK, OK], final=[NO], complete=True)
        self.assertEqual(found, [("permanent", "5.1.1", "done")] * 2)

    def test_no_connection_from_the_beginning(self) -> None:
        found = self.judge(failure=GONE)
        self.assertEqual(found, [("temporary", "4.4.2", "elsewhere")] * 2)
        self.assertEqual((self.outcomes[0].sure, self.outcomes[0].error_type), (True, "connectionError"))

    def test_what_ends_at_one_message_may_be_about_it(self) -> None:
        self.judge(failure=GONE)
        self.assertEqual([each.in_transaction for each in self.outcomes], [True, True], "the answer may be lost")
        for named in ({"rcpts": []}, {"rcpts": [OK, OK]}, {"rcpts": [OK, OK], "complete": True}):
            self.judge(mail=OK, failure=LATE, **named)
            self.assertEqual([each.in_transaction for each in self.outcomes], [True, True])

    def test_the_end_before_the_content(self) -> None:
        found = self.judge(mail=OK, rcpts=[OK], failure=LATE)
        self.assertEqual(found, [("temporary", "4.4.2", "elsewhere")] * 2)

    def test_the_end_after_the_content(self) -> None:
        found = self.judge(mail=OK, rcpts=[OK, NO], failure=LATE, complete=True)
        self.assertEqual(found, [("temporary", "4.4.2", "later"), ("permanent", "5.1.1", "done")])
        self.assertEqual([one.sure for one in self.outcomes], [False, True])

    def test_lmtp_answers_in_the_order_of_those_accepted(self) -> None:
        found = self.judge(lmtp=True, mail=OK, rcpts=[NO, OK], final=[LATER], complete=True)
        self.assertEqual(found, [("permanent", "5.1.1", "done"), ("temporary", "4.7.1", "elsewhere")])

    def test_lmtp_without_the_last_answer(self) -> None:
        found = self.judge(lmtp=True, mail=OK, rcpts=[OK, OK], final=[OK], complete=True, failure=GONE)
        self.assertEqual([one[2] for one in found], ["done", "later"])

    def test_what_lmtp_takes_has_arrived(self) -> None:
        for lmtp, tells in ((True, False), (True, True), (False, False)):
            self.judge(lmtp=lmtp, tells=tells, mail=OK, rcpts=[OK], final=[OK], complete=True)
            self.assertEqual(self.outcomes[0].arrived, lmtp and not tells, (lmtp, tells))

    def test_success_reports(self) -> None:
        for tells, notify, expected in ((False, "SUCCESS", True), (True, "SUCCESS", False), (False, "FAILURE", False)):
            self.judge(tells=tells, notify=notify, mail=OK, rcpts=[OK, OK], final=[OK], complete=True)
            self.assertEqual(self.outcomes[0].relayed_without_dsn, expected, (tells, notify))

    def test_status(self) -> None:
        self.assertEqual(status_of(Reply(550, None, ("x",)), "permanent"), "5.0.0")
        self.assertEqual(status_of(Reply(550, "5.7.1", ("x",)), "permanent"), "5.7.1")
        self.assertEqual(status_of(Reply(552, "5.2.2", ("x",)), "temporary"), "4.0.0")
