"""The runner: who comes first, what is shortened, what is counted."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.runner import TestSuite
from twisted.trial.unittest import SynchronousTestCase

from tests import run

CALLS: list[int] = []


class Sample(SynchronousTestCase):
    """Not a test of its own: it is run by one."""

    @settings(max_examples=400)
    @given(st.integers())
    def property(self, number: int) -> None:
        CALLS.append(number)

    def plain(self) -> None:
        CALLS.append(0)


class ShortenTests(SynchronousTestCase):
    def test_a_quarter_of_the_examples_is_tried_and_no_less_however_often_it_is_asked(self) -> None:
        for _ in range(2):
            suite = TestSuite([TestSuite([Sample("property")])])
            run.shorten(suite)
        CALLS.clear()
        result = self.defaultTestResult()
        suite.run(result)
        self.assertTrue(result.wasSuccessful())
        self.assertEqual(len(CALLS), 100)

    def test_others_are_left_alone(self) -> None:
        CALLS.clear()
        test = Sample("plain")
        run.shorten(test)
        test.run(self.defaultTestResult())
        self.assertEqual(CALLS, [0])


class OrderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.took = Path(self.mktemp())
        self.patch(run, "TOOK", self.took)

    def test_the_longest_of_the_last_run_comes_first(self) -> None:
        first, *_, last = run.modules()
        self.took.write_text(json.dumps({last: [10_000.0, 1.0], first: [0.0, 0.0]}))
        found = run.modules()
        self.assertEqual((found[0], found[-1]), (last, first))

    def test_without_knowledge_the_largest_comes_first_and_none_is_missing(self) -> None:
        for text in ("", "[]", '{"a": 1}'):
            self.took.write_text(text)
            found = run.modules()
            self.assertGreater(found.index("tests.test_run"), 0)
            self.assertEqual(len(found), len(list((run.ROOT / "tests").rglob("test_*.py"))))

    def test_those_that_wait_and_those_that_work_are_taken_apart_until_one_kind_is_used_up(self) -> None:
        left = run.Modules(["tests.live.test_a", "tests.test_b", "tests.interop.test_c", "tests.test_d"])
        taken = [left.take(waiting) for waiting in (False, True, True, True, False)]
        wanted = ["tests.test_b", "tests.live.test_a", "tests.interop.test_c", "tests.test_d", run.END]
        self.assertEqual(taken, wanted)
