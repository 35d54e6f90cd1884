"""What a task does: one ``Work`` for each variant of x:Task that this server can carry out (settings A.12).

The composition root hands the works to the runner by variant; a variant without one cannot be made. Works know the
parts that they need themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any

from attrs import frozen

from stalwart.errors import StalwartError


class HopelessTask(StalwartError):
    """The task cannot succeed, however often it is tried; ``detail`` is the reason that its status shows."""

    title = "Task failed"


class LaterTask(StalwartError):
    """This attempt failed; the next one is due after so many seconds, however many there have been before.

    ``detail`` is the reason that its status shows.
    """

    title = "Task failed"

    def __init__(self, detail: str, seconds: float) -> None:
        super().__init__(detail)
        self.seconds = seconds


def _accept(task: Any) -> None:
    """Nothing speaks against it."""


@frozen
class Work:
    """How tasks of one variant are done.

    ``run`` takes the task (an instance of the variant). It answers None when all is done, which removes the task, or
    the time (seconds since the epoch) at which the task is to run again. What it raises is a failed attempt:
    ``HopelessTask`` the last one, ``LaterTask`` one that the work itself times, anything else is tried again. It may be
    cut off anywhere and begun again, also by the end of the process, so it must not mind doing a thing twice. It is
    cancelled after ``time_limit`` seconds.

    Of the tasks with one ``key`` one runs at a time. ``check`` raises Invalid for a task that could be written down
    but not done; it runs inside a transaction of the store, so it only looks at the task.
    """

    run: Callable[[Any], Coroutine[Any, Any, int | None]]
    key: Callable[[Any], Hashable]
    check: Callable[[Any], None] = _accept
    time_limit: float = 600.0


Works = Mapping[str, Work]
"""Works by variant."""
