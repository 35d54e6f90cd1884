"""When delivery is tried again, told of and given up."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.mail.schedule import MtaDeliverySchedule
from stalwart.mail.queue.schedules import BUILT_IN, LONGEST_REST, Plan, plan_of


def schedule(**members: Any) -> MtaDeliverySchedule:
    """A schedule of the settings."""
    return MtaDeliverySchedule.from_wire({"name": "s", "queueId": "a", **members})


def steps(*seconds: int) -> dict[str, Any]:
    """Own steps in wire form."""
    return {"@type": "Custom", "intervals": {str(n): {"duration": s * 1000} for n, s in enumerate(seconds)}}


class PlanTests(SynchronousTestCase):
    """settings C.7."""

    def test_the_usual_steps(self) -> None:
        plan = plan_of(schedule(), "remote")
        self.assertEqual([plan.wait(n) for n in (1, 2, 3, 9, 10, 99)], [120, 300, 600, 259200, 259200, 259200])
        self.assertEqual((plan.queue, plan.lifetime, plan.attempts), ("remote", 3 * 86400, None))

    def test_own_steps_and_the_last_one_is_repeated(self) -> None:
        plan = plan_of(schedule(retry=steps(60, 120)), "q")
        self.assertEqual([plan.wait(n) for n in (0, 1, 2, 3)], [60, 60, 120, 120])

    def test_attempts_have_an_end_in_time_too(self) -> None:
        plan = plan_of(schedule(retry=steps(60, 120), expiry={"@type": "Attempts", "maxAttempts": 4}), "q")
        self.assertEqual((plan.attempts, plan.lifetime), (4, 60 + 120 + 120 + 120))

    def test_lifetime_is_that_of_the_settings(self) -> None:
        self.assertEqual(plan_of(schedule(expiry={"@type": "Ttl", "expire": 90_000}), "q").lifetime, 90)

    def test_a_destination_rests_for_a_quarter_of_an_hour_at_most(self) -> None:
        plan = Plan("q")
        self.assertEqual([plan.rest(n) for n in (1, 2, 3, 4, 9)], [120, 300, 600, 900, LONGEST_REST])

    def test_notices_end_before_the_end(self) -> None:
        plan = Plan("q", notices=(100, 200))
        self.assertEqual(plan.next_notice(0, 1000, 5000), 1100)
        self.assertEqual(plan.next_notice(1, 1000, 5000), 1200)
        self.assertEqual(plan.next_notice(7, 1000, 5000), 1200)
        self.assertIsNone(plan.next_notice(0, 1000, 1100))
        self.assertIsNone(Plan("q", notices=()).next_notice(0, 0, 10**9))

    def test_the_names_of_the_default_strategy_have_plans(self) -> None:
        self.assertEqual({name: plan.queue for name, plan in BUILT_IN.items()}, {name: name for name in BUILT_IN})
        self.assertLessEqual({"local", "remote", "dsn", "report"}, set(BUILT_IN))
