"""Filters and sorts in the words of the store."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.call import Request
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.filter import PlainList, plain_list, store_filter, store_sort, text_conditions
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.querying import read_query
from stalwart.jmap.standard.source import Query
from stalwart.store.mail_rows import Combined, Condition, Sort
from tests.jmap.desk import access


def query(filter: dict[str, Any] | None, *sort: dict[str, Any]) -> Query:
    """As Email/query reads it."""
    return read_query(EMAIL, filter, [Comparator.of(dict(each)) for each in sort], Request(access()))


NEWEST = {"property": "receivedAt", "isAscending": False}


class PlainListTests(SynchronousTestCase):
    """What is a walk along an index."""

    def plain(self, filter: dict[str, Any] | None, *sort: dict[str, Any]) -> PlainList | None:
        asked = query(filter, *sort)
        return plain_list(asked.filter, asked.sort)

    def test_lists(self) -> None:
        inbox = {"inMailbox": "b"}
        unread = {"notKeyword": "$Seen"}
        for filter, sort, expected in (
            (None, (), PlainList(None, None, False)),
            ({}, (NEWEST,), PlainList(None, None, False)),
            ({}, ({"property": "receivedAt"},), PlainList(None, None, True)),
            (inbox, (), PlainList(1, None, False)),
            ({"inMailbox": "No"}, (), PlainList(-1, None, False)),
            (inbox | unread, (NEWEST,), PlainList(1, "unread", False)),
            (inbox | {"hasKeyword": "$flagged"}, (), PlainList(1, "flagged", False)),
            (unread, (), PlainList(None, "unread", False)),
            ({"operator": "AND", "conditions": [inbox, {}, unread]}, (), PlainList(1, "unread", False)),
        ):
            self.assertEqual(self.plain(filter, *sort), expected, f"{filter} {sort}")

    def test_searches(self) -> None:
        inbox = {"inMailbox": "b"}
        for filter, sort in (
            (inbox, ({"property": "size"},)),
            (inbox, (NEWEST, {"property": "size"})),
            ({"hasKeyword": "$seen"}, ()),
            ({"notKeyword": "$flagged"}, ()),
            ({"operator": "AND", "conditions": [inbox, {"inMailbox": "c"}]}, ()),
            ({"operator": "NOT", "conditions": [inbox]}, ()),
            ({"operator": "OR", "conditions": [inbox]}, ()),
            ({"operator": "OR", "conditions": []}, ()),
            (inbox | {"notKeyword": "$seen", "hasKeyword": "$flagged"}, ()),
            (inbox | {"text": "words"}, ()),
        ):
            self.assertIsNone(self.plain(filter, *sort), f"{filter} {sort}")


class StoreFilterTests(SynchronousTestCase):
    """Each condition of RFC 8621 4.4.1."""

    def test_every_condition_is_known(self) -> None:
        values: dict[str, Any] = {"inMailboxOtherThan": ["b"], "hasAttachment": True, "header": ["X"]}
        values |= dict.fromkeys(("before", "after"), "2024-01-01T00:00:00Z") | dict.fromkeys(("minSize", "maxSize"), 1)
        for name in EMAIL.conditions:
            asked = query({name: values.get(name, "b")})
            self.assertIsInstance(store_filter(asked.filter, lambda test, value: frozenset((1,))), Condition)

    def test_values(self) -> None:
        for given, expected in (
            ({"inMailbox": "b"}, Condition("in_mailbox", 1)),
            ({"inMailbox": "A"}, Condition("in_mailbox", -1)),
            ({"inMailboxOtherThan": ["b", "c", "A"]}, Condition("in_mailbox_other_than", frozenset((1, 2, -1)))),
            ({"before": "1970-01-02T02:00:00+02:00"}, Condition("before", 86_400)),
            ({"hasKeyword": "$SEEN"}, Condition("has_keyword", "$seen")),
            ({"hasAttachment": False}, Condition("has_attachment", False)),
        ):
            self.assertEqual(store_filter(query(given).filter, self.fail), expected)

    def test_operators_and_text(self) -> None:
        inner = {"operator": "NOT", "conditions": [{"text": "a"}, {"minSize": 1}]}
        asked = query({"operator": "OR", "conditions": [inner, {"header": ["X", "y"]}]})
        self.assertEqual(text_conditions(asked.filter), [("text", "a"), ("header", ["X", "y"])])
        found = {("text", "a"): frozenset((1, 2)), ("header", "X y"): frozenset((3,))}
        made = store_filter(asked.filter, lambda test, value: found[test, value if test == "text" else " ".join(value)])
        among = [Condition("among", each) for each in found.values()]
        self.assertEqual(made, Combined("OR", (Combined("NOT", (among[0], Condition("min_size", 1))), among[1])))

    def test_what_several_texts_are_in_becomes_one_list(self) -> None:
        found = {"a": frozenset((1, 2)), "b": frozenset((2, 3)), "c": frozenset((2, 4))}
        texts = [{"text": text} for text in found]
        for operator, expected in (("OR", {1, 2, 3, 4}), ("NOT", {1, 2, 3, 4}), ("AND", {2})):
            asked = query({"operator": operator, "conditions": [texts[0], {"minSize": 1}, *texts[1:]]})
            made = store_filter(asked.filter, lambda test, value: found[value])
            parts = Condition("min_size", 1), Condition("among", frozenset(expected))
            self.assertEqual(made, Combined(operator, parts), operator)  # type: ignore[arg-type]

    def test_nothing_is_no_filter(self) -> None:
        self.assertIsNone(store_filter(query(None).filter, self.fail))
        self.assertIsNone(store_filter(query({}).filter, self.fail))
        self.assertEqual(text_conditions(query({"minSize": 1}).filter), [])

    def test_sorts(self) -> None:
        given = [{"property": name, "isAscending": False, "keyword": "$Flagged"} for name in EMAIL.sorts]
        made = store_sort(query(None, *given).sort)
        self.assertEqual(made[0], Sort("received_at"))
        self.assertEqual(made[-1], Sort("some_in_thread_have_keyword", False, "$flagged"))
        self.assertEqual(len(made), len(EMAIL.sorts))
