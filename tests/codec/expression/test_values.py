"""Coercions, and what may come in as a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.faults import EvaluationError
from stalwart.codec.expression.values import (
    LARGEST,
    SMALLEST,
    Constant,
    Value,
    as_value,
    integer_of,
    number_of,
    saturated,
    text_of,
    truth,
)

SCALARS = st.one_of(
    st.text(max_size=30),
    st.integers(SMALLEST, LARGEST),
    st.floats(),
    st.sampled_from([Constant("relaxed"), "1e400", "-0", "inf", "nan", "9" * 5000]),
)
VALUES: st.SearchStrategy[Value] = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4).map(tuple))


class IncomingTests(SynchronousTestCase):
    def test_plain_values_become_values(self) -> None:
        given = [True, False, None, b"a\xff", ["a", {1}], 2**70, 1.5]
        wanted = (1, 0, "", "a\ufffd", ("a", (1,)), LARGEST, 1.5)
        self.assertEqual(as_value(given), wanted)
        self.assertIs(type(as_value(True)), int)

    def test_other_things_are_refused(self) -> None:
        self.assertRaises(EvaluationError, as_value, {"a": 1})
        self.assertRaises(EvaluationError, as_value, object())

    def test_endless_nesting_is_refused(self) -> None:
        loop: list[object] = []
        loop.append(loop)
        self.assertRaises(EvaluationError, as_value, loop)


class CoercionTests(SynchronousTestCase):
    def test_integers_saturate(self) -> None:
        self.assertEqual((saturated(2**63), saturated(-(2**63) - 1)), (LARGEST, SMALLEST))

    def test_numbers_are_cut_to_integers(self) -> None:
        given: list[Value] = ["1.9", -1.9, "x", float("inf"), float("-inf"), float("nan"), "12", ()]
        self.assertEqual([integer_of(value) for value in given], [1, -1, 0, LARGEST, SMALLEST, 0, 12, 0])

    def test_arrays_are_joined_by_crlf(self) -> None:
        self.assertEqual(text_of(("a", 1, ("b", 2.0), Constant("c"))), "a\r\n1\r\nb\r\n2\r\nc")

    @given(VALUES)
    def test_every_value_can_be_coerced(self, value: Value) -> None:
        self.assertIsInstance(text_of(value), str)
        self.assertIsInstance(number_of(value), int | float)
        self.assertTrue(SMALLEST <= integer_of(value) <= LARGEST)
        self.assertIsInstance(truth(value), bool)
