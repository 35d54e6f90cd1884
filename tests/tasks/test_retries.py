"""What becomes of a failed attempt."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.operation.task_status import TaskStatus
from stalwart.config.storage.task_manager import TaskManager
from stalwart.tasks.retries import status_after_failure, wait

CREATED = "2026-01-01T00:00:00Z"
NOW = 1_767_225_600  # the same moment
PENDING = {"@type": "Pending", "createdAt": CREATED, "due": CREATED}
RETRY = {"@type": "Retry", "createdAt": CREATED, "due": CREATED, "attemptNumber": 2, "failureReason": "x"}


def manager(**members: Any) -> TaskManager:
    """x:TaskManager."""
    return TaskManager.from_wire(members)


class StatusTests(SynchronousTestCase):
    """The next status."""

    def after(self, status: dict[str, Any], now: int = NOW, **given: Any) -> dict[str, Any]:
        reason, hopeless, after = given.pop("reason", "no"), given.pop("hopeless", False), given.pop("after", None)
        before = TaskStatus.from_stored(status)
        return status_after_failure(
            before, manager(**given), now, reason, hopeless=hopeless, after=after, random=lambda: 1.0
        )

    def test_first_failure_is_tried_again(self) -> None:
        expected = {"@type": "Retry", "createdAt": CREATED, "due": "2026-01-01T00:01:00Z", "attemptNumber": 1}
        self.assertEqual(self.after(PENDING), expected | {"failureReason": "no"})

    def test_last_attempt_fails(self) -> None:
        expected = {"@type": "Failed", "createdAt": CREATED, "failedAt": CREATED, "failedAttemptNumber": 3}
        self.assertEqual(self.after(RETRY), expected | {"failureReason": "no"})

    def test_more_attempts_may_be_allowed(self) -> None:
        self.assertEqual(self.after(RETRY, maxAttempts=4)["@type"], "Retry")

    def test_no_wait_goes_beyond_the_deadline(self) -> None:
        kept = self.after(PENDING, NOW + 540, totalDeadline=600_000)
        self.assertEqual((kept["@type"], kept["due"]), ("Retry", "2026-01-01T00:10:00Z"))
        self.assertEqual(self.after(PENDING, NOW + 541, totalDeadline=600_000)["@type"], "Failed")

    def test_hopeless_failure_ends_it(self) -> None:
        self.assertEqual(self.after(PENDING, hopeless=True)["@type"], "Failed")

    def test_work_that_says_when_is_tried_then(self) -> None:
        shown = self.after(PENDING, after=7200.4)
        self.assertEqual((shown["@type"], shown["due"], shown["attemptNumber"]), ("Retry", "2026-01-01T02:00:00Z", 1))

    def test_work_that_says_when_never_fails_for_good(self) -> None:
        shown = self.after({**RETRY, "attemptNumber": 4711}, NOW + 10_000, after=60, maxAttempts=1, totalDeadline=1000)
        self.assertEqual((shown["@type"], shown["attemptNumber"]), ("Retry", 4712))

    def test_there_is_a_second_at_least(self) -> None:
        self.assertEqual(
            [self.after(PENDING, after=wait)["due"] for wait in (0, -5, 0.2)], ["2026-01-01T00:00:01Z"] * 3
        )

    def test_hopeless_is_hopeless(self) -> None:
        self.assertEqual(self.after(PENDING, hopeless=True, after=60)["@type"], "Failed")

    def test_reason_is_bounded_and_never_empty(self) -> None:
        self.assertEqual(len(self.after(PENDING, reason="x" * 9999)["failureReason"]), 500)
        self.assertEqual(self.after(PENDING, reason="")["failureReason"], "Unknown.")

    def test_every_status_can_be_stored(self) -> None:
        for status in (self.after(PENDING), self.after(PENDING, hopeless=True)):
            self.assertEqual(TaskStatus.from_wire(status, by_server=True).to_stored(), status)


class WaitTests(SynchronousTestCase):
    """How long."""

    def waits(self, random: float = 1.0, **strategy: Any) -> list[int]:
        found = manager(strategy={"@type": "ExponentialBackoff"} | strategy)
        return [wait(found, attempts, lambda: random) for attempts in range(1, 8)]

    def test_waits_double_up_to_the_longest(self) -> None:
        self.assertEqual(self.waits(), [60, 120, 240, 480, 960, 1800, 1800])

    def test_half_of_a_wait_is_random(self) -> None:
        self.assertEqual(self.waits(0.0)[0], 30)
        self.assertEqual(self.waits(0.0, jitter=False)[0], 60)

    def test_waits_can_be_fixed(self) -> None:
        found = manager(strategy={"@type": "FixedDelay", "delay": 5000})
        self.assertEqual([wait(found, attempts, lambda: 0.0) for attempts in (1, 9)], [5, 5])

    def test_huge_numbers_do_not_matter(self) -> None:
        found = manager(strategy={"@type": "ExponentialBackoff", "factor": 9e15})
        self.assertEqual(wait(found, 50, lambda: 1.0), 1800)

    def test_there_is_always_a_wait(self) -> None:
        self.assertEqual(self.waits(0.0, initialDelay=1, factor=1)[0], 1)
