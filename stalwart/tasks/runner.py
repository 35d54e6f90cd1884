"""Carries out tasks when they are due (settings A.12).

Tasks are x:Task objects in the store and nothing else: what was running when the process ended is simply due again.
One timer waits for the next task, ``wake`` looks at once. A few run at a time, and one of each key. What becomes of a
task is written only if nobody has changed it since it was read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Hashable
from datetime import datetime
from typing import Any

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, DeferredList, TimeoutError
from twisted.python.failure import Failure

from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.config.storage.task_manager import TaskManager
from stalwart.directory.account_records import date_text
from stalwart.errors import StalwartError
from stalwart.store import Row, Store, Transaction
from stalwart.tasks.looking import Looking
from stalwart.tasks.retries import status_after_failure
from stalwart.tasks.work import HopelessTask, LaterTask, Work, Works
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import TASK_COMPLETED, TASK_ERROR, TASK_FAILED, TASK_RETRIED, TASK_STARTED
from stalwart.telemetry.measures import TASKS_WAITING

MOST_AT_ONCE = 4
REST = 60.0
"""Seconds until the next look after the store has failed."""

GRACE = 5.0
"""Seconds that cancelled works have to end."""

_LONGEST_TIMER = 3600.0  # so that a clock that was set is noticed
_SCANNED = 100  # waiting tasks looked at in one go; more than this many of one key wait for each other
_NO_WORK = "This server has no part that carries out tasks of this kind."
_FAULT = "A fault in the server; its log has the cause."


@define(eq=False)
class _Attempt:
    """A task that is being worked on."""

    key: Hashable
    working: Deferred[None] | None = None
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True
        if self.working is not None:
            self.working.cancel()


class TaskRunner:
    """Works on tasks from ``start`` to ``close``. ``works`` are looked up by variant; ``clock`` is the reactor.

    ``noted`` is called with the ids of the tasks that are being worked on, whenever those change.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        telemetry: Telemetry,
        clock: Any,
        works: Works,
        *,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.works = works
        self.noted: Callable[[Collection[int]], object] = lambda ids: None
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._random = random
        self._running: dict[int, _Attempt] = {}
        self._unreadable: set[int] = set()
        self._waiting = telemetry.series(TASKS_WAITING)
        self._looking = Looking(clock, self._look, self._failed, rest=REST, longest=_LONGEST_TIMER)

    def start(self) -> None:
        """Begin with what is due."""
        self._looking.start()

    def wake(self) -> None:
        """Look for tasks that are due: somebody has committed one. Harmless while the runner is not started."""
        self._looking.wake()

    def is_running(self, id: int) -> bool:
        """Whether the task is being worked on; may be asked in any thread."""
        return id in self._running

    def cancel(self, id: int) -> None:
        """Stop working on a task that has been removed."""
        if id in self._running:
            self._running[id].cancel()

    async def close(self) -> None:
        """Stop; works that run are cancelled, and their tasks are due at the next start."""
        self._looking.stop()
        attempts = tuple(self._running.values())
        for attempt in attempts:
            attempt.cancel()
        ending = [attempt.working for attempt in attempts if attempt.working is not None]
        if ending:
            ended = DeferredList(ending, consumeErrors=True)
            await ended.addTimeout(GRACE, self._clock, onTimeoutCancel=lambda _failure, _seconds: None)

    # Looking

    async def _look(self) -> float | None:
        now = self._clock.seconds()
        if len(self._running) >= MOST_AT_ONCE:
            return None  # whichever ends wakes us
        rows = await self._store.read(_waiting)
        if self._looking.is_woken or not self._looking.is_open:
            return None  # something ended meanwhile, so what was read may be out of date
        self._waiting.set(self._count_due(rows))
        next_due = self._begin(rows)
        return _LONGEST_TIMER if next_due is None else next_due - now

    def _failed(self, reason: str) -> None:
        """The store does not answer: nothing is begun for a while."""
        self._telemetry.emit(TASK_ERROR, reason=reason)

    def _begin(self, rows: list[Row]) -> float | None:
        """Begin what is due, as much as there is room for; when the first of the others is due."""
        now = self._clock.seconds()
        for row in rows:
            task = self._read(row) if row.id not in self._running else None
            if task is None:
                continue
            if task.due > now:
                return float(task.due)
            if len(self._running) >= MOST_AT_ONCE:
                break
            work = self.works.get(task.tag)
            key = work.key(task) if work is not None else ("task", row.id)
            if all(key != attempt.key for attempt in self._running.values()):
                self._launch(row, task, key, work)
        return None

    def _count_due(self, rows: list[Row]) -> int:
        now = self._clock.seconds()
        tasks = (self._read(row) for row in rows)
        return sum(task is not None and task.due <= now for task in tasks)

    def _read(self, row: Row) -> Any:
        """The task, or None for one that cannot be read, which is told once."""
        try:
            return Task.from_stored(row.data)
        except StalwartError as problem:
            if row.id not in self._unreadable:
                self._unreadable.add(row.id)
                self._telemetry.emit(TASK_ERROR, id=encode_id(row.id), reason=problem.detail)
            return None

    # Working

    def _launch(self, row: Row, task: Any, key: Hashable, work: Work | None) -> None:
        attempt = self._running[row.id] = _Attempt(key)
        self.noted(self._running.keys())
        self._telemetry.emit(TASK_STARTED, id=encode_id(row.id), type=task.tag)
        attempt.working = Deferred.fromCoroutine(self._work(row, task, work, attempt))
        attempt.working.addBoth(self._ended, row.id)

    def _ended(self, result: Any, id: int) -> None:
        del self._running[id]
        self.noted(self._running.keys())
        if isinstance(result, Failure) and not result.check(CancelledError):
            self._looking.rest(result.getErrorMessage())
        self.wake()

    async def _work(self, row: Row, task: Any, work: Work | None, attempt: _Attempt) -> None:
        try:
            if work is None:
                raise HopelessTask(_NO_WORK)
            again = await Deferred.fromCoroutine(work.run(task)).addTimeout(work.time_limit, self._clock)
        except Exception as problem:
            if not attempt.cancelled:
                await self._fail(row, task, problem)
            return
        if again is None:
            await self._write(row, lambda tx: tx.registry.delete("Task", row.id))
        else:
            created = date_text(task.status.created_at)
            await self._put(row, {"@type": "Pending", "createdAt": created, "due": date_text(int(again))})
        self._telemetry.emit(TASK_COMPLETED, id=encode_id(row.id), type=task.tag)

    async def _fail(self, row: Row, task: Any, problem: Exception) -> None:
        status = status_after_failure(
            task.status,
            self._settings.of(TaskManager),
            int(self._clock.seconds()),
            _reason(problem, task, self.works),
            hopeless=isinstance(problem, HopelessTask),
            after=problem.seconds if isinstance(problem, LaterTask) else None,
            random=self._random,
        )
        if not isinstance(problem, StalwartError | TimeoutError):
            self._telemetry.emit(
                TASK_ERROR, id=encode_id(row.id), type=task.tag, reason=f"{type(problem).__name__}: {problem}"
            )
        event = TASK_FAILED if status["@type"] == "Failed" else TASK_RETRIED
        self._telemetry.emit(
            event, id=encode_id(row.id), type=task.tag, due=_moment(status.get("due")), reason=status["failureReason"]
        )
        await self._put(row, status)

    async def _put(self, row: Row, status: dict[str, Any]) -> None:
        now = self._clock.seconds()
        patch = {"status": status}
        await self._write(row, lambda tx: registry.update(tx, Task, row.id, patch, now=now, by_server=True))

    async def _write(self, row: Row, change: Callable[[Transaction], Any]) -> None:
        """Carry ``change`` out, unless the task has been changed or removed since it was read."""

        def write(tx: Transaction) -> None:
            present = tx.registry.get("Task", row.id)
            if present is not None and present.revision == row.revision:
                change(tx)

        await self._store.write(write)


def _moment(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp())


def _waiting(tx: Transaction) -> list[Row]:
    """Tasks that are due or will be, the first one first."""
    terms = index.term(Task, "due", ">=", date_text(0))
    ids = tx.registry.search("Task", terms, sort="due", descending=False, limit=_SCANNED)
    return list(tx.registry.many("Task", ids).values())


def _reason(problem: Exception, task: Any, works: Works) -> str:
    """What the status says; texts of errors outside the family may hold anything, so they stay in the log."""
    if isinstance(problem, TimeoutError):
        return f"It took longer than {works[task.tag].time_limit:g} seconds."
    return problem.detail if isinstance(problem, StalwartError) else _FAULT
