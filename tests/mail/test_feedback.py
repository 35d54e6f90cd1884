"""What reports leave in submissions; ``tests.mail.messages.test_delivering`` has the way there."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.feedback import Feedback
from stalwart.mail import feedback as module
from stalwart.mail.feedback import find_submissions, note_feedback
from stalwart.mail.submissions import FINAL, queued, status
from stalwart.store import MemoryStore
from stalwart.store.object_types import EMAIL, EMAIL_SUBMISSION, ENV_ID, MESSAGE_ID

ACCOUNT = 5
ANNE, BOB = "Anne@example.test", "bob@example.test"


def dsn(action: str, *addresses: str, **names: str | None) -> Feedback:
    return Feedback("dsn", names.get("env_id"), names.get("message_id"), ((frozenset(addresses), action),))


def mdn(type: str, *addresses: str) -> Feedback:
    return Feedback("mdn", None, "1@here.test", ((frozenset(addresses), type),))


class FeedbackTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore(Clock().seconds)
        self.addCleanup(self.store.close)
        self.write(lambda tx: tx.accounts.create(ACCOUNT, "jane", "user"))
        self.id = self.submission()

    def submission(self, **names: Any) -> int:
        data = {
            "undoStatus": FINAL,
            "deliveryStatus": {ANNE: status("250 Ok", "unknown"), BOB: queued()},
            "dsnBlobIds": [],
            "mdnBlobIds": [],
            MESSAGE_ID: "1@here.test",
            **names,
        }
        return int(self.write(lambda tx: tx.objects.insert(ACCOUNT, EMAIL_SUBMISSION, now=1, data=data)).id)

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def note(self, about: Feedback, blob_id: str | None = "b1") -> bool:
        return bool(self.write(lambda tx: note_feedback(tx, ACCOUNT, self.id, about, blob_id, 2)))

    def data(self) -> dict[str, Any]:
        return dict(self.write(lambda tx: tx.objects.get(ACCOUNT, self.id)).data)

    def test_delivered(self) -> None:
        self.assertTrue(self.note(dsn("delivered", "anne@example.test", "box@else.test")))
        found = self.data()
        self.assertEqual(found["deliveryStatus"], {ANNE: status("250 Ok", "yes"), BOB: queued()})
        self.assertEqual((found["dsnBlobIds"], found["mdnBlobIds"]), (["b1"], []))

    def test_the_first_witness_stands(self) -> None:
        self.note(dsn("failed", "anne@example.test"))
        self.note(dsn("delivered", "anne@example.test"), "b2")
        self.assertEqual(self.data()["deliveryStatus"][ANNE]["delivered"], "no")
        self.assertEqual(self.data()["dsnBlobIds"], ["b1", "b2"])

    def test_who_waits_in_the_queue_waits(self) -> None:
        self.assertTrue(self.note(dsn("delayed", BOB)))
        self.note(dsn("delivered", BOB))
        self.note(mdn("displayed", BOB))
        self.assertEqual(self.data()["deliveryStatus"][BOB], queued())

    def test_displayed(self) -> None:
        self.note(mdn("deleted", "anne@example.test"))
        self.assertEqual(self.data()["deliveryStatus"][ANNE]["displayed"], "unknown")
        self.note(mdn("displayed", "anne@example.test"), "b2")
        self.assertEqual(self.data()["deliveryStatus"][ANNE]["displayed"], "yes")
        self.assertEqual((self.data()["mdnBlobIds"], self.data()["dsnBlobIds"]), (["b1", "b2"], []))

    def test_about_somebody_else(self) -> None:
        self.assertFalse(self.note(dsn("failed", "eve@example.test")))
        self.assertEqual(self.data()["dsnBlobIds"], [])

    def test_without_a_message_that_was_kept(self) -> None:
        self.assertTrue(self.note(dsn("failed", "anne@example.test"), None))
        self.assertFalse(self.note(dsn("failed", "anne@example.test"), None))
        self.assertEqual(self.data()["dsnBlobIds"], [])

    def test_no_end_of_reports(self) -> None:
        self.patch(module, "MOST_REPORTS", 2)
        for number in range(4):
            self.note(dsn("relayed", "anne@example.test"), f"b{number}")
        self.assertEqual(self.data()["dsnBlobIds"], ["b0", "b1"])

    def test_gone_or_something_else(self) -> None:
        other = self.write(lambda tx: tx.objects.insert(ACCOUNT, EMAIL, now=1)).id
        for id in (other, 4711):
            self.assertFalse(self.write(lambda tx, id=id: note_feedback(tx, ACCOUNT, id, dsn("failed", BOB), "b1", 2)))

    def test_which_submission(self) -> None:
        named = self.submission(**{ENV_ID: "e1"})
        other = self.submission(**{MESSAGE_ID: "2@here.test", ENV_ID: None})

        def found(**names: str | None) -> tuple[int, ...]:
            about = dsn("failed", BOB, **names)
            return tuple(self.successResultOf(self.store.read(lambda tx: find_submissions(tx, ACCOUNT, about))))

        self.assertEqual(found(env_id="e1", message_id="1@here.test"), (named,))
        self.assertEqual(found(env_id="of another", message_id="1@here.test"), (self.id, named))
        self.assertEqual(found(message_id="2@here.test"), (other,))
        self.assertEqual(found(env_id="e2"), ())
