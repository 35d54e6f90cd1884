"""Operators: precedence, arithmetic, comparison, coercion."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.faults import EvaluationError
from stalwart.codec.expression.operators import intersects, subtract

from .asking import expand, value_of


@expand(
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("10 - (2 - 3)", 11),
        ("2 * 3 - 4 / 2", 4.0),
        ("-2 * 3", -6),
        ("2 - -3", 5),
        ("!0 == 1", 1),
        ("!!'a'", 1),
        ("!-0", 1),
        ("1 < 2 == 1", 1),
        ("2 > 1 == 2 >= 2", 1),
        ("1 == 1 ^ 1 == 2", 1),
        ("1 ^ 1 && 0", 0),
        ("0 && 0 || 1", 1),
        ("1 || 0 && 0", 1),
        ("(1 || 0) && 0", 0),
        ("1 & 2 | 0", 1),
        ("3 =< 3", 1),
        ("3 => 4", 0),
        ("3 = 3", 1),
        ("3=3", 1),
        ("'a'='a'", 1),
        ("3 != 3", 0),
    ]
)
class PrecedenceTests(SynchronousTestCase):
    pass


@expand(
    [
        ("9223372036854775807 + 1", 2**63 - 1),
        ("-9223372036854775807 - 5", -(2**63)),
        ("4611686018427387904 * -4", -(2**63)),
        ("1 + 1.5", 2.5),
        ("1.5 - 1", 0.5),
        ("5 / 2", 2.5),
        ("4 / 2", 2.0),
        ("1 / 0", 0.0),
        ("1 / 0.0", 0.0),
        ("'6' * '7'", 42),
        ("'6' - 1", 5),
        ("'x' * 7", 0),
        ("'1.5' * 2", 3.0),
        ("[3] * 2", 0),
        ("-'5'", -5),
        ("-'x'", 0),
        ("-1.5", -1.5),
        ("'99999999999999999999' - 0", 1e20),
        ("'inf' - 0", 0),
        ("'1e999' - 0", 0),
        ("' 1' - 0", 0),
    ]
)
class ArithmeticTests(SynchronousTestCase):
    pass


@expand(
    [
        ("'a' + 'b'", "ab"),
        ("'a' + 1", "a1"),
        ("1 + 'a'", "1a"),
        ("'a' + 2.0", "a2"),
        ("'a' + 2.5", "a2.5"),
        ("'' + 5", 5),
        ("5 + ''", 5),
        ("'' + [1]", (1,)),
        ("[1, 2] + [3]", (1, 2, 3)),
        ("[1] + 2", (1, 2)),
        ("1 + [2]", (1, 2)),
        ("['a', 'b'] + 'c'", "a\r\nbc"),
        ("'mode ' + relaxed", "mode relaxed"),
        ("[1, 2, 1] - 1", (2,)),
        ("['a', 'b', 'c'] - ['a', 'c']", ("b",)),
    ]
)
class ConcatenationTests(SynchronousTestCase):
    pass


@expand(
    [
        ("'10' == 10", 1),
        ("'10' == 10.0", 1),
        ("'abc' == 0", 1),
        ("1 == 1.0", 1),
        ("'a' == 'A'", 0),
        ("[1, 'a'] == ['1', 'a']", 1),
        ("[1] == [1, 2]", 0),
        ("[1] == 1", 0),
        ("[1] != 1", 1),
        ("relaxed == relaxed", 1),
        ("relaxed == strict", 0),
        ("relaxed == 'relaxed'", 0),
        ("'b' > 'a'", 1),
        ("'10' > '9'", 0),
        ("'10' > 9", 1),
        ("'a' < 'ab'", 1),
        ("'\u00e9' > 'z'", 1),
        ("[1, 2] < [1, 3]", 1),
        ("[1] < [1, 0]", 1),
        ("[1] < 2", 0),
        ("[1] >= 2", 0),
        ("relaxed <= relaxed", 0),
        ("1 <= 1", 1),
        ("2 >= 3", 0),
    ]
)
class ComparisonTests(SynchronousTestCase):
    pass


@expand(
    [
        ("!''", 1),
        ("![]", 1),
        ("!0.0", 1),
        ("![0]", 0),
        ("!relaxed", 0),
        ("'0' && 1", 1),
        ("'' ^ 'a'", 1),
        ("is_tls && 'x'", 1),
    ]
)
class TruthTests(SynchronousTestCase):
    pass


class ShortCircuitTests(SynchronousTestCase):
    def _asked(self, expression: str) -> list[str]:
        from stalwart.codec.expression import compile_expression

        asked: list[str] = []

        def variable(name: str) -> str:
            asked.append(name)
            return "x"

        compile_expression({"else": expression}, frozenset({"path", "method"})).evaluate(variable)
        return asked

    def test_and_stops_at_the_first_falsehood(self) -> None:
        self.assertEqual(self._asked("path == 'y' && method"), ["path"])

    def test_or_stops_at_the_first_truth(self) -> None:
        self.assertEqual(self._asked("path || method"), ["path"])

    def test_exclusive_or_needs_both(self) -> None:
        self.assertEqual(self._asked("path ^ method"), ["path", "method"])


class BoundTests(SynchronousTestCase):
    def test_a_text_does_not_grow_without_end(self) -> None:
        with self.assertRaises(EvaluationError):
            value_of("+".join(["url"] * 40), url="x" * 60_000)

    def test_an_array_does_not_grow_without_end(self) -> None:
        with self.assertRaises(EvaluationError):
            value_of("split(url, 'x')", url="x" * 70_000)

    def test_an_array_as_text_does_not_grow_without_end(self) -> None:
        with self.assertRaises(EvaluationError):
            value_of(f"trim([{','.join(['url'] * 40)}] + '-')", url="x" * 60_000)

    def test_long_arrays_are_not_compared_element_by_element(self) -> None:
        mixed = tuple(range(2000))
        self.assertRaises(EvaluationError, intersects, mixed, mixed)
        self.assertRaises(EvaluationError, subtract, mixed, mixed)

    def test_long_arrays_of_text_are(self) -> None:
        self.assertTrue(intersects(tuple(map(str, range(5000))), tuple(map(str, range(4999, 9000)))))
