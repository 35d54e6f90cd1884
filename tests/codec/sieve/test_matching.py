"""Values and keys (RFC 5228 2.7, RFC 5229 3.2, RFC 4790 9.1)."""

from __future__ import annotations

import re
from time import monotonic

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve.matching import Comparison, compare, folded, number, wildcards
from tests.codec.sieve.scripts import rows

WILDCARDS = {
    "all": ("abc", "*", ("abc", "abc")),
    "nothing": ("", "*", ("", "")),
    "plain": ("abc", "ABC", ("abc",)),
    "one": ("abc", "a?c", ("abc", "b")),
    "as little as can be": ("[acme-users] [fwd] hi", "[*] *", ("[acme-users] [fwd] hi", "acme-users", "[fwd] hi")),
    "the last one takes the rest": ("xaya", "*a", ("xaya", "xay")),
    "several": ("a.b.c", "*.*", ("a.b.c", "a", "b.c")),
    "escaped": ("a*b", r"a\*b", ("a*b",)),
    "escaped wrongly": ("axb", r"a\*b", None),
    "a backslash at the end": ("a\\", "a\\", ("a\\",)),
    "too short": ("a", "a?", None),
    "too long": ("ab", "a", None),
    "parts that overlap": ("aba", "ab*ba", None),
    "any at the ends": ("abc", "?*?", ("abc", "a", "b", "c")),
    "lines": ("a\nb", "a*b", ("a\nb", "\n")),
    "case of the value is kept": ("ABC", "a*", ("ABC", "BC")),
}


@rows(WILDCARDS)
class WildcardTests(SynchronousTestCase):
    """Tables."""

    def check(self, value: str, pattern: str, expected: tuple[str, ...] | None) -> None:
        self.assertEqual(wildcards(value, pattern), expected)


class MatchingTests(SynchronousTestCase):
    """Comparators and bounds."""

    def test_case(self) -> None:
        self.assertIsNone(wildcards("A", "a", fold=False))
        self.assertEqual(folded("ÄbC"), "Äbc")

    def test_numbers(self) -> None:
        self.assertEqual([number(text) for text in ("12", "012x", "0")], [12, 12, 0])
        self.assertGreater(number("x"), number("9" * 100))
        self.assertGreater(number("x"), number("9" * 100_000))

    def test_relations(self) -> None:
        for relation, expected in {"gt": False, "ge": True, "lt": False, "le": True, "eq": True, "ne": False}.items():
            how = Comparison("value", "i;ascii-numeric", relation)
            self.assertEqual(compare(how, ("07",), ("7",), _free) is not None, expected, relation)
        self.assertIsNotNone(compare(Comparison("value", "i;octet", "lt"), ("Z",), ("a",), _free))
        self.assertIsNone(compare(Comparison("value", "i;ascii-casemap", "lt"), ("Z",), ("a",), _free))

    def test_what_takes_long_costs_more(self) -> None:
        spent: list[int] = []
        compare(Comparison("matches"), ("a" * 60_000,), ("*?" * 2000,), spent.append)
        self.assertGreater(sum(spent), 10_000)

    def test_no_pattern_takes_for_ever(self) -> None:
        began = monotonic()
        self.assertIsNone(wildcards("a" * 20_000, "*a" * 500 + "b"))
        self.assertIsNone(wildcards("a" * 5000, "*" + "?" * 200 + "b*" + "?" * 100))
        self.assertLess(monotonic() - began, 2)

    @settings(max_examples=300)
    @given(st.text(alphabet="ab", max_size=12), st.text(alphabet="ab*?", max_size=8))
    def test_they_agree_with_regular_expressions(self, value: str, pattern: str) -> None:
        expression = "".join({"*": "(.*?)", "?": "(.)"}.get(character, character) for character in pattern)
        match = re.fullmatch(expression, value)
        self.assertEqual(wildcards(value, pattern), (value, *match.groups()) if match else None)


def _free(steps: int) -> None:
    """Nothing is counted."""
