"""Array functions and tests of types, one row per meaning."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.functions_array import ARRAY_FUNCTIONS

from .asking import expand

ROWS = [
    ("count([1, 2, 3])", 3),
    ("count([])", 0),
    ("count('abc')", 1),
    ("count('')", 0),
    ("count(0)", 1),
    ("sort(['z', 'a', 'b'], true)", ("a", "b", "z")),
    ("sort(['z', 'a', 'b'], false)", ("z", "b", "a")),
    ("sort([10, 9, 2.5], true)", (2.5, 9, 10)),
    ("sort('ba', true)", "ba"),
    ("dedup(['a', 'b', 'a'])", ("a", "b")),
    ("dedup([1, '1', [1], [1]])", (1, "1", (1,))),
    ("dedup('aa')", "aa"),
    ("winnow(['a', '', 'b', ''])", ("a", "b")),
    ("winnow([0, ''])", (0,)),
    ("winnow('')", ""),
    ("is_intersect(['a', 'b'], ['c', 'b'])", 1),
    ("is_intersect(['a', 'b'], ['c'])", 0),
    ("is_intersect('a', ['a'])", 1),
    ("is_intersect(['a'], 'b')", 0),
    ("is_intersect([1], ['1'])", 1),
    ("is_empty('')", 1),
    ("is_empty([])", 1),
    ("is_empty(0)", 0),
    ("is_empty(relaxed)", 0),
    ("is_empty('a')", 0),
    ("is_number(1)", 1),
    ("is_number(1.5)", 1),
    ("is_number('1')", 0),
    ("is_number([1])", 0),
    ("if_then(is_tls, 'tls', 'plain') + '-' + listener", "tls-http"),
    ("if_then('', 1, 2)", 2),
]


@expand(ROWS)
class ArrayFunctionTests(SynchronousTestCase):
    def test_every_function_has_a_row(self) -> None:
        tried = " ".join(expression for expression, _ in ROWS)
        self.assertEqual([f.name for f in ARRAY_FUNCTIONS if f"{f.name}(" not in tried], [])
