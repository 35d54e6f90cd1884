"""What the queue writes into submissions."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.submissions import CANCELED, FINAL, PENDING, canceled, note_cancellation, note_recipients, queued
from stalwart.store import MemoryStore
from stalwart.store.object_types import EMAIL, EMAIL_SUBMISSION, QUEUE_ID
from stalwart.store.queue_rows import DELIVERED, FAILED, WAITING, Answer, QueuedLetter, QueuedRecipient

ACCOUNT = 5
ANNE, BOB = "anne@Example.test", "bob@example.test"


def recipient(address: str, state: int, attempts: int = 1, **answer: Any) -> QueuedRecipient:
    return QueuedRecipient(
        *(7, 0, address, 1, "remote", "example.test", state, 0, attempts, None, 0, 0, None, None, ()), Answer(**answer)
    )


class NotesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore(Clock().seconds)
        self.addCleanup(self.store.close)
        self.write(lambda tx: tx.accounts.create(ACCOUNT, "jane", "user"))
        data = {"undoStatus": PENDING, "deliveryStatus": {ANNE: queued(), BOB: queued()}, QUEUE_ID: 7}
        self.id = self.write(lambda tx: tx.objects.insert(ACCOUNT, EMAIL_SUBMISSION, now=1, data=data)).id
        self.letter = QueuedLetter(
            *(7, 0, b"", 0, "jane@example.test", "authenticated", ACCOUNT, None, self.id, 0, None, None, "", 0, ""),
            *(False, "7BIT", False, False, True, ()),
        )

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def note(self, *changed: QueuedRecipient, letter: QueuedLetter | None = None) -> dict[str, Any]:
        """What the submission is after it."""
        self.write(lambda tx: note_recipients(tx, letter or self.letter, changed, 2))
        return dict(self.write(lambda tx: tx.objects.get(ACCOUNT, self.id)).data)

    def test_delivered_here(self) -> None:
        told = self.note(recipient(BOB, DELIVERED))
        expected = {"smtpReply": "250 2.1.5 Delivered", "delivered": "yes", "displayed": "unknown"}
        self.assertEqual((told["deliveryStatus"][BOB], told["undoStatus"]), (expected, FINAL))
        self.assertEqual(told["deliveryStatus"][ANNE], queued())

    def test_given_to_another_server(self) -> None:
        told = self.note(recipient("anne@example.test", DELIVERED, code=250, enhanced="2.0.0", text="Ok,\r\n queued"))
        said = told["deliveryStatus"][ANNE]
        self.assertEqual((said["smtpReply"], said["delivered"]), ("250 2.0.0 Ok, queued", "unknown"))

    def test_tried_again(self) -> None:
        told = self.note(recipient(BOB, WAITING, code=451, text="Later"))
        self.assertEqual(told["deliveryStatus"][BOB]["smtpReply"], "451 Later")
        self.assertEqual((told["deliveryStatus"][BOB]["delivered"], told["undoStatus"]), ("queued", PENDING))
        told = self.note(recipient(BOB, WAITING, error="dns", message="no such host"))
        self.assertEqual(told["deliveryStatus"][BOB]["smtpReply"], "451 4.4.0 Delivery is tried again: no such host")
        self.assertEqual(self.note(recipient(BOB, WAITING, 0))["deliveryStatus"][BOB], queued())

    def test_failed_for_everybody(self) -> None:
        told = self.note(recipient(BOB, FAILED, code=550, enhanced="5.1.1", text="Nobody"))
        self.assertEqual((told["deliveryStatus"][BOB]["delivered"], told["undoStatus"]), ("no", PENDING))
        told = self.note(recipient("anne@example.test", FAILED, error="tls", message="no TLS"))
        self.assertEqual(told["deliveryStatus"][ANNE]["smtpReply"], "554 5.0.0 Delivery failed: no TLS")
        self.assertEqual(told["undoStatus"], FINAL)

    def test_the_state_moves_when_something_changed(self) -> None:
        def state() -> int:
            return int(self.write(lambda tx: tx.objects.state(ACCOUNT, EMAIL_SUBMISSION)))

        before = state()
        self.note(recipient("somebody@example.test", DELIVERED))
        self.note(recipient(BOB, DELIVERED))
        after = state()
        self.assertLess(before, after)
        self.note(recipient(BOB, DELIVERED))
        self.assertEqual(state(), after)

    def cancel(self, *gone: int, tried: bool = False, anne: int = WAITING) -> dict[str, Any]:
        """What the submission is when an administrator has taken those out: 0 is anne, 1 is bob."""
        two = (recipient("anne@example.test", anne), replace(recipient(BOB, WAITING), number=1))
        letter = replace(self.letter, recipients=two, tried=tried)
        self.write(lambda tx: note_cancellation(tx, letter, gone, 3))
        return self.note()

    def test_an_administrator_takes_out_one_then_the_other(self) -> None:
        told = self.cancel(0)
        self.assertEqual(told["deliveryStatus"], {ANNE: canceled("an administrator"), BOB: queued()})
        self.assertEqual(told["undoStatus"], PENDING)
        self.assertEqual(told["deliveryStatus"][ANNE]["smtpReply"], "550 5.7.0 Canceled by an administrator")
        self.assertEqual(told["deliveryStatus"][ANNE]["delivered"], "no")
        told = self.cancel(0, 1)
        self.assertEqual((told["undoStatus"], told["deliveryStatus"][BOB]["delivered"]), (CANCELED, "no"))

    def test_what_somebody_has_is_not_canceled(self) -> None:
        self.note(recipient("anne@example.test", DELIVERED))
        told = self.cancel(0, 1, anne=DELIVERED)
        self.assertEqual((told["undoStatus"], told["deliveryStatus"][BOB]["delivered"]), (FINAL, "no"))
        self.assertEqual(told["deliveryStatus"][ANNE]["delivered"], "yes")

    def test_what_was_being_tried_tells_only_that_it_got_through(self) -> None:
        self.assertEqual(self.cancel(0, 1, tried=True)["undoStatus"], FINAL)
        self.assertEqual(self.note(recipient(BOB, WAITING))["deliveryStatus"][BOB]["delivered"], "no")
        self.assertEqual(self.note(recipient(BOB, FAILED))["deliveryStatus"][BOB], canceled("an administrator"))
        self.assertEqual(self.note(recipient(BOB, DELIVERED))["deliveryStatus"][BOB]["delivered"], "yes")

    def test_cancelled_but_delivered_is_final(self) -> None:
        self.assertEqual(self.cancel(0, 1)["undoStatus"], CANCELED)
        self.assertEqual(self.note(recipient(BOB, DELIVERED))["undoStatus"], FINAL)

    def test_letters_of_nobody(self) -> None:
        other = self.write(lambda tx: tx.objects.insert(ACCOUNT, EMAIL, now=1, data={})).id
        for members in (
            {"submission_id": None},
            {"account_id": None},
            {"submission_id": 999},
            {"submission_id": other},
        ):
            self.note(recipient(BOB, DELIVERED), letter=replace(self.letter, **members))
            self.write(lambda tx, members=members: note_cancellation(tx, replace(self.letter, **members), [0], 2))
        self.assertEqual(self.note()["deliveryStatus"][BOB], queued())

    def test_long_replies_are_cut(self) -> None:
        told = self.note(recipient(BOB, FAILED, code=550, text="x" * 5000))
        self.assertEqual(len(told["deliveryStatus"][BOB]["smtpReply"]), 500)
