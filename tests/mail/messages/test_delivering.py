"""Mail given to accounts: once to each, to all or to nobody, and what is left of a message that nobody keeps."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail

from stalwart.errors import OverQuota, Unavailable
from stalwart.mail.messages import delivering
from stalwart.mail.messages.arriving import Messages, Prepared
from stalwart.mail.messages.delivering import Delivering, Outcome, accounts_alone, accounts_of
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.recipients import Resolved
from stalwart.mail.submissions import status
from stalwart.store.mail_rows import AddedEmail
from stalwart.store.object_types import EMAIL_SUBMISSION, MESSAGE_ID
from tests.codec.test_feedback import FAILED as REPORTED
from tests.codec.test_feedback import report
from tests.mail.post_office import PostOffice

MESSAGE = b"From: a@sender.test\r\nMessage-ID: <1@sender.test>\r\nSubject: Hello\r\n\r\nText\r\n"


class DeliveringCase(PostOffice):
    """``deliver`` gives a message to addresses."""

    def setUp(self) -> None:
        super().setUp()
        quotas = Quotas(self.settings, self.clock)
        self.messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        self.folders = Folders(self.store, self.settings, self.clock)
        self.delivering = Delivering(self.store, self.messages, self.folders, self.clock)

    def prepare(self, content: bytes = MESSAGE, prefix: bytes = b"") -> Prepared:
        """A message that can be added."""
        return self.settle(self.messages.prepare(content, prefix=prefix))

    def deliver(self, *addresses: str, content: bytes = MESSAGE, **options: Any) -> dict[str, Outcome]:
        """What became of it, by the names of the accounts."""
        resolved = [self.resolve(address) for address in addresses]
        options = {"sender": "a@sender.test", "recipients": addresses, **options}
        found = self.settle(self.delivering.deliver(self.prepare(content), resolved, **options))
        names = {id: name for name, id in self.ids.items()}
        return {names[id]: outcome for id, outcome in found.items()}

    def count(self, name: str) -> int:
        """How many messages somebody has."""
        id = self.ids[name]
        return len(self.successResultOf(self.store.read(lambda tx: tx.mail.page(id, limit=100).ids)))


class ReportTests(DeliveringCase):
    """Reports of what somebody has sent (RFC 8621 7)."""

    def submission(self, name: str) -> Any:
        """What a submission of that person says; it is made when it is asked for first."""
        account = self.ids[name]

        def work(tx: Any) -> Any:
            known = tx.objects.list(account, EMAIL_SUBMISSION)
            statuses = {"bob@one.test": status("250 Ok", "unknown")}
            data = {"deliveryStatus": statuses, "dsnBlobIds": [], "mdnBlobIds": [], MESSAGE_ID: "1@here.test"}
            return (known[0] if known else tx.objects.insert(account, EMAIL_SUBMISSION, now=1, data=data)).data

        return self.successResultOf(self.store.write(work))

    def test_noted_with_the_message(self) -> None:
        self.submission("alice")
        self.submission("bob")
        self.deliver("alice@example.test", content=b"Message-ID: <9@one.test>\r\n" + report(REPORTED))
        found = self.submission("alice")
        self.assertEqual(found["deliveryStatus"]["bob@one.test"]["delivered"], "no")
        row = self.successResultOf(self.store.read(lambda tx: self._row(tx)))
        self.assertEqual(found["dsnBlobIds"], [row.blob.hex()])
        self.assertEqual(self.submission("bob")["dsnBlobIds"], [])

    def test_one_that_comes_again_is_noted_once(self) -> None:
        self.submission("alice")
        for _ in range(2):
            self.deliver("alice@example.test", content=b"Message-ID: <9@one.test>\r\n" + report(REPORTED))
        self.assertEqual(len(self.submission("alice")["dsnBlobIds"]), 1)

    def test_of_very_many_accounts_nobody_is_asked(self) -> None:
        self.patch(delivering, "MOST_ASKED", 0)
        self.submission("alice")
        self.deliver("alice@example.test", content=report(REPORTED))
        self.assertEqual((self.submission("alice")["dsnBlobIds"], self.count("alice")), ([], 1))

    def _row(self, tx: Any) -> Any:
        (id,) = tx.mail.page(self.ids["alice"], limit=1).ids
        return tx.mail.list_rows(self.ids["alice"], (id,))[id]


class DeliveringTests(DeliveringCase):
    """One message for one account or several."""

    def test_each_gets_it_once(self) -> None:
        self.mailing_list("all", "alice@example.test", "bob@example.test")
        found = self.deliver("alice@example.test", "al@example.test", "all@example.test")
        self.assertEqual(list(found), ["alice", "bob"])
        self.assertTrue(all(isinstance(outcome, AddedEmail) for outcome in found.values()))
        self.assertEqual((self.count("alice"), self.count("bob")), (1, 1))

    def test_the_same_from_another_sender_is_another_one(self) -> None:
        for sender in ("a@sender.test", "b@sender.test", "a@sender.test", ""):
            self.deliver("alice@example.test", sender=sender)
        self.assertEqual(self.count("alice"), 3)

    def test_without_a_message_id_it_may_be_meant(self) -> None:
        for _ in range(2):
            self.deliver("alice@example.test", has_message_id=False)
        self.assertEqual(self.count("alice"), 2)

    def test_into_another_folder(self) -> None:
        self.deliver("alice@example.test", folder="junk")
        id = self.ids["alice"]
        junk = self.successResultOf(self.store.read(lambda tx: tx.mail.mailboxes.by_role(id, "junk")))
        self.assertEqual(junk.total, 1)

    def test_all_or_nobody(self) -> None:
        self.person("carol", quotas={"maxDiskQuota": 10})
        resolved = [self.resolve(f"{name}@example.test") for name in ("alice", "carol")]
        work = self.delivering.deliver(self.prepare(), resolved, sender="", all_or_nobody=True)
        self.failureResultOf(Deferred.fromCoroutine(work), OverQuota)
        self.assertEqual(self.count("alice"), 0)
        found = self.deliver("alice@example.test", "carol@example.test")
        self.assertIsInstance(found["carol"], OverQuota)
        self.assertEqual((self.count("alice"), self.count("carol")), (1, 0))

    def test_members_of_a_list_need_no_room(self) -> None:
        self.person("carol", quotas={"maxDiskQuota": 10})
        self.mailing_list("all", "alice@example.test", "carol@example.test")
        found = self.deliver("all@example.test", all_or_nobody=True)
        self.assertIsInstance(found["carol"], OverQuota)
        self.assertEqual(self.count("alice"), 1)

    def test_of_many_each_gets_it(self) -> None:
        self.patch(delivering, "ACCOUNTS_AT_ONCE", 2)
        names = [f"p{number}" for number in range(5)]
        for name in names:
            self.person(name)
        found = self.deliver(*(f"{name}@example.test" for name in names), has_message_id=False)
        self.assertEqual(list(found), names)
        self.deliver(*(f"{name}@example.test" for name in names), has_message_id=False)
        self.assertEqual([self.count(name) for name in names], [1] * 5)

    def test_what_is_besides_comes_once_though_some_of_many_fail_at_first(self) -> None:
        self.patch(delivering, "ACCOUNTS_AT_ONCE", 1)
        write, writes, written = self.store.write, [0], []

        def failing(work: Any) -> Any:
            writes[0] += 1
            return fail(Unavailable()) if writes[0] == 2 else write(work)

        resolved = [self.resolve(f"{name}@example.test") for name in ("alice", "bob")]
        options: dict[str, Any] = {"sender": "", "besides": lambda tx, found: written.append(set(found))}
        first, second = self.prepare(), self.prepare()
        self.patch(self.store, "write", failing)
        work = self.delivering.deliver(first, resolved, **options)
        self.failureResultOf(Deferred.fromCoroutine(work), Unavailable)
        self.assertEqual(written, [])
        self.settle(self.delivering.deliver(second, resolved, **options))
        self.assertEqual(written, [{self.ids["alice"], self.ids["bob"]}])
        self.assertEqual((self.count("alice"), self.count("bob")), (1, 1))

    def test_a_file_that_nobody_keeps_is_removed(self) -> None:
        large = MESSAGE + (b"x" * 98 + b"\r\n") * 2000
        dropped: list[Any] = []
        self.patch(self.messages, "drop", dropped.extend)
        self.deliver("alice@example.test", content=large)
        self.assertEqual(dropped, [])
        self.deliver("alice@example.test", content=large)
        self.assertEqual([each.size for each in dropped], [len(large)])

    def test_a_file_is_removed_when_nothing_could_be_stored(self) -> None:
        large = MESSAGE + (b"x" * 98 + b"\r\n") * 2000
        prepared = self.prepare(large)
        assert prepared.stored is not None
        self.patch(self.delivering, "_add", lambda *_: _unavailable())
        work = self.delivering.deliver(prepared, [self.resolve("alice@example.test")], sender="")
        self.failureResultOf(Deferred.fromCoroutine(work), Unavailable)
        self.assertFalse(self.store.blob_files.exists(prepared.hash))


def _unavailable() -> None:
    raise Unavailable


class AccountsTests(DeliveringCase):
    """What is read out of resolved addresses."""

    def test_accounts(self) -> None:
        one, other = Resolved((1,)), Resolved((2, 1, 3), is_shared=True)
        self.assertEqual(accounts_of((one, other)), [1, 2, 3])
        self.assertEqual(accounts_alone((one, other, evolve(one, accounts=()))), frozenset((1,)))
