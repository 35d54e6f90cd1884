"""The works of maintenance, run as tasks."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.search_document import Document, columns, pack
from stalwart.codec.search_terms import question
from stalwart.config.operation.task import Task
from stalwart.errors import Invalid
from stalwart.store.mail_rows import NewEmail
from stalwart.store.mail_text import IndexedText
from stalwart.tasks.cleaning import FOLDER_PAUSE, Cleaning
from stalwart.tasks.maintenance import auth_token_removal, maintenance_works
from stalwart.tasks.scheduling import schedule_destroy
from stalwart.tasks.work import Work
from tests.tasks.world import NOW, TaskCase

ACCOUNT = {"accountId": "f"}  # 5


class MaintenanceTests(TaskCase):
    def setUp(self) -> None:
        super().setUp()
        self.resets: list[str] = []
        cleaning = Cleaning(self.store, self.settings, self.clock)
        self.works = maintenance_works(cleaning, {"resetRateLimiters": self._reset})
        self.write(lambda tx: tx.registry.insert("Account", {"@type": "User"}, id=5))
        self.write(lambda tx: tx.accounts.create(5, "alice@example.org", "user"))

    async def _reset(self) -> None:
        self.resets.append("limits")

    def run_task(self, variant: str, **members: Any) -> None:
        """Run a task to its end."""
        id = self.add(variant, **members)
        self.runner(self.works)
        self.clock.pump([FOLDER_PAUSE] * 256)
        self.assertIsNone(self.task(id))

    def refusal(self, variant: str, **members: Any) -> Invalid:
        """What the check of a task raises."""
        task = Task.from_wire({"@type": variant, **members})
        return self.assertRaises(Invalid, self.works[variant].check, task)

    def test_purge_of_an_account_runs(self) -> None:
        self.write(lambda tx: [tx.objects.insert(5, 1, now=NOW) for _ in range(10_001)])
        self.run_task("AccountMaintenance", **ACCOUNT, maintenanceType="purge")
        self.assertIsNone(self.write(lambda tx: tx.objects.changes(5, 1, 0)))
        self.assertIsNotNone(self.write(lambda tx: tx.objects.changes(5, 1, 1, limit=1)))

    def test_purges_empty_the_trash(self) -> None:
        for members in (
            {"variant": "AccountMaintenance", **ACCOUNT, "maintenanceType": "purge"},
            {"variant": "StoreMaintenance", "maintenanceType": "purgeAccounts"},
        ):
            trash = self.write(lambda tx: self.trash(tx))
            self.run_task(**members)
            self.assertEqual(self.write(lambda tx, id=trash: tx.mail.mailboxes.get(5, id)).total, 0)

    def trash(self, tx: Any) -> int:
        """The trash, with an e-mail that has been there for long."""
        found = tx.mail.mailboxes.by_role(5, "trash")
        id = found.id if found else tx.mail.mailboxes.create(5, "Trash", "trash", now=NOW, role="trash").id
        new = NewEmail(blob=tx.blobs.put(b"x", NOW).hash, size=1, received_at=1, mailboxes=frozenset({id}))
        tx.mail.add_email(5, new, now=NOW - 31 * 86_400)
        return int(id)

    def test_mail_is_indexed_again(self) -> None:
        trash = self.write(lambda tx: self.trash(tx))
        (id,) = self.write(lambda tx: tx.mail.page(5, limit=9, mailbox=trash)).ids
        for members in (
            {"variant": "AccountMaintenance", **ACCOUNT, "maintenanceType": "reindex"},
            {"variant": "StoreMaintenance", "maintenanceType": "reindexAccounts"},
            {"variant": "IndexDocument", **ACCOUNT, "documentType": "email", "documentId": encode_id(id)},
        ):
            self.write(lambda tx: tx.mail_text.forget([(5, id)]))
            self.run_task(**members)
            self.assertEqual(self.write(lambda tx: tx.mail_text.waiting_of(5, 9)), [(5, id)])

    def test_the_text_of_an_e_mail_is_forgotten(self) -> None:
        trash = self.write(lambda tx: self.trash(tx))
        (id,) = self.write(lambda tx: tx.mail.page(5, limit=9, mailbox=trash)).ids
        text = IndexedText(pack(Document(body="needle")), columns(Document(body="needle")))
        self.write(lambda tx: tx.mail_text.index([(5, id, text)]))
        found = question("needle")
        self.assertEqual(self.write(lambda tx: tx.mail_text.match(5, found)), {id})
        self.run_task("UnindexDocument", **ACCOUNT, documentType="email", documentId=encode_id(id))
        self.assertEqual(self.write(lambda tx: (tx.mail_text.match(5, found), tx.mail_text.waiting(5))), (set(), 0))

    def test_only_mail_is_indexed(self) -> None:
        problem = self.refusal("IndexDocument", **ACCOUNT, documentType="file", documentId="b")
        self.assertEqual(problem.properties, ("documentType",))

    def test_bytes_of_an_account_are_counted(self) -> None:
        self.write(lambda tx: tx.objects.insert(5, 1, now=NOW, size=40))
        self.write(lambda tx: tx._session.run("UPDATE account SET used_octets = 9"))
        self.run_task("AccountMaintenance", **ACCOUNT, maintenanceType="recalculateQuota")
        self.assertEqual(self.write(lambda tx: tx.accounts.get(5)).used_octets, 40)

    def test_expired_data_and_unused_blobs_go(self) -> None:
        self.write(lambda tx: tx.counters.increment("x", NOW))
        blob = self.write(lambda tx: tx.blobs.put(b"x", NOW - 90_000))
        self.run_task("StoreMaintenance", maintenanceType="purgeData")
        self.assertEqual(self.write(lambda tx: tx.counters.value("x")), 0)
        self.run_task("StoreMaintenance", maintenanceType="purgeBlob")
        self.assertIsNone(self.write(lambda tx: tx.blobs.find(blob.hash)))

    def test_accounts_are_purged_and_counted_together(self) -> None:
        self.write(lambda tx: tx._session.run("UPDATE account SET used_octets = 9"))
        self.run_task("StoreMaintenance", maintenanceType="purgeAccounts")
        self.run_task("StoreMaintenance", maintenanceType="resetUserQuotas")
        self.assertEqual(self.write(lambda tx: tx.accounts.get(5)).used_octets, 0)

    def test_other_parts_add_their_steps(self) -> None:
        self.run_task("StoreMaintenance", maintenanceType="resetRateLimiters")
        self.assertEqual(self.resets, ["limits"])

    def test_tokens_of_everybody_can_be_removed(self) -> None:
        forgotten: list[str] = []
        cleaning = Cleaning(self.store, self.settings, self.clock)
        step = auth_token_removal(cleaning, lambda: forgotten.append("all"))
        self.works = maintenance_works(cleaning, {"removeAuthTokens": step})
        made = [
            self.write(lambda tx, id=id: tx.sign_ins.insert(id, "app", {}, now=NOW, expires_at=NOW + 10**9))
            for id in (5, 6)
        ]
        self.run_task("StoreMaintenance", maintenanceType="removeAuthTokens")
        self.assertEqual([self.write(lambda tx, id=each.id: tx.sign_ins.get(id, NOW)) for each in made], [None, None])
        self.assertEqual(forgotten, ["all"])

    def test_account_that_is_gone_is_erased(self) -> None:
        self.write(lambda tx: schedule_destroy_without_object(tx))
        self.runner(self.works)
        self.assertIsNone(self.write(lambda tx: tx.accounts.get(5)))

    def test_kinds_without_a_part_behind_them_are_refused(self) -> None:
        for type in ("recalculateImapUid",):
            problem = self.refusal("AccountMaintenance", **ACCOUNT, maintenanceType=type)
            self.assertEqual(problem.properties, ("maintenanceType",))
            self.assertIn(type, problem.detail)
        for type in ("reindexTelemetry", "resetBlobQuotas", "removeAuthTokens"):
            self.assertIn(type, self.refusal("StoreMaintenance", maintenanceType=type).detail)

    def test_parts_of_a_store_are_refused(self) -> None:
        problem = self.refusal("StoreMaintenance", maintenanceType="purgeData", shardIndex=1)
        self.assertEqual(problem.properties, ("shardIndex",))

    def test_tasks_of_one_account_wait_for_each_other(self) -> None:
        def key(variant: str, **members: Any) -> Any:
            work: Work = self.works[variant]
            return work.key(Task.from_wire({"@type": variant, **members}, by_server=True))

        purge = key("AccountMaintenance", **ACCOUNT, maintenanceType="purge")
        self.assertEqual(purge, key("DestroyAccount", accountId="f"))
        self.assertNotEqual(purge, key("AccountMaintenance", accountId="g", maintenanceType="purge"))


def schedule_destroy_without_object(tx: Any) -> None:
    """As the deletion of an account does."""
    tx.registry.delete("Account", 5)
    schedule_destroy(tx, 5, NOW)
