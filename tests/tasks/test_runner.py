"""The runner: what is run when, what becomes of failures, and that nothing is lost when the process ends."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from stalwart.config import index, registry
from stalwart.config.operation.task import Task
from stalwart.errors import Unavailable
from stalwart.tasks.runner import MOST_AT_ONCE, REST
from stalwart.tasks.work import HopelessTask, LaterTask
from tests.tasks.world import NOW, FakeWork, TaskCase

KIND = "StoreMaintenance"


class TimeTests(TaskCase):
    """When tasks run."""

    def setUp(self) -> None:
        super().setUp()
        self.fake = FakeWork()

    def test_due_task_is_done_at_the_start_and_removed(self) -> None:
        id = self.add()
        self.runner({KIND: self.fake.work()})
        self.assertEqual([task.maintenance_type for task in self.fake.ended], ["purgeData"])
        self.assertIsNone(self.task(id))
        self.assertEqual(self.names(), ["task-manager.task-started", "task-manager.task-completed"])

    def test_later_task_waits_for_its_time(self) -> None:
        self.add(due=NOW + 5000)
        self.runner({KIND: self.fake.work()})
        self.clock.pump([3600, 1399])
        before = len(self.fake.ended)
        self.clock.advance(1)
        self.assertEqual((before, len(self.fake.ended)), (0, 1))

    def test_new_task_is_noticed_when_somebody_wakes_the_runner(self) -> None:
        runner = self.runner({KIND: self.fake.work()})
        self.add()
        before = len(self.fake.ended)
        runner.wake()
        self.assertEqual((before, len(self.fake.ended)), (0, 1))

    def test_tasks_run_in_the_order_of_their_times(self) -> None:
        for type, due in (("purgeData", NOW - 1), ("purgeBlob", NOW - 3), ("purgeAccounts", NOW - 2)):
            self.add(due=due, maintenanceType=type)
        self.runner({KIND: self.fake.work()})
        order = [task.maintenance_type for task in self.fake.ended]
        self.assertEqual(order, ["purgeBlob", "purgeAccounts", "purgeData"])

    def test_work_can_ask_to_run_again_later(self) -> None:
        id = self.add()
        self.fake.again = NOW + 100
        self.runner({KIND: self.fake.work()})
        status = self.task(id).status
        self.assertEqual((status.tag, status.due, status.created_at), ("Pending", NOW + 100, NOW))
        self.fake.again = None
        self.clock.advance(100)
        self.assertEqual((len(self.fake.ended), self.task(id)), (2, None))

    def test_waking_before_the_start_does_nothing(self) -> None:
        self.add()
        self.runner({KIND: self.fake.work()}, start=False).wake()
        self.assertEqual(self.fake.asked, [])


class SideBySideTests(TaskCase):
    """How many run at once."""

    def setUp(self) -> None:
        super().setUp()
        self.fake = FakeWork()
        self.gate = self.fake.gate = Deferred()

    def test_tasks_of_one_key_run_one_after_the_other(self) -> None:
        for _ in range(3):
            self.add()
        self.runner({KIND: self.fake.work()})
        before = len(self.fake.asked)
        self.gate.callback(None)
        self.assertEqual((before, len(self.fake.ended)), (1, 3))

    def test_no_more_than_a_few_run_at_once(self) -> None:
        for _ in range(MOST_AT_ONCE + 2):
            self.add()
        self.runner({KIND: self.fake.work(key=id)})
        before = len(self.fake.asked)
        self.gate.callback(None)
        self.assertEqual((before, len(self.fake.ended)), (MOST_AT_ONCE, MOST_AT_ONCE + 2))

    def test_running_task_is_known(self) -> None:
        id, runner = self.add(), self.runner({KIND: self.fake.work()})
        before = runner.is_running(id)
        self.gate.callback(None)
        self.assertEqual((before, runner.is_running(id)), (True, False))

    def test_whoever_wants_to_know_is_told_what_runs(self) -> None:
        first, second = self.add(), self.add(maintenanceType="purgeBlob")
        told: list[list[int]] = []
        runner = self.runner({KIND: self.fake.work()}, start=False)
        runner.noted = lambda ids: told.append(list(ids))
        runner.start()
        self.assertEqual(told, [[first], [first, second]])
        self.gate.callback(None)
        self.assertEqual(told[-1], [])
        self.done(runner.close())

    def test_work_that_is_cancelled_or_fails_is_told_as_ended(self) -> None:
        first, second = self.add(), self.add(maintenanceType="purgeBlob")
        told: list[list[int]] = []
        self.fake.failures = [Unavailable("no")]
        runner = self.runner({KIND: self.fake.work()}, start=False)
        runner.noted = lambda ids: told.append(list(ids))
        runner.start()
        self.write(lambda tx: registry.destroy(tx, Task, first))
        runner.cancel(first)
        self.assertEqual(told[-1], [second])
        self.gate.callback(None)
        self.assertEqual(told[-1], [])
        self.done(runner.close())

    def test_removed_task_is_cancelled_and_the_next_one_begins(self) -> None:
        first, second = self.add(), self.add()
        runner = self.runner({KIND: self.fake.work()})
        self.write(lambda tx: registry.destroy(tx, Task, first))
        runner.cancel(first)
        self.assertEqual((runner.is_running(first), runner.is_running(second)), (False, True))
        self.assertNotIn("task-manager.task-retried", self.names())

    def test_task_that_was_moved_while_it_ran_stays(self) -> None:
        id = self.add()
        self.runner({KIND: self.fake.work()})
        patch = {"status": {"@type": "Pending", "due": "2040-01-01T00:00:00Z"}}
        self.write(lambda tx: registry.update(tx, Task, id, patch, now=NOW))
        self.gate.callback(None)
        self.assertEqual(self.task(id).due, 2208988800)

    def test_end_of_the_process_leaves_the_task_due(self) -> None:
        id = self.add()
        runner = self.runner({KIND: self.fake.work()})
        self.done(runner.close())
        self.assertEqual((self.task(id).status.tag, self.task(id).due), ("Pending", NOW))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        again = FakeWork()
        self.runner({KIND: again.work()})
        self.assertEqual((len(again.ended), self.task(id)), (1, None))

    def test_process_that_is_killed_leaves_the_task_due(self) -> None:
        id = self.add()
        self.runner({KIND: self.fake.work()})  # never gets to its end
        again = FakeWork()
        self.runner({KIND: again.work()})
        self.assertEqual((len(again.ended), self.task(id)), (1, None))


class FailureTests(TaskCase):
    """Attempts that fail."""

    def run_once(self, *failures: Exception, **members: Any) -> Any:
        """Run a task whose work fails so; the task."""
        self.fake = FakeWork(*failures)
        self.id = self.add()
        self.runner({KIND: self.fake.work(**members)})
        return self.task(self.id)

    def test_failure_is_tried_again_after_a_growing_wait(self) -> None:
        status = self.run_once(Unavailable("No disk."), Unavailable("Still none.")).status
        shown = (status.tag, status.due, status.attempt_number, status.failure_reason, status.created_at)
        self.assertEqual(shown, ("Retry", NOW + 60, 1, "No disk.", NOW))
        self.clock.advance(60)
        status = self.task(self.id).status
        self.assertEqual((status.due, status.attempt_number), (NOW + 60 + 120, 2))
        self.clock.advance(120)
        self.assertEqual((len(self.fake.ended), self.task(self.id)), (1, None))

    def test_last_attempt_fails_for_good(self) -> None:
        self.manage(maxAttempts=1)
        task = self.run_once(Unavailable("No disk."))
        status = task.status
        shown = (status.tag, status.failed_at, status.failed_attempt_number, status.failure_reason, task.due)
        self.assertEqual(shown, ("Failed", NOW, 1, "No disk.", None))
        self.clock.pump([3600] * 3)
        self.assertEqual(len(self.fake.asked), 1)
        self.assertIn("task-manager.task-failed", self.names())

    def test_hopeless_task_is_not_tried_again(self) -> None:
        self.assertEqual(
            self.run_once(HopelessTask("The domain is gone.")).status.failure_reason, "The domain is gone."
        )
        self.assertEqual(self.task(self.id).status.tag, "Failed")

    def test_work_may_say_when_it_is_tried_again(self) -> None:
        self.manage(maxAttempts=1)
        status = self.run_once(*[LaterTask("The authority asks for patience.", 7200.0)] * 3).status
        shown = (status.tag, status.due, status.attempt_number, status.failure_reason)
        self.assertEqual(shown, ("Retry", NOW + 7200, 1, "The authority asks for patience."))
        self.clock.pump([3600, 3599])
        self.assertEqual(len(self.fake.asked), 1)
        self.clock.advance(1)
        status = self.task(self.id).status
        self.assertEqual((status.tag, status.due, status.attempt_number), ("Retry", NOW + 2 * 7200, 2))
        self.assertNotIn("task-manager.task-failed", self.names())
        self.clock.pump([3600] * 4)
        self.assertEqual((len(self.fake.ended), self.task(self.id)), (1, None))

    def test_attempts_are_counted_until_one_succeeds(self) -> None:
        later = LaterTask("x", 60.0)
        self.fake = FakeWork(later, later, None, later)
        self.fake.again = NOW + 1000
        self.id = self.add()
        self.runner({KIND: self.fake.work()})
        self.clock.pump([60, 60])
        self.assertEqual((self.task(self.id).status.tag, self.task(self.id).due), ("Pending", NOW + 1000))
        self.clock.advance(880)
        self.assertEqual(self.task(self.id).status.attempt_number, 1)

    def test_text_of_a_fault_is_in_the_log_only(self) -> None:
        status = self.run_once(ValueError("token=secret")).status
        self.assertEqual(
            (status.tag, status.failure_reason), ("Retry", "A fault in the server; its log has the cause.")
        )
        self.assertIn("task-manager.error", self.names())

    def test_work_that_takes_too_long_is_cancelled(self) -> None:
        self.fake = FakeWork()
        self.fake.gate = Deferred()
        id = self.add()
        self.runner({KIND: self.fake.work(time_limit=30.0)})
        self.clock.advance(30)
        self.assertEqual(self.task(id).status.failure_reason, "It took longer than 30 seconds.")

    def test_task_that_nobody_can_do_fails_with_a_sentence(self) -> None:
        id = self.add("MergeThreads")
        self.runner({})
        self.assertEqual(self.task(id).status.tag, "Failed")

    def test_failed_task_that_is_moved_runs_again(self) -> None:
        self.run_once(HopelessTask("x"))
        patch = {"status": {"@type": "Pending"}}
        self.write(lambda tx: registry.update(tx, Task, self.id, patch, now=NOW))
        self.clock.advance(3600)
        self.assertEqual((len(self.fake.ended), self.task(self.id)), (1, None))

    def test_unreadable_task_is_told_once_and_stops_nobody(self) -> None:
        id = self.add()
        row = self.write(lambda tx: tx.registry.get("Task", id))
        broken = {**row.data, "maintenanceType": 5}
        rows = index.index_rows(Task, row.data)
        self.write(lambda tx: tx.registry.insert("Task", broken, id=7, index=rows))
        fake = FakeWork()
        runner = self.runner({KIND: fake.work()})
        runner.wake()
        self.assertEqual((len(fake.ended), self.names().count("task-manager.error")), (1, 1))

    def test_store_that_fails_is_asked_again_after_a_rest(self) -> None:
        self.add()
        fake = FakeWork()
        read, reads = self.store.read, []

        def refuse(_work: Any) -> Any:
            reads.append(1)
            return fail(Unavailable("no disk"))

        self.store.read = refuse
        runner = self.runner({KIND: fake.work()})
        runner.wake()
        self.assertEqual((len(reads), self.events), (1, [("task-manager.error", {"reason": "no disk"})]))
        self.store.read = read
        self.clock.advance(REST)
        self.assertEqual(len(fake.ended), 1)

    def test_result_that_cannot_be_written_is_not_tried_at_once(self) -> None:
        id = self.add()
        fake = FakeWork()
        write = self.store.write
        self.store.write = lambda _work: fail(Unavailable("no disk"))
        self.runner({KIND: fake.work()})
        before = len(fake.asked)
        self.store.write = write
        self.clock.advance(REST)
        self.assertEqual((before, len(fake.asked), self.task(id)), (1, 2, None))
