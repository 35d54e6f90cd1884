"""State strings (RFC 8620 5.1)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.states import State, read_state, require_state


class StateTests(SynchronousTestCase):
    def test_three_forms(self) -> None:
        self.assertEqual([str(State(0)), str(State(42)), str(State(42, 0))], ["n", "s42", "r42-0"])

    @given(st.integers(0, (1 << 63) - 1), st.none() | st.integers(0, 99))
    def test_reading_is_the_reverse(self, number: int, origin: int | None) -> None:
        state = State(number if origin is None else number + 1 & (1 << 62) - 1 or 1, origin)
        self.assertEqual(read_state(str(state), "sinceState"), state)

    @given(st.text(max_size=12))
    def test_other_text_is_refused(self, text: str) -> None:
        try:
            self.assertEqual(str(read_state(text, "sinceState")), text)
        except MethodError as problem:
            self.assertEqual(problem.type, "invalidArguments")
            self.assertIn("sinceState", problem.description or "")

    def test_only_the_state_that_there_is_may_be_wanted(self) -> None:
        require_state(None, "s4")
        require_state("s4", "s4")
        problem = self.assertRaises(MethodError, require_state, "s3", "s4")
        self.assertEqual(problem.type, "stateMismatch")
