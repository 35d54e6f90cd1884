"""The default order of tasks against a plain sort, for many tasks with few different times."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.operation.task import Task
from stalwart.jmap.registry.task_order import TaskOrder, due_term
from stalwart.store import MemoryStore
from stalwart.tasks.scheduling import schedule

NOW = 1_800_000_000
FAILED = {"status": {"@type": "Failed", "failureReason": "x"}}


class TaskOrderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        rng = random.Random(7)
        self.all: list[tuple[int, int]] = []

        def fill(tx: Any) -> None:
            for _ in range(60):
                due = NOW + rng.randrange(5)
                id = schedule(tx, "MergeThreads", {}, due, NOW)
                if rng.random() < 0.2:
                    registry.update(tx, Task, id, FAILED, now=NOW)
                    due = 0
                self.all.append((due, id))

        self.successResultOf(self.store.write(fill))
        self.order = [id for due, id in sorted(self.all, key=lambda each: (each[0], -each[1]))]

    def ask(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(lambda tx: work(TaskOrder(tx, []))))

    def test_pages_and_places_agree_with_the_sorted_list(self) -> None:
        for offset in range(0, 65, 3):
            for limit in (1, 2, 7, 30, 100):
                page = self.ask(lambda results, offset=offset, limit=limit: results.page(offset, limit))
                self.assertEqual(page, self.order[offset : offset + limit])
        places = self.ask(lambda results: [results.place(id) for id in self.order])
        self.assertEqual(places, list(range(60)))
        self.assertEqual(self.ask(lambda results: (results.count(), results.place(1))), (60, None))

    def test_terms_narrow_it(self) -> None:
        terms = due_term(">=", "2027-01-15T08:00:02Z")  # NOW + 2
        wanted = {id for due, id in self.all if due >= NOW + 2}
        found = self.successResultOf(self.store.read(lambda tx: TaskOrder(tx, terms).page(0, 99)))
        self.assertEqual(found, [id for id in self.order if id in wanted])
        absent = next(id for due, id in self.all if due == 0)
        self.assertIsNone(self.successResultOf(self.store.read(lambda tx: TaskOrder(tx, terms).place(absent))))
