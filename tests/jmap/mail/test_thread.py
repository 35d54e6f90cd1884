"""Thread/get and changes (RFC 8621 3)."""

from __future__ import annotations

from stalwart.codec.ids import decode_id
from tests.jmap.mail.mailbox_case import NOW, OWN, STRANGER_ID, MailboxCase

TOGETHER = {"references": frozenset((5,)), "subject_hash": 6}


class ThreadTests(MailboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.inbox, self.junk = (self.folders()[name] for name in ("Inbox", "Junk Mail"))

    def threads(self) -> str:
        return str(self.call("Thread/get", ids=[])["state"])

    def test_emails_are_named_the_oldest_first(self) -> None:
        late, thread = self.put(self.inbox, received_at=NOW + 5, **TOGETHER)
        early, _ = self.put(self.junk, received_at=NOW - 5, **TOGETHER)
        other, alone = self.put(self.inbox)
        found = self.call("Thread/get", ids=[alone, thread, "zzz", alone])
        self.assertEqual(
            sorted(found["list"], key=lambda each: len(each["emailIds"])),
            [{"id": alone, "emailIds": [other]}, {"id": thread, "emailIds": [early, late]}],
        )
        self.assertEqual(found["notFound"], ["zzz"])

    def test_all_of_them(self) -> None:
        threads = {self.put(self.inbox)[1] for _ in range(3)}
        self.assertEqual({each["id"] for each in self.call("Thread/get")["list"]}, threads)
        self.limit(max_objects_in_get=2)
        self.assertEqual(self.error("Thread/get"), "requestTooLarge")

    def test_properties(self) -> None:
        _, thread = self.put(self.inbox)
        found = self.call("Thread/get", ids=[thread], properties=[])
        self.assertEqual(found["list"], [{"id": thread}])
        self.assertEqual(self.error("Thread/get", properties=["subject"]), "invalidArguments")

    def test_no_account_of_others(self) -> None:
        self.assertEqual(self.error("Thread/get", accountId=STRANGER_ID), "accountNotFound")

    def test_a_thread_changes_when_emails_come_and_go_and_not_with_keywords(self) -> None:
        first, thread = self.put(self.inbox, **TOGETHER)
        since = self.threads()
        self.write(lambda tx: tx.mail.update_email(OWN, decode_id(first), now=NOW, keywords={"$seen"}))
        self.assertEqual(self.threads(), since)
        self.put(self.inbox, **TOGETHER)
        _, new = self.put(self.inbox)
        changes = self.call("Thread/changes", sinceState=since)
        self.assertEqual((changes["created"], changes["updated"], changes["destroyed"]), ([new], [thread], []))
        self.assertNotIn("updatedProperties", changes)

    def test_a_thread_goes_with_its_last_email(self) -> None:
        email, thread = self.put(self.inbox)
        since = self.threads()
        self.write(lambda tx: tx.mail.destroy_emails(OWN, [decode_id(email)], now=NOW))
        self.assertEqual(self.call("Thread/changes", sinceState=since)["destroyed"], [thread])
        self.assertEqual(self.call("Thread/get", ids=[thread])["notFound"], [thread])
        self.assertEqual(self.error("Thread/changes", sinceState="s999"), "cannotCalculateChanges")
