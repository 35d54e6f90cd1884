"""x:TaskManager: how often background tasks are tried (settings C.11)."""

from __future__ import annotations

from stalwart.schema import Boolean, Duration, Float, Nested, Singleton, Union, Unsigned, Variant, prop


class ExponentialBackoff(Variant):
    """Waits grow from one attempt to the next."""

    initial_delay: int = prop(Duration(), 60_000, "First wait.")
    factor: float = prop(Float(min=1), 2.0, "What each wait is multiplied by for the next one.")
    max_delay: int = prop(Duration(), 1_800_000, "Longest wait.")
    jitter: bool = prop(Boolean(), True, "Vary the waits at random, so that tasks do not come back together.")


class FixedDelay(Variant):
    """All waits are alike."""

    delay: int = prop(Duration(), 60_000, "Wait between two attempts.")


TaskRetryStrategy = Union(
    "TaskRetryStrategy", ExponentialBackoff, FixedDelay, doc="How long a failed task waits for its next attempt."
)


class TaskManager(Singleton):
    """Background tasks."""

    max_attempts: int = prop(Unsigned(min=1), 3, "Attempts before a task counts as failed.")
    strategy: Variant = prop(Nested(TaskRetryStrategy), {"@type": "ExponentialBackoff"}, "Waits between attempts.")
    total_deadline: int = prop(Duration(), 21_600_000, "Age at which a task counts as failed, whatever is left.")
