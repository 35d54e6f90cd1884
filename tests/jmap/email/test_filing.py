"""Messages become e-mails one by one, and events tell of them."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail

from stalwart.codec.ids import decode_id
from stalwart.errors import OverQuota, Unavailable
from stalwart.jmap.blobs.ids import BlobId, Section, parse_blob_id
from stalwart.jmap.email import filing
from stalwart.jmap.email.filing import Effort, Made, Outcomes, answers, file_all, report_all
from stalwart.jmap.email.placement import Placement
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.mail.sight import Sight
from stalwart.mail.messages.quota import Limits, Quotas
from stalwart.store.blob_files import MemoryBlobFiles, Stored
from stalwart.store.mail_rows import AddedEmail
from stalwart.telemetry.events import MESSAGE_OVER_QUOTA, MESSAGE_STORED
from tests.jmap.email.writing import GROUP_ID, NOW, OWN, OWN_ID, WritingCase, message


class FilingTests(WritingCase):
    """``file_all`` and what is told afterwards."""

    def made(self, *mailboxes: str, subject: str = "Hello") -> Made:
        prepared = self.successResultOf(Deferred.fromCoroutine(self.messages.prepare(message(subject))))
        return Made(Placement(frozenset(map(decode_id, mailboxes))), prepared)

    def filed(self, **makings: Any) -> Outcomes:
        return dict(self.write(lambda tx: file_all(tx, OWN, Sight(), makings, self.messages, NOW)))

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

    def test_uploads_are_used_by_what_was_filed(self) -> None:
        uploads = {key: parse_blob_id(self.upload(key.encode())).hash for key in "abc"}
        makings = {
            key: evolve(self.made(mailbox), blobs=frozenset((uploads[key],)))
            for key, mailbox in (("a", self.inbox), ("b", "zzz"))
        }
        self.filed(**makings)
        links = {key: self.read(lambda tx, hash=hash: tx.blobs.links(hash, OWN, NOW)) for key, hash in uploads.items()}
        self.assertEqual([key for key, (link,) in links.items() if link.used], ["a"])

    def test_events_tell_of_what_was_stored_and_what_did_not_fit(self) -> None:
        seen: list[tuple[Any, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: seen.append((event, keys)))
        makings = {"a": self.made(self.inbox), "b": self.made(self.inbox), "c": SetRefused("invalidProperties")}
        outcomes = self.filed(**makings)
        outcomes["b"] = OverQuota()
        report_all(OWN, makings, outcomes, self.messages, 0.25)
        self.assertEqual([event for event, _ in seen], [MESSAGE_STORED, MESSAGE_OVER_QUOTA])
        self.assertEqual((seen[0][1]["accountId"], seen[0][1]["elapsed"]), (OWN, 250))


class RefusedTests(WritingCase):
    """What is refused leaves nothing on the disk, and what is refused anyway is not made."""

    def setUp(self) -> None:
        super().setUp()
        self.committed: list[bytes] = []
        files = self.store.blob_files
        assert isinstance(files, MemoryBlobFiles)
        self.files = files
        publish = files.publish

        def noted(content: bytes) -> Stored:
            stored = publish(content)
            self.committed.append(stored.hash)
            return stored

        self.patch(files, "publish", noted)
        self.seen: list[Any] = []
        self.telemetry.observe(lambda event, keys: self.seen.append(event))

    def quota(self, **quotas: int) -> None:
        """Give the own account quotas, beyond what it uses."""
        self.patch(Quotas, "limits", lambda *_: Limits(quotas.get("octets"), quotas.get("emails")))

    def draft(self, size: int = 300_000, mailbox: str | None = None) -> dict[str, Any]:
        return {
            "mailboxIds": {mailbox or self.inbox: True},
            "bodyValues": {"1": {"value": "x" * size}},
            "textBody": [{"partId": "1", "type": "text/plain"}],
        }

    def refused(self, answer: dict[str, Any]) -> dict[str, str]:
        return {key: each["type"] for key, each in (answer["notCreated"] or {}).items()}

    def check_files(self, committed: int, left: int = 0) -> None:
        self.assertEqual((len(self.committed), len(self.files._contents)), (committed, left))

    def test_drafts_where_there_is_no_room(self) -> None:
        self.quota(emails=0)
        answer = self.call("set", create={key: self.draft() for key in "abc"})
        self.assertEqual(self.refused(answer), dict.fromkeys("abc", "overQuota"))
        self.check_files(0)
        self.assertEqual(self.seen, [MESSAGE_OVER_QUOTA] * 3)

    def test_drafts_until_there_is_no_room_any_more(self) -> None:
        self.quota(octets=1_000_000)
        answer = self.call("set", create={key: self.draft() for key in "abcd"} | {"e": self.draft(10)})
        self.assertEqual(self.refused(answer), {"d": "overQuota"})
        self.check_files(3, 3)

    def test_a_draft_that_turns_out_to_be_too_large(self) -> None:
        self.quota(octets=300_500)  # as base64 it is more
        blob = self.upload(b"y" * 300_000)
        part = {"mailboxIds": {self.inbox: True}, "attachments": [{"blobId": blob, "type": "a/b"}]}
        self.committed.clear()
        answer = self.call("set", create={"a": part, "b": part, "c": self.draft(100)})
        self.assertEqual(self.refused(answer), dict.fromkeys("ab", "overQuota"))
        self.check_files(1, 1)  # the upload is left
        self.assertEqual(self.seen, [MESSAGE_OVER_QUOTA, MESSAGE_OVER_QUOTA, MESSAGE_STORED])

    def test_drafts_for_mailboxes_that_there_are_not(self) -> None:
        answer = self.call("set", create={"a": self.draft(mailbox="zzz"), "b": self.draft(mailbox="zzy")})
        self.assertEqual(self.refused(answer), dict.fromkeys("ab", "invalidProperties"))
        self.assertEqual(answer["notCreated"]["a"]["properties"], ["mailboxIds"])
        self.check_files(0)

    def test_what_is_refused_in_the_end(self) -> None:
        add = self.messages.add

        def full(tx: Any, *arguments: Any, **options: Any) -> AddedEmail:
            raise OverQuota

        self.patch(self.messages, "add", full)
        self.assertEqual(self.refused(self.call("set", create={"a": self.draft()})), {"a": "overQuota"})
        self.check_files(1)
        blob = parse_blob_id(self.upload(b"Subject: x\r\n\r\n" + b"y" * 100_000))
        section = str(BlobId(blob.hash, Section(0, 90_000, "n")))
        emails = {"a": {"blobId": section, "mailboxIds": {self.inbox: True}}}
        self.assertEqual(self.refused(self.call("import", emails=emails)), {"a": "overQuota"})
        self.check_files(3, 1)
        self.patch(self.messages, "add", add)
        self.assertEqual(self.refused(self.call("import", emails=emails)), {})
        self.check_files(4, 2)

    def test_a_call_that_fails_as_a_whole(self) -> None:
        write, calls = self.store.write, []

        def failing(work: Any) -> Any:
            calls.append(work)
            return fail(Unavailable()) if len(calls) == 1 else write(work)

        self.patch(self.store, "write", failing)
        self.failureResultOf(self.begin("set", {"create": {"a": self.draft()}}), Unavailable)
        self.check_files(1)

    def test_what_is_imported_or_copied_is_not_read_where_there_is_no_room(self) -> None:
        blob, email = self.upload(message("One")), self.email(message("Two"))
        self.quota(emails=1)
        read: list[Any] = []
        prepare = self.messages.prepare_stored

        async def noted(*arguments: Any) -> Any:
            read.append(arguments)
            return await prepare(*arguments)

        self.patch(self.messages, "prepare_stored", noted)
        emails = {
            "a": {"blobId": blob, "mailboxIds": {"zzz": True}},
            "b": {"blobId": blob, "mailboxIds": {self.inbox: True}},
        }
        answer = self.call("import", emails=emails)
        self.assertEqual(self.refused(answer), {"a": "invalidProperties", "b": "overQuota"})
        create = {
            key: {"id": email, "mailboxIds": {box: True}}
            for key, box in {"a": "zzz", "b": self.team, "c": self.team}.items()
        }
        answer = self.call("copy", fromAccountId=OWN_ID, accountId=GROUP_ID, create=create)
        self.assertEqual(self.refused(answer), {"a": "invalidProperties", "c": "overQuota"})
        self.assertEqual(len(read), 1)


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
