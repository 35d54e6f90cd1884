"""What a long work says."""

from __future__ import annotations

import io

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.store.progress import Steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class StepsTests(SynchronousTestCase):
    def test_a_log_gets_a_line_for_each_step_that_did_something(self) -> None:
        stream = io.StringIO()
        steps = Steps(stream)
        for step, count in (("one", 0), ("one", 1000), ("one", 1500), ("two", 0), ("three", 1)):
            steps(step, count)
        steps.say("Done.")
        self.assertEqual(stream.getvalue(), "one: 1,500\nthree: 1\nDone.\n")

    def test_a_terminal_gets_a_line_that_changes(self) -> None:
        stream = Terminal()
        steps = Steps(stream)
        steps("one", 1)
        steps("one", 2)
        steps.say("Done.")
        self.assertEqual(stream.getvalue(), "\rone: 1\rone: 2\nDone.\n")
