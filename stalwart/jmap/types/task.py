"""``x:Task``: tasks that administrators make, move to another time and remove (settings A.12).

Making one needs the permission of its variant besides that of the type. What the server makes for itself can be seen,
moved and removed, but not made; and nothing can be made that no part of this server carries out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from stalwart.config.operation.task import Job
from stalwart.config.settings import Settings
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.filters import Condition, search_terms
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.task_order import TaskOrder
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.schema import Declaration, Union
from stalwart.store import Transaction
from stalwart.tasks.work import Works

BUSY = "This task is being worked on; try again when it has ended."


class Runner(Protocol):
    """See ``stalwart.tasks.runner.TaskRunner``."""

    @property
    def works(self) -> Works: ...
    def wake(self) -> None: ...
    def is_running(self, id: int) -> bool: ...
    def cancel(self, id: int) -> None: ...


@handles("Task")
class TaskHandler(Handler):
    """Tasks; ``tasks`` is told of every change."""

    def __init__(self, declaration: Declaration, *, settings: Settings, tasks: Runner) -> None:
        super().__init__(declaration, settings=settings)
        self._tasks = tasks

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """Filters are those of the index, and ``status``, of which only ``Failed`` narrows."""
        by_status = [condition for condition in conditions if condition.name == "status"]
        others = [condition for condition in conditions if condition.name != "status"]
        if any(condition.value == "Failed" for condition in by_status):
            others.append(Condition("due", "due", "=", None))
        if comparator is None:
            return TaskOrder(tx, search_terms(self.declaration, others))
        return super().matching(tx, asking, others, comparator)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """A task that this server carries out."""
        variant = change.data.get("@type")
        if isinstance(variant, str) and variant in _variants(self.declaration):
            self._check_creation(asking, variant, change.data)
        return super().create(tx, asking, change)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Another status: another time, another attempt."""
        assert change.id is not None
        if self._tasks.is_running(change.id):
            raise SetRefused("forbidden", BUSY)
        return super().update(tx, asking, change)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Work on what has been removed ends; what is due begins."""
        for change in done:
            if change.kind == "destroy" and change.id is not None:
                self._tasks.cancel(change.id)
        self._tasks.wake()
        return []

    def _check_creation(self, asking: Asking, variant: str, data: dict[str, Any]) -> None:
        """Raises SetRefused, Invalid."""
        if is_internal(_variants(self.declaration)[variant]):
            raise SetRefused("forbidden", f"Only the server itself makes {variant} tasks.")
        if not asking.access.may(f"task{variant}"):
            raise SetRefused("forbidden", f"You are not authorized to make {variant} tasks.")
        work = self._tasks.works.get(variant)
        if work is None:
            text = f"{variant} tasks cannot be made: what they are for is not part of this server yet."
            raise SetRefused("invalidProperties", text, ("@type",))
        work.check(self.declaration.from_wire(data))


def is_internal(variant: Any) -> bool:
    """Whether tasks of the variant have members that only the server can set."""
    own = variant.properties.keys() - Job.properties.keys()
    return any(variant.properties[name].update == "serverSet" for name in own)


def _variants(declaration: Declaration) -> Any:
    assert isinstance(declaration, Union)
    return declaration.variants
