"""Filters: from JSON to a tree, and what it matches (RFC 8620 5.5)."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.filters import EVERYTHING, Condition, Filter, Operation, Test, predicate, read_filter, tests
from stalwart.jmap.standard.scalars import Id, Int

CONDITIONS = {
    "least": Condition(Int(), lambda number, value: number >= value),
    "most": Condition(Int(), lambda number, value: number <= value),
    "id": Condition(Id(), lambda number, value: value == "b"),
}


@define
class Made:
    created_ids: dict[str, str] = field(factory=lambda: {"x": "b"})


def read(given: Any) -> Filter:
    return read_filter(given, CONDITIONS, Made())


class FilterTests(SynchronousTestCase):
    def refused(self, type: str, given: Any) -> None:
        self.assertEqual(self.assertRaises(MethodError, read, given).type, type, given)

    def matching(self, given: Any) -> list[int]:
        matches = predicate(read(given), CONDITIONS)
        return [number for number in range(6) if matches(number)]

    def test_nothing_matches_everything(self) -> None:
        self.assertEqual((read(None), read({})), (EVERYTHING, EVERYTHING))
        self.assertEqual(self.matching({}), [0, 1, 2, 3, 4, 5])

    def test_the_tree(self) -> None:
        self.assertEqual(read({"least": 1}), Test("least", 1))
        both = Operation("AND", (Test("least", 1), Test("most", 3)))
        self.assertEqual(read({"least": 1, "most": 3}), both)
        self.assertEqual([test.name for test in tests(both)], ["least", "most"])

    def test_operators(self) -> None:
        low, high = {"most": 1}, {"least": 5}
        self.assertEqual(self.matching({"operator": "OR", "conditions": [low, high]}), [0, 1, 5])
        self.assertEqual(self.matching({"operator": "NOT", "conditions": [low, high]}), [2, 3, 4])
        self.assertEqual(self.matching({"operator": "AND", "conditions": [low, high]}), [])

    def test_operators_over_nothing(self) -> None:
        self.assertEqual(len(self.matching({"operator": "AND", "conditions": []})), 6)
        self.assertEqual(len(self.matching({"operator": "OR", "conditions": []})), 0)
        self.assertEqual(len(self.matching({"operator": "NOT", "conditions": []})), 6)

    def test_references_are_replaced_where_ids_can_be(self) -> None:
        self.assertEqual(read({"id": "#x"}), Test("id", "b"))
        self.refused("invalidArguments", {"id": "#y"})

    def test_what_is_not_supported(self) -> None:
        self.refused("unsupportedFilter", {"colour": 1})
        self.refused("unsupportedFilter", {"operator": "AND", "conditions": [{"colour": 1}]})

    def test_what_is_wrong(self) -> None:
        wrong: tuple[Any, ...] = (
            {"least": "1"},
            {"operator": "XOR", "conditions": []},
            {"operator": ["AND"], "conditions": []},
            {"operator": "AND"},
            {"operator": "AND", "conditions": {}},
            {"operator": "AND", "conditions": [None]},
            {"operator": "AND", "conditions": [], "least": 1},
        )
        for each in wrong:
            self.refused("invalidArguments", each)

    def test_depth_and_number_are_bounded(self) -> None:
        deep: Any = {"least": 1}
        for _ in range(31):
            deep = {"operator": "NOT", "conditions": [deep]}
        read(deep)
        self.refused("unsupportedFilter", {"operator": "NOT", "conditions": [deep]})
        self.refused("unsupportedFilter", {"operator": "OR", "conditions": [{"least": 1}] * 1025})

    @given(
        st.recursive(
            st.dictionaries(st.sampled_from(("least", "most")), st.integers(-1, 6)),
            lambda parts: st.fixed_dictionaries(
                {"operator": st.sampled_from(("AND", "OR", "NOT")), "conditions": st.lists(parts, max_size=3)}
            ),
            max_leaves=8,
        )
    )
    def test_it_means_what_the_rfc_says(self, given: dict[str, Any]) -> None:
        self.assertEqual(self.matching(given), [number for number in range(6) if meant(given, number)])


def meant(given: dict[str, Any], number: int) -> bool:
    if "operator" not in given:
        return given.get("least", number) <= number <= given.get("most", number)
    parts = [meant(part, number) for part in given["conditions"]]
    return {"AND": all(parts), "OR": any(parts), "NOT": not any(parts)}[given["operator"]]
