"""Every account gets its default folders once, whoever asks first."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from stalwart.config.collaboration.email import Email
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.mail.messages.folders import USUAL, Folders, name_key, wanted
from stalwart.telemetry import Telemetry
from tests.directory.world import NOW, World
from tests.store.opened import opened


class FolderTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user()
        self.folders = Folders(self.store, self.settings, self.clock)

    def configure(self, **folders: Any) -> None:
        self.settle(self.settings.change(Email, {"defaultFolders": folders}))

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def rows(self) -> list[Any]:
        return self.write(lambda tx: tx.mail.mailboxes.list(self.alice))

    def named(self) -> dict[str, str | None]:
        return {row.name: row.role for row in self.rows()}

    def test_usual_folders_are_made(self) -> None:
        self.settle(self.folders.ensure(self.alice))
        self.assertEqual([(row.role, row.name) for row in self.rows()], [(each.role, each.name) for each in USUAL])
        self.assertEqual({str(row.data) for row in self.rows()}, {"{'isSubscribed': True}"})
        self.assertEqual({(row.parent_id, row.sort_order, row.uidvalidity) for row in self.rows()}, {(None, 0, NOW)})

    def test_they_are_made_once(self) -> None:
        for folders in (self.folders, self.folders, Folders(self.store, self.settings, self.clock)):
            self.settle(folders.ensure(self.alice))
        self.assertEqual(len(self.rows()), 5)

    def test_one_that_was_deleted_does_not_come_back(self) -> None:
        self.settle(self.folders.ensure(self.alice))
        rows = self.rows()
        self.write(lambda tx: [tx.mail.mailboxes.delete(self.alice, row.id, now=NOW) for row in rows])
        self.settle(Folders(self.store, self.settings, self.clock).ensure(self.alice))
        self.write(lambda tx: self.folders.ensure_in(tx, self.alice, NOW))
        self.assertEqual(self.rows(), [])

    def test_where_there_is_no_account_nothing_is_made(self) -> None:
        self.settle(self.folders.ensure(99))
        self.assertEqual(self.write(lambda tx: tx.mail.mailboxes.list(99)), [])
        self.failureResultOf(self.store.write(lambda tx: self.folders.ensure_in(tx, 99, NOW)), NotFound)
        self.settle(self.folders.ensure(99))  # not remembered

    def test_the_settings_say_which(self) -> None:
        self.configure(
            archive={"name": "Archiv"},
            inbox={"name": "Eingang", "subscribe": False},
            junk={"name": "Spam", "create": False},
        )
        self.settle(self.folders.ensure(self.alice))
        self.assertEqual([(row.name, row.role, row.data) for row in self.rows()], [
            ("Eingang", "inbox", None if self.rows()[0].data is None else {}),
            ("Archiv", "archive", {"isSubscribed": True}),
        ])  # fmt: skip

    def test_there_is_always_an_inbox(self) -> None:
        self.configure(sent={"name": "Inbox"}, archive={"name": "INBOX"})
        self.settle(self.folders.ensure(self.alice))
        self.assertEqual(self.named(), {"Inbox": "inbox", "Inbox 2": "sent", "INBOX 3": "archive"})
        self.assertEqual(wanted({}), USUAL)

    def test_a_delivery_finds_its_place(self) -> None:
        place = self.write(lambda tx: self.folders.place(tx, self.alice, "inbox", NOW))
        self.assertEqual((place, len(self.rows())), (self.rows()[0].id, 5))
        for role in ("junk", "inbox"):
            found = self.write(lambda tx, role=role: tx.mail.mailboxes.by_role(self.alice, role))
            self.write(lambda tx, id=found.id: tx.mail.mailboxes.delete(self.alice, id, now=NOW))
        self.configure(junk={"name": "Müll", "create": False})
        self.write(lambda tx: self.folders.place(tx, self.alice, "junk", NOW))
        self.write(lambda tx: self.folders.place(tx, self.alice, "inbox", NOW))
        self.write(lambda tx: self.folders.place(tx, self.alice, "snoozed", NOW))
        self.assertEqual((self.named()["Müll"], self.named()["Inbox"], self.named()["Snoozed"]),
                         ("junk", "inbox", "snoozed"))  # fmt: skip

    def test_names_differ_by_more_than_case_and_composition(self) -> None:
        self.assertEqual(name_key("Straße"), name_key("STRASSE"))
        self.assertEqual(name_key("e\u0301"), name_key("É"))
        self.assertNotEqual(name_key("a"), name_key("a "))


class TogetherTests(TestCase):
    """Over a real store."""

    timeout = 20

    async def test_many_who_ask_at_once_get_the_same_folders(self) -> None:
        from twisted.internet import reactor

        path = self.mktemp()
        stores = [await opened(self, path) for _ in range(2)]
        await stores[0].write(lambda tx: tx.accounts.create(5, "alice", "user"))
        folders = [Folders(store, Settings(store, Telemetry(), reactor), reactor) for store in stores for _ in range(4)]
        await gatherResults([Deferred.fromCoroutine(each.ensure(5)) for each in folders])
        rows = await stores[1].read(lambda tx: tx.mail.mailboxes.list(5))
        self.assertEqual([row.role for row in rows], [each.role for each in USUAL])
