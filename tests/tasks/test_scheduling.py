"""Tasks that other parts make."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.directory import account_records
from stalwart.errors import NotFound
from stalwart.tasks.scheduling import schedule, schedule_destroy, tasks_of_domain
from tests.tasks.world import NOW, TaskCase


class SchedulingTests(TaskCase):
    def test_task_has_its_time_and_the_members_of_the_server(self) -> None:
        id = self.write(lambda tx: schedule(tx, "MergeThreads", {"threadName": "hello"}, NOW + 9.7, NOW))
        task = self.task(id)
        shown = (task.tag, task.thread_name, task.due, task.status.tag, task.status.created_at)
        self.assertEqual(shown, ("MergeThreads", "hello", NOW + 9, "Pending", NOW))

    def make_account(self) -> int:
        def make(tx: object) -> int:
            registry.create(tx, Domain, {"name": "example.org"}, now=NOW)  # type: ignore[arg-type]
            members = {"@type": "User", "name": "alice", "domainId": "b"}
            return account_records.insert(tx, members, NOW).id  # type: ignore[arg-type]

        return int(self.write(make))

    def test_tasks_of_a_domain_are_those_of_one_variant_and_one_domain(self) -> None:
        one, other = (
            self.write(lambda tx, name=name: registry.create(tx, Domain, {"name": name}, now=NOW).id)
            for name in ("one.test", "other.test")
        )

        def make(variant: str, id: int) -> int:
            made: int = self.write(lambda tx: schedule(tx, variant, {"domainId": encode_id(id)}, NOW, NOW))
            return made

        wanted = [make("DkimManagement", one), make("DkimManagement", one)]
        make("DkimManagement", other)
        make("AcmeRenewal", one)
        found = self.write(lambda tx: tasks_of_domain(tx, "DkimManagement", one))
        self.assertEqual(sorted(found), wanted)
        self.assertEqual({data["domainId"] for data in found.values()}, {encode_id(one)})

    def test_address_of_a_deleted_account_is_free_at_once(self) -> None:
        id = self.make_account()

        def delete(tx: object) -> int:
            task = schedule_destroy(tx, id, NOW)  # type: ignore[arg-type]
            registry.destroy(tx, Account, id)  # type: ignore[arg-type]
            return task

        task = self.task(self.write(delete))
        known = (task.account_id, task.account_name, task.account_domain_id, task.account_type, task.due)
        self.assertEqual(known, (id, "alice", 1, "User", NOW))
        members = {"@type": "User", "name": "alice", "domainId": "b"}
        again = self.write(lambda tx: account_records.insert(tx, members, NOW).id)
        self.assertNotEqual(again, id)
        self.assertIsNotNone(self.write(lambda tx: tx.accounts.get(id)))

    def test_object_of_the_account_may_be_gone_already_and_the_data_may_wait(self) -> None:
        id = self.make_account()
        self.write(lambda tx: registry.destroy(tx, Account, id))
        task = self.task(self.write(lambda tx: schedule_destroy(tx, id, NOW, due=NOW + 500)))
        self.assertEqual((task.account_id, task.account_type, task.due), (id, "User", NOW + 500))

    def test_account_that_is_not_there_cannot_be_destroyed(self) -> None:
        self.failureResultOf(self.store.write(lambda tx: schedule_destroy(tx, 77, NOW)), NotFound)
