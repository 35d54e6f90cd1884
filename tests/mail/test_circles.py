"""How many servers a message may have passed."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.circles import HEAD, MOST_PASSED, RunsInACircle, check_circle, most_taken

FIELD = b"Received: from a by b; now\r\n"


class CircleTests(SynchronousTestCase):
    def test_the_bound(self) -> None:
        check_circle(FIELD * MOST_PASSED + b"Subject: x\r\n\r\n" + FIELD)
        self.assertRaises(RunsInACircle, check_circle, FIELD * (MOST_PASSED + 1) + b"\r\n")

    def test_much_is_not_looked_through(self) -> None:
        check_circle(b"X: " + b"x" * HEAD + b"\r\n" + FIELD * 200)

    def test_what_is_taken_can_go_on_with_our_field(self) -> None:
        self.assertEqual([most_taken(wanted) for wanted in (0, 50, 99, 100, 10_000)], [0, 50, 99, 99, 99])

    def test_it_says_so(self) -> None:
        self.assertIn("circle", RunsInACircle().detail)
