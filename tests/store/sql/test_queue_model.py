"""Whatever happens to letters, lanes and counters say what is so (``store.sql.queue``, ``store.sql.queue_lanes``)."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore, Transaction
from stalwart.store.queue_rows import DELIVERED, FAILED, WAITING, Answer, NewRecipient
from tests.contract.store_queue import letter, settled, to

EXAMPLES = 1500 if os.environ.get("SOAK") else 40
MOMENTS = some.integers(0, 50)
IDS = some.integers(1, 6)
STEPS = some.lists(
    some.one_of(
        some.tuples(
            some.just("insert"),
            IDS,
            some.lists(
                some.tuples(some.sampled_from(("x", "y")), some.sampled_from(("remote", "dsn")), MOMENTS),
                min_size=1,
                max_size=3,
            ),
            some.integers(-1, 1),
        ),
        some.tuples(
            some.just("change"),
            IDS,
            some.integers(0, 2),
            some.sampled_from((WAITING, WAITING, DELIVERED, FAILED)),
            MOMENTS,
            some.sampled_from((None, "remote", "dsn", "slow")),
        ),
        some.tuples(some.just("drop"), IDS, some.sets(some.integers(0, 2), max_size=2)),
        some.tuples(some.just("remove"), IDS),
        some.tuples(some.just("hurry"), IDS, MOMENTS),
        some.tuples(some.just("touch"), IDS, some.integers(-1, 1)),
        some.tuples(some.just("rest"), some.integers(0, 3), MOMENTS),
        some.tuples(some.just("correct"), some.integers(0, 3)),
    ),
    max_size=20,
)


def carry_out(tx: Transaction, step: tuple[Any, ...]) -> None:
    """One step, if there is something to be done."""
    name, first, *more = step
    found = tx.queue.get(first)
    if name == "insert" and found is None:
        recipients: list[NewRecipient] = [to(f"a@{domain}", due, queue=queue) for domain, queue, due in more[0]]
        tx.queue.insert(letter(tx, first, priority=more[1], counted=("all", f"of {first % 2}")), recipients, 0)
    elif name == "change" and found is not None:
        number, state, due, queue = more
        for each in found.recipients:
            if each.number == number:
                tx.queue.change(first, [settled(each, state=state, due=due, queue=queue)], 0)
    elif name == "drop" and found is not None:
        tx.queue.drop(first, more[0], 0)
    elif name == "remove":
        tx.queue.remove(first, 0)
    elif name == "hurry" and found is not None:
        tx.queue.hurry(first, more[0])
    elif name == "touch":
        tx.queue.touch(first, 0, priority=more[0])
    elif name in ("rest", "correct"):
        waiting = [each for one in letters(tx) for each in one.recipients if each.state == WAITING]
        lanes = list(dict.fromkeys(each.lane for each in waiting))
        if first < len(lanes) and name == "rest":
            tx.queue.rest(lanes[first], more[0], 1, Answer())
        elif first < len(lanes):
            tx.queue.correct(lanes[first])


def letters(tx: Transaction) -> list[Any]:
    """All letters."""
    return list(tx.queue.many(range(1, 7)).values())


class QueueModelTests(SynchronousTestCase):
    @settings(max_examples=EXAMPLES)
    @given(STEPS)
    def test_lanes_and_counters_are_in_step(self, steps: list[tuple[Any, ...]]) -> None:
        store = MemoryStore(lambda: 0)
        try:
            for step in steps:
                self.successResultOf(store.write(lambda tx, step=step: carry_out(tx, step)))
            self.successResultOf(store.read(self.check))
        finally:
            store.close()

    def check(self, tx: Transaction) -> None:
        """What must be so."""
        found = letters(tx)
        waiting: dict[tuple[str, str], list[Any]] = {}
        for one in found:
            due = [each.due for each in one.recipients if each.state == WAITING]
            self.assertTrue(due, "a letter that nobody waits for is gone")
            self.assertIn(one.id, tx.queue.take(one.recipients[due.index(min(due))].lane, 99, 99) or [one.id])
            for each in one.recipients:
                if each.state == WAITING:
                    waiting.setdefault((each.queue, each.destination), []).append((one, each))
        self.assertEqual(tx.queue.queues(), sorted({queue for queue, _ in waiting}))
        lanes = {
            (lane.queue, lane.destination): lane
            for queue in tx.queue.queues()
            for lane in tx.queue.lanes(queue, 99, 99)
        }
        self.assertEqual(set(lanes), set(waiting))
        for name, lane in lanes.items():
            there = waiting[name]
            self.assertEqual({each.lane for _, each in there}, {lane.id})
            self.assertEqual(lane.waiting, len(there))
            self.assertLessEqual(lane.due, max(lane.rests_until, min(each.due for _, each in there)))
            order = sorted({(one.priority, min(e.due for o, e in there if o is one), one.id) for one, _ in there})
            self.assertEqual(tx.queue.take(lane.id, 99, 99), [id for _, _, id in order])
        used = {key: sum(key in one.counted for one in found) for key in ("all", "of 0", "of 1")}
        self.assertEqual({key: tx.queue.used(key)[0] for key in used}, used)
        self.assertEqual(tx.queue.used("all")[1], sum(one.size for one in found))
        self.assertEqual(tx.queue.count(), len(found))
