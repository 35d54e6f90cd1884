"""What a worker is told: it survives the command line, and holds no secrets."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.startup import Startup
from stalwart.app.workers.plan import LINE, MEMORY, Plan

STARTUP = Startup(data="/var/lib/ä ö", endpoints={"http": ["tcp:80", "unix:/a b"]}, demo=True)


class PlanTests(SynchronousTestCase):
    """One argument."""

    def test_it_is_read_as_it_was_written(self) -> None:
        for startup in (STARTUP, Startup(config="c.json")):
            plan = Plan(2, 4, False, "twisted.internet.epollreactor", startup)
            self.assertEqual(Plan.from_json(plan.to_json()), plan)

    def test_it_can_be_an_argument_whatever_is_in_it(self) -> None:
        text = Plan(1, 2, True, "r", STARTUP).to_json()
        self.assertTrue(text.isascii())
        self.assertNotIn("\0", text)

    def test_everybody_can_read_it_so_it_holds_nothing_else(self) -> None:
        text = Plan(1, 2, True, "r", Startup()).to_json()
        self.assertEqual(
            text,
            '{"number": 1, "workers": 2, "is_first": true, "reactor": "r",'
            ' "startup": {"data": null, "config": null, "endpoints": {}, "demo": false}}',
        )

    def test_descriptors_come_after_the_standard_ones(self) -> None:
        self.assertEqual(sorted({LINE, MEMORY} - {0, 1, 2}), [LINE, MEMORY])
