"""Tasks that one worker carries out and the others ask about."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.shared_tasks import SharedTasks
from stalwart.config import registry
from stalwart.config.operation.task import Task
from tests.tasks.world import FakeWork, TaskCase

KIND = "StoreMaintenance"


class SharedTasksTests(TaskCase):
    """``self.leader`` has a runner that works, ``self.other`` one that was never started."""

    def setUp(self) -> None:
        super().setUp()
        self.memory = SharedMemory.create(2)
        self.addCleanup(self.memory.close)
        self.fake = FakeWork()
        self.gate = self.fake.gate = Deferred()
        self.leads = True
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.runner_of_leader = self.runner({KIND: self.fake.work(key=id)}, start=False)
        self.leader = SharedTasks(self.runner_of_leader, self.memory, lambda: self.leads, self.send)
        self.idle = FakeWork()
        self.other = SharedTasks(
            self.runner({KIND: self.idle.work()}, start=False), self.memory, lambda: False, self.send
        )

    def send(self, do: str, **members: Any) -> None:
        self.sent.append((do, members))

    def start(self) -> None:
        self.runner_of_leader.start()
        self.addCleanup(lambda: self.done(self.runner_of_leader.close()))

    def running(self, *ids: int) -> list[list[bool]]:
        return [[each.is_running(id) for id in ids] for each in (self.leader, self.other)]

    def test_others_know_what_the_leader_works_on(self) -> None:
        first, second = self.add(), self.add(due=self.clock.seconds() + 60)
        self.start()
        self.assertEqual(self.running(first, second), [[True, False]] * 2)
        self.gate.callback(None)
        self.assertEqual(self.running(first, second), [[False, False]] * 2)

    def test_several_at_once_are_known(self) -> None:
        ids = [self.add() for _ in range(4)]
        self.start()
        self.assertEqual(self.running(*ids), [[True] * 4] * 2)
        self.gate.callback(None)

    def test_more_than_there_is_room_for_are_left_out(self) -> None:
        self.runner_of_leader.noted(range(1, 12))
        self.assertEqual([id for id in range(1, 12) if self.other.is_running(id)], list(range(1, 9)))

    def test_wish_at_the_leader_stays_there(self) -> None:
        self.start()
        id = self.add()
        self.leader.wake()
        self.assertEqual(len(self.fake.asked), 1)
        self.write(lambda tx: registry.destroy(tx, Task, id))
        self.leader.cancel(id)
        self.assertEqual((self.running(id), self.sent), ([[False]] * 2, []))

    def test_wish_at_another_one_goes_to_the_parent(self) -> None:
        id = self.add()
        self.other.wake()
        self.other.cancel(id)
        self.assertEqual(self.sent, [("wake", {}), ("cancel", {"task": id})])
        self.assertEqual(self.idle.asked, [])

    def test_nobody_but_the_leader_notes_anything(self) -> None:
        self.leads = False
        self.runner_of_leader.noted([5])
        self.assertFalse(self.other.is_running(5))

    def test_tasks_of_a_leader_that_died_are_not_running(self) -> None:
        id = self.add()
        self.start()
        self.memory.forget_tasks()
        self.assertEqual(self.running(id), [[False]] * 2)

    def test_kinds_of_work_are_those_of_the_runner(self) -> None:
        self.assertIs(self.leader.works, self.runner_of_leader.works)
