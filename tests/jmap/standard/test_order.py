"""The order of creations (RFC 8620 5.3)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.order import creation_order


class OrderTests(SynchronousTestCase):
    def test_without_references_as_given(self) -> None:
        self.assertEqual(creation_order({"b": {}, "a": {"x": "#elsewhere"}}), ["b", "a"])

    def test_who_is_referred_to_comes_first(self) -> None:
        creates = {"c": {"parentId": "#b"}, "b": {"ids": {"#a": True}}, "a": {}}
        self.assertEqual(creation_order(creates), ["a", "b", "c"])

    def test_circles_are_named(self) -> None:
        for creates in ({"a": "#a"}, {"a": "#b", "b": "#a"}, {"a": "#b", "b": "#c", "c": "#a"}):
            problem = self.assertRaises(MethodError, creation_order, creates)
            self.assertEqual(problem.type, "invalidArguments")
            self.assertIn("#a", problem.description or "")

    def test_who_knows_better_says_what_is_a_reference(self) -> None:
        self.assertEqual(creation_order({"a": "#b", "b": "#a"}, lambda value: ()), ["a", "b"])

    def test_a_long_chain(self) -> None:
        creates = {f"{number}": f"#{number + 1}" for number in range(2000)} | {"2000": None}
        self.assertEqual(creation_order(creates)[0], "2000")

    @given(st.dictionaries(st.integers(0, 20), st.lists(st.integers(0, 20))))
    def test_never_before_what_is_needed(self, needs: dict[int, list[int]]) -> None:
        creates = {f"{n}": [f"#{m}" for m in needed if m < n] for n, needed in needs.items()}
        order = creation_order(creates)
        self.assertEqual(sorted(order), sorted(creates))
        for creation_id, value in creates.items():
            for each in value:
                if each[1:] in creates:
                    self.assertLess(order.index(each[1:]), order.index(creation_id))
