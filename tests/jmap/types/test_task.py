"""``x:Task``: who may make which tasks, moving and removing them, and the order of queries."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.errors import Invalid
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.task import BUSY, TaskHandler, is_internal
from stalwart.tasks.runner import TaskRunner
from stalwart.tasks.scheduling import schedule
from stalwart.tasks.work import Work
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.jmap.desk import Desk, access
from tests.web.fakes import EPOCH

GET, SET, QUERY = "x:Task/get", "x:Task/set", "x:Task/query"
VERBS = ("sysTaskGet", "sysTaskQuery", "sysTaskCreate", "sysTaskUpdate", "sysTaskDestroy")
ALL = ("taskStoreMaintenance", "taskAcmeRenewal", "taskDestroyAccount")
LATER = {"@type": "Pending", "due": "2040-01-01T00:00:00Z"}
PURGE = {"@type": "StoreMaintenance", "maintenanceType": "purgeData"}


class TaskTests(SynchronousTestCase):
    """A runner with one work."""

    def setUp(self) -> None:
        first = Desk()
        self.store, self.clock = first.store, first.clock
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        settings = Settings(self.store, telemetry, self.clock)
        self.done: list[str] = []
        self.gate: Deferred[None] | None = None
        works = {"StoreMaintenance": Work(self._work_on, lambda task: task.maintenance_type, self._check)}
        self.runner = TaskRunner(self.store, settings, telemetry, self.clock, works)
        self.runner.start()
        self.addCleanup(lambda: self.successResultOf(Deferred.fromCoroutine(self.runner.close())))
        self.services = {"settings": settings, "tasks": self.runner, "store": self.store, "clock": self.clock}
        self.open(*VERBS, *ALL)

    def open(self, *permissions: str) -> None:
        """Alice has these permissions."""
        who = access(permissions=frozenset(("authenticate", *permissions)))
        self.desk = Desk(*type_methods(Task, TaskHandler), services=self.services, who=who)

    async def _work_on(self, task: Any) -> None:
        if self.gate is not None:
            await self.gate
        self.done.append(task.maintenance_type)

    def _check(self, task: Any) -> None:
        if task.maintenance_type == "reindexAccounts":
            raise Invalid("There is no index.", ("maintenanceType",))

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the answer."""
        ((_, found, _),) = self.desk.responses([name, arguments, "0"])
        return found

    def create(self, **members: Any) -> Any:
        """The answer to a creation: the members of the new task, or a SetError."""
        found = self.call(SET, {"create": {"a": members}})
        return (found["created"] or found["notCreated"])["a"]

    def get(self, id: str) -> Any:
        return self.call(GET, {"ids": [id]})["list"][0]

    def add(self, due: float, **members: Any) -> str:
        """A task made by the server; its id."""
        data = {"maintenanceType": "purgeData"} | members
        adding = self.store.write(lambda tx: schedule(tx, "StoreMaintenance", data, due, EPOCH))
        return encode_id(self.successResultOf(adding))


class MakingTests(TaskTests):
    """Creations."""

    def test_new_task_is_begun_at_once(self) -> None:
        self.assertEqual(list(self.create(**PURGE)), ["id"])
        self.assertEqual(self.done, ["purgeData"])

    def test_task_can_be_made_for_later(self) -> None:
        found = self.get(self.create(**PURGE, status=LATER)["id"])
        self.assertEqual((found["due"], found["status"]["@type"], self.done), (LATER["due"], "Pending", []))

    def test_variant_has_a_permission_of_its_own(self) -> None:
        self.open(*VERBS)
        error = self.create(**PURGE)
        self.assertEqual((error["type"], "StoreMaintenance" in error["description"]), ("forbidden", True))

    def test_type_has_its_permission_too(self) -> None:
        self.open(*ALL)
        ((name, error, _),) = self.desk.responses([SET, {"create": {"a": PURGE}}, "0"])
        self.assertEqual((name, error["type"]), ("error", "forbidden"))

    def test_only_the_server_makes_internal_tasks(self) -> None:
        error = self.create(**{"@type": "DestroyAccount", "accountId": "f"})
        self.assertEqual(error["type"], "forbidden")
        internal = {name for name, variant in Task.variants.items() if is_internal(variant)}
        alarms = {"CalendarAlarmEmail", "CalendarAlarmNotification", "CalendarItipMessage", "MergeThreads"}
        reports = {"DmarcReport", "TlsReport", "RestoreArchivedItem", "DestroyAccount", "IndexTrace"}
        self.assertEqual(internal, alarms | reports)

    def test_task_without_a_work_says_what_is_missing(self) -> None:
        error = self.create(**{"@type": "AcmeRenewal", "domainId": "b"})
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["@type"]))
        self.assertIn("AcmeRenewal tasks cannot be made", error["description"])

    def test_kind_that_the_work_does_not_know_is_refused(self) -> None:
        error = self.create(**PURGE | {"maintenanceType": "reindexAccounts"})
        expected = {"type": "invalidProperties", "description": "There is no index.", "properties": ["maintenanceType"]}
        self.assertEqual(error, expected)

    def test_unknown_variants_and_members_are_refused(self) -> None:
        for members in ({"@type": "Nothing"}, {"@type": 5}, {}, PURGE | {"due": LATER["due"]}, PURGE | {"x": 1}):
            self.assertEqual(self.create(**members)["type"], "invalidPatch", members)


class ChangingTests(TaskTests):
    """Updates and removals."""

    def update(self, id: str, patch: dict[str, Any]) -> Any:
        found = self.call(SET, {"update": {id: patch}})
        return found["notUpdated"][id] if found["notUpdated"] else found["updated"]

    def destroy(self, id: str) -> Any:
        return self.call(SET, {"destroy": [id]})["destroyed"]

    def test_task_is_moved_to_another_time(self) -> None:
        id = self.add(EPOCH + 50)
        self.assertEqual(self.update(id, {"status": LATER}), {id: None})
        self.clock.advance(100)
        self.assertEqual((self.get(id)["due"], self.done), (LATER["due"], []))

    def test_task_that_is_moved_to_now_begins(self) -> None:
        id = self.add(EPOCH + 50)
        self.update(id, {"status": {"@type": "Pending"}})
        self.assertEqual(self.done, ["purgeData"])

    def test_task_that_is_being_worked_on_cannot_be_changed(self) -> None:
        self.gate = Deferred()
        id = self.create(**PURGE)["id"]
        self.assertEqual(self.update(id, {"status": LATER}), {"type": "forbidden", "description": BUSY})
        self.gate.callback(None)
        self.assertEqual(self.update(id, {"status": LATER})["type"], "notFound")

    def test_what_a_task_is_about_cannot_be_changed(self) -> None:
        id = self.add(EPOCH + 50)
        self.assertEqual(self.update(id, {"maintenanceType": "purgeBlob"})["type"], "invalidPatch")
        self.assertEqual(self.update(id, {"due": LATER["due"]})["type"], "invalidPatch")

    def test_removed_task_is_not_done(self) -> None:
        id = self.add(EPOCH + 50)
        self.assertEqual(self.destroy(id), [id])
        self.clock.advance(100)
        self.assertEqual(self.done, [])

    def test_work_on_a_removed_task_is_cancelled(self) -> None:
        self.gate = Deferred()
        id = self.create(**PURGE)["id"]
        self.destroy(id)
        self.assertEqual((self.runner.is_running(decode_id(id)), self.gate.called, self.done), (False, True, []))


class QueryTests(TaskTests):
    """Order and filters."""

    def setUp(self) -> None:
        super().setUp()
        self.late = [self.add(EPOCH + 300, maintenanceType="purgeBlob") for _ in range(3)]
        self.soon = [self.add(EPOCH + 100) for _ in range(3)]
        self.failed = [self.add(EPOCH + 50) for _ in range(2)]
        status = {"@type": "Failed", "failureReason": "x"}
        self.call(SET, {"update": {id: {"status": status} for id in self.failed}})
        self.order = [*self.failed[::-1], *self.soon[::-1], *self.late[::-1]]

    def query(self, **arguments: Any) -> list[str]:
        found: list[str] = self.call(QUERY, arguments)["ids"]
        return found

    def test_failed_ones_come_first_then_the_next_ones_newest_first(self) -> None:
        self.assertEqual(self.query(), self.order)

    def test_every_page_is_a_part_of_that_order(self) -> None:
        for position in range(9):
            for limit in range(1, 9):
                expected = self.order[position : position + limit]
                self.assertEqual(self.query(position=position, limit=limit), expected, (position, limit))

    def test_anchors_and_totals_follow_it(self) -> None:
        for place, id in enumerate(self.order):
            found = self.call(QUERY, {"anchor": id, "limit": 2, "calculateTotal": True})
            self.assertEqual((found["position"], found["total"]), (place, 8))
            self.assertEqual(found["ids"], self.order[place : place + 2])
        self.assertEqual(self.call(QUERY, {"anchor": "b"})["type"], "anchorNotFound")

    def test_status_narrows_to_failed_ones_only(self) -> None:
        self.assertEqual(self.query(filter={"status": "Failed"}), self.order[:2])
        self.assertEqual(self.query(filter={"status": "Pending"}), self.order)

    def test_variant_and_time_can_be_asked_for(self) -> None:
        due = self.get(self.soon[0])["due"]
        self.assertEqual(self.query(filter={"@type": "StoreMaintenance"}), self.order)
        self.assertEqual(self.query(filter={"@type": "MergeThreads"}), [])
        self.assertEqual(self.query(filter={"dueIsLessThanOrEqual": due}), self.order[2:5])
        self.assertEqual(self.query(filter={"dueIsGreaterThan": due}), self.order[5:])
        self.assertEqual(self.call(QUERY, {"filter": {"maintenanceType": "purgeData"}})["type"], "unsupportedFilter")

    def test_other_orders_can_be_asked_for(self) -> None:
        latest = self.query(sort=[{"property": "due", "isAscending": False}], limit=3)
        self.assertEqual(latest, self.late[::-1])
        self.assertEqual(self.call(QUERY, {"sort": [{"property": "status"}]})["type"], "unsupportedSort")
