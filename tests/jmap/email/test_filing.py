"""Messages become e-mails one by one, and events tell of them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.errors import OverQuota
from stalwart.jmap.email import filing
from stalwart.jmap.email.filing import Effort, Made, Outcomes, answers, file_all, report_all
from stalwart.jmap.email.placement import Placement
from stalwart.jmap.errors import SetRefused
from stalwart.store.mail_rows import AddedEmail
from stalwart.telemetry.events import MESSAGE_OVER_QUOTA, MESSAGE_STORED
from tests.jmap.email.writing import GROUP_ID, NOW, OWN, OWN_ID, WritingCase, message


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


class EffortTests(WritingCase):
    """A call does not make or read more than so much, however small it is itself."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(filing, "MOST_OCTETS", 1000)
        self.blobs = [self.upload(message(f"Number {number}", "x" * 600)) for number in (1, 2)]

    def check(self, answer: dict[str, Any], *refused: str) -> None:
        self.assertEqual(
            {key: each["type"] for key, each in answer["notCreated"].items()}, dict.fromkeys(refused, "rateLimit")
        )
        self.assertEqual(answer["created"].keys(), set("abc") - set(refused))

    def test_one_is_always_made(self) -> None:
        effort = Effort()
        effort.spend(5000)
        self.assertRaises(SetRefused, effort.spend, 1)

    def test_what_is_imported(self) -> None:
        place = {"mailboxIds": {self.inbox: True}}
        first, second = self.blobs
        emails = {"a": {"blobId": first, **place}, "b": {"blobId": first, **place}, "c": {"blobId": second, **place}}
        self.check(self.call("import", emails=emails), "c")  # what is read once counts once

    def test_what_is_composed(self) -> None:
        part = {"bodyStructure": {"type": "message/rfc822", "blobId": self.blobs[0]}, "mailboxIds": {self.inbox: True}}
        text = {"subject": "No parts of blobs", "mailboxIds": {self.inbox: True}}
        self.check(self.call("set", create={"a": part, "b": part, "c": text}), "b")

    def test_what_is_copied(self) -> None:
        ids = [self.email(message(f"Copied {number}", "x" * 600)) for number in range(3)]
        create = {key: {"id": id, "mailboxIds": {self.team: True}} for key, id in zip("abc", ids, strict=True)}
        self.check(self.call("copy", fromAccountId=OWN_ID, accountId=GROUP_ID, create=create), "b", "c")
