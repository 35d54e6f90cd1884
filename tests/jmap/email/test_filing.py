"""Messages become e-mails one by one, and events tell of them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.errors import OverQuota
from stalwart.jmap.email.filing import Made, Outcomes, answers, file_all, report_all
from stalwart.jmap.email.placement import Placement
from stalwart.jmap.errors import SetRefused
from stalwart.store.mail_rows import AddedEmail
from stalwart.telemetry.events import MESSAGE_OVER_QUOTA, MESSAGE_STORED
from tests.jmap.email.writing import NOW, OWN, WritingCase, message


class FilingTests(WritingCase):
    """``file_all`` and what is told afterwards."""

    def made(self, *mailboxes: str, subject: str = "Hello") -> Made:
        prepared = self.successResultOf(Deferred.fromCoroutine(self.messages.prepare(message(subject))))
        return Made(Placement(frozenset(map(decode_id, mailboxes))), prepared)

    def filed(self, **makings: Any) -> Outcomes:
        return dict(self.write(lambda tx: file_all(tx, OWN, makings, self.messages, NOW)))

    def test_each_is_filed_by_itself(self) -> None:
        refusal = SetRefused("invalidProperties")
        makings = {"a": self.made(self.inbox), "b": refusal, "c": self.made("zzz", subject="Lost")}
        outcomes = self.filed(**makings)
        self.assertIsInstance(outcomes["a"], AddedEmail)
        self.assertIs(outcomes["b"], refusal)
        created, not_created = answers(makings, outcomes)
        self.assertEqual([*created["a"]], ["id", "blobId", "threadId", "size"])
        self.assertEqual(
            {key: each["type"] for key, each in not_created.items()}, dict.fromkeys("bc", "invalidProperties")
        )

    def test_a_message_that_goes_nowhere_leaves_no_blob(self) -> None:
        made = self.made("zzz")
        self.filed(a=made)
        self.assertIsNone(self.read(lambda tx: tx.blobs.find(made.prepared.hash)))

    def test_events_tell_of_what_was_stored_and_what_did_not_fit(self) -> None:
        seen: list[tuple[Any, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: seen.append((event, keys)))
        makings = {"a": self.made(self.inbox), "b": self.made(self.inbox), "c": SetRefused("invalidProperties")}
        outcomes = self.filed(**makings)
        outcomes["b"] = OverQuota()
        report_all(OWN, makings, outcomes, self.messages, 0.25)
        self.assertEqual([event for event, _ in seen], [MESSAGE_STORED, MESSAGE_OVER_QUOTA])
        self.assertEqual((seen[0][1]["accountId"], seen[0][1]["elapsed"]), (OWN, 250))
