"""Filters and comparators of ``x:`` queries."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.account import Account
from stalwart.jmap.errors import MethodError
from stalwart.jmap.registry.filters import (
    MOST_CONDITIONS,
    Condition,
    read_filter,
    search_terms,
    sort_name,
    sort_property,
    text_of,
    words_of,
)
from stalwart.jmap.standard.arguments import Comparator
from tests.jmap.desk import call


class FilterTests(SynchronousTestCase):
    def read(self, filter: Any) -> list[tuple[str, str, Any]]:
        """Property, comparison, value of each condition."""
        request = call({}, created_ids={"d": "b"}).request
        return [(each.property, each.comparison, each.value) for each in read_filter(filter, request)]

    def refused(self, filter: Any) -> str:
        """The type of the error."""
        return self.assertRaises(MethodError, self.read, filter).type

    def test_no_filter_is_no_condition(self) -> None:
        self.assertEqual(self.read(None), [])

    def test_endings_are_comparisons(self) -> None:
        filter = {"dueIsGreaterThan": 1, "dueIsGreaterThanOrEqual": 2, "dueIsLessThan": 3, "dueIsLessThanOrEqual": 4}
        found = [("due", ">", 1), ("due", ">=", 2), ("due", "<", 3), ("due", "<=", 4)]
        self.assertEqual(self.read(filter), found)

    def test_ending_alone_is_a_property(self) -> None:
        self.assertEqual(self.read({"IsLessThan": 1}), [("IsLessThan", "=", 1)])

    def test_creation_reference_is_replaced(self) -> None:
        self.assertEqual(self.read({"domainId": "#d"}), [("domainId", "=", "b")])

    def test_and_may_be_nested(self) -> None:
        inner = {"operator": "AND", "conditions": [{"b": 2}, {"c": 3}]}
        filter = {"operator": "AND", "conditions": [{"a": 1}, inner, {"d": 4}]}
        self.assertEqual(self.read(filter), [("a", "=", 1), ("b", "=", 2), ("c", "=", 3), ("d", "=", 4)])

    def test_not_is_unsupported(self) -> None:
        self.assertEqual(self.refused({"operator": "NOT", "conditions": []}), "unsupportedFilter")

    def test_conditions_must_be_a_list_of_objects(self) -> None:
        self.assertEqual(self.refused({"operator": "AND"}), "invalidArguments")
        self.assertEqual(self.refused({"operator": "AND", "conditions": ["x"]}), "invalidArguments")

    def test_a_text_has_words_or_finds_nothing(self) -> None:
        def condition(value: Any) -> Condition:
            return Condition("text", "text", "=", value)

        self.assertEqual(words_of(condition(" A  b ")), ["A", "b"])
        self.assertEqual(text_of(condition("")), "")
        for value in ("", " \t", "\0", "a\x7f", 5, None, "x" * 1001):
            self.assertRaises(MethodError, words_of, condition(value))
            self.assertRaises(MethodError, search_terms, Account, [condition(value)])

    def test_number_of_conditions_is_bounded(self) -> None:
        self.assertEqual(self.refused({str(number): 1 for number in range(MOST_CONDITIONS + 1)}), "unsupportedFilter")
        many = {"operator": "AND", "conditions": [{}] * (MOST_CONDITIONS + 1)}
        self.assertEqual(self.refused(many), "unsupportedFilter")
        deep: Any = {"name": "x"}
        for _ in range(2000):
            deep = {"operator": "AND", "conditions": [deep]}
        self.assertEqual(self.read(deep), [("name", "=", "x")])

    def test_number_of_words_is_bounded(self) -> None:
        conditions = read_filter({"text": " ".join(f"word{number}" for number in range(40))}, call({}).request)
        error = self.assertRaises(MethodError, search_terms, Account, conditions)
        self.assertEqual(error.type, "unsupportedFilter")


class SortTests(SynchronousTestCase):
    def test_id_is_the_default(self) -> None:
        self.assertIsNone(sort_property(Account, None))
        self.assertIsNone(sort_property(Account, Comparator("id")))

    def test_indexed_property(self) -> None:
        self.assertEqual(sort_property(Account, Comparator("name")), "name")

    def test_set_is_no_order(self) -> None:
        error = self.assertRaises(MethodError, sort_property, Account, Comparator("memberGroupIds"))
        self.assertEqual(error.type, "unsupportedSort")

    def test_order_of_ones_own(self) -> None:
        self.assertEqual(sort_name(Comparator("due"), {"due"}), "due")
