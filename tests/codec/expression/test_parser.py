"""The shape of trees, malformed expressions, and bounds on depth (``syntax``)."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.faults import ExpressionError
from stalwart.codec.expression.parser import parse
from stalwart.codec.expression.syntax import DEEPEST, Call, Chain, Index, Literal, Name, Unary

from .asking import expand, value_of


class TreeTests(SynchronousTestCase):
    def test_a_run_of_one_precedence_is_one_chain(self) -> None:
        tree = parse("1 + 2 - 3 + 4")
        assert isinstance(tree, Chain)
        self.assertEqual([operator.symbol for operator, _ in tree.rest], ["+", "-", "+"])
        self.assertEqual(tree.height, 2)

    def test_brackets_bind_tighter_than_signs(self) -> None:
        tree = parse("-a[0][1]")
        assert isinstance(tree, Unary)
        assert isinstance(tree.operand, Index)
        self.assertEqual(tree.operand.places, (Literal(0), Literal(1)))

    def test_a_word_before_a_parenthesis_is_a_function(self) -> None:
        tree = parse("f(a, [])")
        assert isinstance(tree, Call)
        self.assertEqual((tree.name, tree.arguments[0]), ("f", Name("a")))


@expand(
    [
        ("[1, 2][1]", 2),
        ("[[1, 2], 3][0][1]", 2),
        ("[1][5]", ""),
        ("[1][-1]", ""),
        ("'abc'[0]", ""),
        ("split(path, '/')[1]", "api"),
        ("headers[0]", "host: example.org"),
        ("[]", ()),
        ("[['a'], 1 + 1]", (("a",), 2)),
        ("['a', 'b']['1']", "b"),
    ]
)
class IndexTests(SynchronousTestCase):
    pass


MALFORMED = {
    "nothing": ("", "Empty expression"),
    "white_space": (" \r\n", "Empty expression"),
    "only_an_end": ("}", "Empty expression"),
    "two_values": ("1 2", 'Unexpected literal "2"'),
    "operator_at_the_end": ("1 +", "Unexpected end of expression"),
    "operator_at_the_start": ("* 1", 'Unexpected symbol "*"'),
    "plus_as_a_sign": ("+1", 'Unexpected symbol "+"'),
    "two_operators": ("1 == == 2", 'Unexpected symbol "=="'),
    "open_parenthesis": ("(1", "Unexpected end of expression"),
    "closing_parenthesis": ("1)", 'Unexpected symbol ")"'),
    "crossed_brackets": ("([1)]", 'Unexpected symbol ")"'),
    "empty_parentheses": ("()", 'Unexpected symbol ")"'),
    "trailing_comma": ("[1,]", 'Unexpected symbol "]"'),
    "open_call": ("trim('a'", "Unexpected end of expression"),
    "empty_index": ("[1][]", 'Unexpected symbol "]"'),
    "called_word": ("true()", 'Unexpected symbol "("'),
}


class MalformedTests(SynchronousTestCase):
    pass


for _name, (_text, _message) in MALFORMED.items():

    def _test(self: MalformedTests, text: str = _text, message: str = _message) -> None:
        self.assertEqual(str(self.assertRaises(ExpressionError, parse, text)), message)

    setattr(MalformedTests, f"test_{_name}_is_refused", _test)


class DepthTests(SynchronousTestCase):
    def test_64_parentheses_are_fine(self) -> None:
        self.assertEqual(value_of("(" * DEEPEST + "1" + ")" * DEEPEST), 1)

    def test_a_long_sum_is_not_deep(self) -> None:
        self.assertEqual(value_of("1" + "+1" * 4000), 4001)

    def test_a_long_conjunction_is_not_deep(self) -> None:
        self.assertEqual(value_of("path" + "&&path" * 1000), 1)

    def test_deep_things_are_refused_and_not_run_into(self) -> None:
        deep = (
            "(" * 4000,
            "[" * 4000,
            "!" * 4000 + "1",
            "-" * 4000 + "1",
            "path" + "[0]" * 2000,
            "trim(" * 1000 + "1" + ")" * 1000,
            "1||1&&1^1==1<1+1*(" * 60 + "1" + ")" * 60,
        )
        for text in deep:
            error = self.assertRaises(ExpressionError, parse, text)
            self.assertIn("nested deeper than 64", str(error))

    def test_the_deepest_expression_needs_little_of_the_stack(self) -> None:
        level = "1||1&&1^1==1<path+1*("
        text = level * 7 + "1" + ")" * 7
        limit = sys.getrecursionlimit()
        depth = len(__import__("inspect").stack())
        sys.setrecursionlimit(depth + 330)
        try:
            self.assertEqual(value_of(text), 1)
        finally:
            sys.setrecursionlimit(limit)


PIECES = st.sampled_from(
    [*"()[]{},!-+*/<>=&|^$ \t'\"", "path", "trim", "matches", "'a'", "1", "5m", "$1", "==", "&&", "||", "}", "\\"]
)


class HostileTests(SynchronousTestCase):
    @given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join)))
    def test_any_text_parses_or_is_refused(self, text: str) -> None:
        try:
            self.assertLessEqual(parse(text).height, DEEPEST)
        except ExpressionError as error:
            self.assertTrue(str(error))
