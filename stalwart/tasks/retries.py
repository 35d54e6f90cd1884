"""What becomes of a task whose attempt failed: tried again after a wait, or failed for good (settings C.11,
TaskManager).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stalwart.config.storage.task_manager import ExponentialBackoff, TaskManager
from stalwart.directory.account_records import date_text

_LONGEST_REASON = 500


def status_after_failure(
    status: Any,
    manager: TaskManager,
    now: int,
    reason: str,
    *,
    hopeless: bool,
    random: Callable[[], float],
    after: float | None = None,
) -> dict[str, Any]:
    """The next status, in wire form, of a task with ``status``.

    ``random`` gives numbers from 0 to 1. A wait that would end after the deadline is not begun. ``after`` are the
    seconds until the next attempt of a task that never fails for good.
    """
    attempts = getattr(status, "attempt_number", 0) + 1
    due = now + (wait(manager, attempts, random) if after is None else max(1, round(after)))
    common = {"createdAt": date_text(status.created_at), "failureReason": reason[:_LONGEST_REASON] or "Unknown."}
    too_late = (due - status.created_at) * 1000 > manager.total_deadline
    if hopeless or (after is None and (attempts >= manager.max_attempts or too_late)):
        return {"@type": "Failed", "failedAt": date_text(now), "failedAttemptNumber": attempts, **common}
    return {"@type": "Retry", "due": date_text(due), "attemptNumber": attempts, **common}


def wait(manager: TaskManager, attempts: int, random: Callable[[], float]) -> int:
    """Seconds until the next attempt after ``attempts`` of them; with jitter half of the wait is random."""
    strategy: Any = manager.strategy
    if not isinstance(strategy, ExponentialBackoff):
        return max(1, round(strategy.delay / 1000))
    try:
        grown = strategy.initial_delay * strategy.factor ** (attempts - 1)
    except OverflowError:
        grown = strategy.max_delay
    delay = min(grown, strategy.max_delay) / 1000
    if strategy.jitter:
        delay *= (1 + random()) / 2
    return max(1, round(delay))
