"""Sorting of results (RFC 8620 5.5)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.scalars import Int
from stalwart.jmap.standard.sorting import Sort, ordered, read_sort

SORTS = {
    "name": Sort.by("name"),
    "size": Sort.by("size"),
    "near": Sort(lambda each, members: abs(each["size"] - members["to"]), members={"to": Int()}),
}
ROWS: list[tuple[int, dict[str, Any]]] = [
    (3, {"name": "b", "size": 1}),
    (1, {"name": None, "size": 2}),
    (2, {"name": "A", "size": 2}),
    (4, {"name": "a", "size": 9}),
]


def order(*comparators: Comparator) -> list[int]:
    return [id for id, _ in ordered(ROWS, read_sort(comparators, SORTS))]


class SortingTests(SynchronousTestCase):
    def test_by_id_without_criteria(self) -> None:
        self.assertEqual(order(), [1, 2, 3, 4])

    def test_null_first_then_by_collation_then_by_id(self) -> None:
        self.assertEqual(order(Comparator("name")), [1, 2, 4, 3])

    def test_descending_keeps_the_id_as_tie_break(self) -> None:
        self.assertEqual(order(Comparator("size", False)), [4, 1, 2, 3])

    def test_the_first_criterion_counts_most(self) -> None:
        self.assertEqual(order(Comparator("size"), Comparator("name", False)), [3, 2, 1, 4])

    def test_members_of_a_comparator(self) -> None:
        self.assertEqual(order(Comparator("near", members={"to": 8}))[0], 4)
        for members in ({}, {"to": "8"}):
            problem = self.assertRaises(MethodError, order, Comparator("near", members=members))
            self.assertEqual(problem.type, "invalidArguments")

    def test_what_is_not_supported(self) -> None:
        for comparator in (Comparator("colour"), Comparator("size", collation="i;none")):
            self.assertEqual(self.assertRaises(MethodError, order, comparator).type, "unsupportedSort")
