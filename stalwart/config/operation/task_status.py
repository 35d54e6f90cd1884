"""How far a task is: blocks of x:Task (settings C.1, TaskStatus)."""

from __future__ import annotations

from typing import Any

from stalwart.schema import REQUIRED, String, Union, Unsigned, UtcDateTime, Variant, prop


class Status(Variant):
    """What all states share."""

    created_at: int | None = prop(UtcDateTime(), None, "When the task was made.", update="serverSet")

    @property
    def runs_at(self) -> int | None:
        """When the task runs, in seconds since the epoch; None is never."""
        moment: int | None = getattr(self, "due", None)
        return moment

    def begun(self, former: Any, now: int) -> Any:
        """The state with the moments that nobody gave: ``now``, or for the making of the task what ``former`` has."""
        created = self.created_at
        if created is None:
            created = former.created_at if former is not None else None
        moments = {"created_at": created, "due": self.runs_at, "failed_at": getattr(self, "failed_at", None)}
        known = {declared.attribute for declared in self.properties.values()}
        return self.replaced(
            **{name: now if moment is None else moment for name, moment in moments.items() if name in known}
        )


class Pending(Status):
    """It waits for its time."""

    due: int | None = prop(UtcDateTime(nullable=True), None, "When it runs; null is at once.")


class Retry(Status):
    """It failed and runs again."""

    due: int | None = prop(UtcDateTime(nullable=True), None, "When it runs; null is at once.")
    attempt_number: int = prop(Unsigned(), 1, "Attempts so far.")
    failure_reason: str = prop(String("text"), REQUIRED, "Why the last one failed.")


class Failed(Status):
    """It failed and does not run again by itself."""

    failed_at: int | None = prop(UtcDateTime(nullable=True), None, "When the last attempt failed; null is now.")
    failed_attempt_number: int = prop(Unsigned(), 0, "Attempts made.")
    failure_reason: str = prop(String("text"), REQUIRED, "Why the last one failed.")


TaskStatus = Union("TaskStatus", Pending, Retry, Failed, doc="How far a task is.")
