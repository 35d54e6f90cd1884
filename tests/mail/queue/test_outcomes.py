"""From the outcome of an attempt to what is kept of it."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery.shipment import RecipientOutcome
from stalwart.mail.queue.outcomes import EXPIRED, Ended, answer_to, ended, given_up, settled
from stalwart.mail.queue.schedules import Plan
from stalwart.store.queue_rows import DELIVERED, FAILED, WAITING, Answer, LaneRow
from tests.mail.queue.world import row

PLAN = Plan("remote", (60, 120))
NOW = 1000


def outcome(kind: Any, **members: Any) -> RecipientOutcome:
    return RecipientOutcome("bob@remote.test", kind, "x.0.0", **members)


def end(kind: Any, recipient: Any = None, held_until: int | None = None, **members: Any) -> Ended:
    return ended(recipient or row(), outcome(kind, **members), PLAN, NOW, held_until=held_until)


class EndedTests(SynchronousTestCase):
    """What a recipient is from then on."""

    def test_delivered(self) -> None:
        found = end("delivered", reply=Reply(250, "2.0.0", ("ok",)), hostname="mx")
        self.assertEqual((found.recipient.state, found.recipient.attempts, found.has_failed), (DELIVERED, 1, False))
        self.assertEqual(found.recipient.answer, Answer(hostname="mx", code=250, enhanced="2.0.0", text="ok"))

    def test_postponed_it_is_tried_again_after_the_step(self) -> None:
        found = end("temporary", error_type="tlsError", message="no").recipient
        self.assertEqual((found.state, found.attempts, found.due), (WAITING, 1, NOW + 60))
        self.assertEqual(found.answer, Answer(error="tlsError", message="no"))
        again = end("temporary", found).recipient
        self.assertEqual((again.attempts, again.due), (2, NOW + 120))

    def test_refused_it_has_failed(self) -> None:
        found = end("permanent", error_type="unexpectedResponse")
        self.assertEqual((found.recipient.state, found.has_failed), (FAILED, True))

    def test_the_last_attempt_of_all_fails_it(self) -> None:
        first = end("temporary", row(attempts_left=2)).recipient
        self.assertEqual((first.state, first.attempts_left), (WAITING, 1))
        self.assertEqual(end("temporary", first).recipient.state, FAILED)

    def test_what_was_held_up_was_no_attempt(self) -> None:
        found = end("temporary", row(attempts_left=1), held_until=NOW + 7, error_type="rateLimited").recipient
        self.assertEqual((found.state, found.attempts, found.due, found.attempts_left), (WAITING, 0, NOW + 7, 1))
        past = end("temporary", held_until=NOW - 7, error_type="concurrencyLimited").recipient
        self.assertEqual(past.due, NOW + 1)

    def test_what_a_host_says_is_kept_within_bounds(self) -> None:
        answer = answer_to(outcome("permanent", reply=Reply(550, None, ("x" * 9999,)), message="y" * 9999))
        self.assertEqual((len(answer.text), len(answer.message), answer.error), (1000, 1000, "io"))

    def test_settled_says_all_of_it(self) -> None:
        found = settled(end("permanent", row(3, notice_at=5)).recipient)
        self.assertEqual((found.number, found.state, found.notice_at), (3, FAILED, None))


class GivenUpTests(SynchronousTestCase):
    """A recipient whose time is over."""

    def test_it_tells_what_was_heard_last(self) -> None:
        answer = Answer(error="unexpectedResponse", code=451, enhanced="4.3.0", text="later", hostname="mx")
        found = given_up(row(answer=answer), None)
        self.assertEqual(
            (found.recipient.state, found.outcome.kind, found.outcome.status), (FAILED, "permanent", EXPIRED)
        )
        self.assertIn("451 4.3.0 later", found.outcome.message or "")

    def test_one_that_was_never_tried_tells_of_its_destination(self) -> None:
        lane = LaneRow(7, "remote", "remote.test", 0, 1, 0, 3, Answer(error="connectionError", message="refused"))
        found = given_up(row(), lane)
        self.assertEqual(found.outcome.error_type, "connectionError")
        self.assertIn("refused", found.outcome.message or "")

    def test_one_of_which_nothing_is_known_says_so(self) -> None:
        self.assertIn("not possible", given_up(row(), None).outcome.message or "")
