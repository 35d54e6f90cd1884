"""A store in memory, a clock, settings and a runner with works made for the test."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.config.storage.task_manager import TaskManager
from stalwart.store import MemoryStore
from stalwart.tasks.runner import TaskRunner
from stalwart.tasks.scheduling import schedule
from stalwart.tasks.work import Work
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level

NOW = 1_800_000_000


class TaskCase(SynchronousTestCase):
    """``self.store``, ``self.clock``, ``self.settings``, ``self.events``; ``runner`` makes a runner."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store: Any = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(self._note)
        self.settings = Settings(self.store, self.telemetry, self.clock)

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def done(self, work: Any) -> Any:
        """What a coroutine answers at once."""
        return self.successResultOf(Deferred.fromCoroutine(work))

    def write(self, work: Any) -> Any:
        """What a transaction answers."""
        return self.successResultOf(self.store.write(work))

    def runner(self, works: dict[str, Work], *, start: bool = True) -> TaskRunner:
        """A runner that is closed when the test ends. Nothing about it is random."""
        made = TaskRunner(self.store, self.settings, self.telemetry, self.clock, works, random=lambda: 1.0)
        if start:
            made.start()
            self.addCleanup(lambda: self.done(made.close()))
        return made

    def manage(self, **members: Any) -> None:
        """Change x:TaskManager."""
        self.done(self.settings.change(TaskManager, members))

    def add(self, variant: str = "StoreMaintenance", due: float = NOW, **members: Any) -> int:
        """A task; its id."""
        if variant == "StoreMaintenance":
            members = {"maintenanceType": "purgeData"} | members
        return int(self.write(lambda tx: schedule(tx, variant, members, due, self.clock.seconds())))

    def task(self, id: int) -> Any:
        """The task, None if it is gone."""
        entry = self.write(lambda tx: registry.get(tx, Task, id))
        return None if entry is None else entry.value

    def names(self) -> list[str]:
        """The ids of the events so far."""
        return [name for name, _ in self.events]


class FakeWork:
    """Notes what it is asked to do; fails as ``failures`` say, one after the other, and waits for ``gate``."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.asked: list[Any] = []
        self.ended: list[Any] = []
        self.gate: Deferred[None] | None = None
        self.again: int | None = None

    async def run(self, task: Any) -> int | None:
        self.asked.append(task)
        if self.gate is not None:
            waiting: Deferred[None] = Deferred()
            self.gate.addCallback(lambda _: waiting.called or waiting.callback(None))
            await waiting
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.ended.append(task)
        return self.again

    def work(self, **members: Any) -> Work:
        """As a ``Work``; tasks of one maintenance type have one key."""
        return Work(self.run, **({"key": lambda task: task.maintenance_type} | members))
