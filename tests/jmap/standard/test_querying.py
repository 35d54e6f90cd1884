"""Queries end to end: filters, sorting, windows, what the answer says about itself (RFC 8620 5.5)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.filters import EVERYTHING
from stalwart.jmap.standard.querying import in_turn, object_number, read_query
from stalwart.jmap.standard.source import Query
from stalwart.mail.search.turns import Turns
from stalwart.store import MemoryStore
from tests.jmap.standard.notes import NOTE, OWN_ID, NotesCase


class QueryTests(NotesCase):
    def setUp(self) -> None:
        super().setUp()
        titles = ("cherry", "Apple", "banana", "apple", "Éclair", "date")
        self.ids = dict(zip(titles, self.made(*titles), strict=True))
        self.call("set", update={self.ids["banana"]: {"pinned": True, "body": "b", "tags/x": True}})

    def found(self, filter: Any = None, *sort: dict[str, Any], **arguments: Any) -> list[str]:
        """The titles of the results."""
        titles = {id: title for title, id in self.ids.items()}
        return [titles[id] for id in self.call("query", filter=filter, sort=list(sort), **arguments)["ids"]]

    def test_all_by_id(self) -> None:
        answer = self.call("query")
        self.assertEqual(
            answer,
            {
                "accountId": OWN_ID,
                "queryState": self.state(),
                "canCalculateChanges": True,
                "position": 0,
                "ids": list(self.ids.values()),
                "limit": 5000,
            },
        )

    def test_a_condition(self) -> None:
        self.assertEqual(self.found({"title": "APP"}), ["Apple", "apple"])
        self.assertEqual(self.found({"pinned": True}), ["banana"])

    def test_several_conditions_hold_together(self) -> None:
        self.assertEqual(self.found({"title": "a", "pinned": True}), ["banana"])
        self.assertEqual(len(self.found({})), 6)

    def test_operators(self) -> None:
        apple, pinned = {"title": "apple"}, {"pinned": True}
        self.assertEqual(self.found({"operator": "OR", "conditions": [apple, pinned]}), ["Apple", "banana", "apple"])
        self.assertEqual(self.found({"operator": "AND", "conditions": [apple, pinned]}), [])
        none = {"operator": "NOT", "conditions": [apple, pinned]}
        self.assertEqual(self.found(none), ["cherry", "Éclair", "date"])
        self.assertEqual(self.found({"operator": "AND", "conditions": [none, {"title": "e"}]}), ["cherry", "date"])

    def test_what_cannot_be_filtered_by(self) -> None:
        self.assertEqual(self.error("query", filter={"colour": 1}), "unsupportedFilter")
        self.assertEqual(self.error("query", filter={"pinned": "yes"}), "invalidArguments")
        self.assertEqual(self.error("query", filter=["x"]), "invalidArguments")

    def test_a_creation_reference_in_a_filter(self) -> None:
        (child,) = self.made("child", parentId=self.ids["date"])
        self.ids["child"] = child
        self.request.created_ids["d"] = self.ids["date"]
        self.assertEqual(self.found({"parentId": "#d"}), ["child"])
        self.assertEqual(self.error("query", filter={"parentId": "#nobody"}), "invalidArguments")

    def test_texts_by_collation(self) -> None:
        by_title = {"property": "title"}
        self.assertEqual(self.found(None, by_title), ["Apple", "apple", "banana", "cherry", "date", "Éclair"])
        casemap = {"property": "title", "collation": "i;ascii-casemap", "isAscending": False}
        self.assertEqual(self.found(None, casemap), ["Éclair", "date", "cherry", "banana", "Apple", "apple"])
        self.assertEqual(self.error("query", sort=[{"property": "title", "collation": "i;basic"}]), "unsupportedSort")

    def test_false_before_true_and_null_before_all(self) -> None:
        self.assertEqual(self.found(None, {"property": "pinned", "isAscending": False})[0], "banana")
        self.assertEqual(self.found(None, {"property": "body"})[-1], "banana")

    def test_several_criteria(self) -> None:
        order = self.found(None, {"property": "pinned", "isAscending": False}, {"property": "title"})
        self.assertEqual(order[:3], ["banana", "Apple", "apple"])

    def test_a_criterion_with_a_member(self) -> None:
        self.assertEqual(self.found(None, {"property": "tagged", "tag": "x"})[-1], "banana")
        self.assertEqual(self.error("query", sort=[{"property": "tagged"}]), "invalidArguments")

    def test_what_cannot_be_sorted_by(self) -> None:
        self.assertEqual(self.error("query", sort=[{"property": "colour"}]), "unsupportedSort")

    def test_windows(self) -> None:
        everything = list(self.ids)
        self.assertEqual(self.found(position=2, limit=2), everything[2:4])
        self.assertEqual(self.found(position=-2), everything[-2:])
        self.assertEqual(self.found(position=-20, limit=1), everything[:1])
        self.assertEqual(self.found(limit=0), [])
        self.assertEqual(self.found(anchor=self.ids["apple"], limit=1), ["apple"])
        self.assertEqual(self.found(anchor=self.ids["apple"], anchorOffset=-2, position=5, limit=2), everything[1:3])
        self.assertEqual(self.found(anchor=self.ids["Apple"], anchorOffset=-9, limit=1), everything[:1])

    def test_the_position_of_the_answer(self) -> None:
        self.assertEqual(self.call("query", position=-2)["position"], 4)
        self.assertEqual(self.call("query", anchor=self.ids["apple"], anchorOffset=1)["position"], 4)
        beyond = self.call("query", position=99, calculateTotal=True)
        self.assertEqual((beyond["position"], beyond["ids"], beyond["total"]), (99, [], 6))

    def test_an_anchor_that_is_no_result(self) -> None:
        self.assertEqual(self.error("query", anchor="No Id"), "anchorNotFound")
        self.assertEqual(self.error("query", anchor=self.ids["apple"], filter={"pinned": True}), "anchorNotFound")

    def test_the_total_only_if_asked_for(self) -> None:
        self.assertNotIn("total", self.call("query"))
        self.assertEqual(self.call("query", filter={"title": "apple"}, limit=1, calculateTotal=True)["total"], 2)

    def test_the_limit_is_told_if_it_is_the_servers(self) -> None:
        self.limit(query_max_results=3)
        self.assertNotIn("limit", self.call("query", limit=3))
        for wanted in (4, None):
            answer = self.call("query", limit=wanted)
            self.assertEqual((answer["limit"], len(answer["ids"])), (3, 3))

    def test_it_says_whether_changes_can_be_told(self) -> None:
        self.assertFalse(self.call("query", filter={"full": True})["canCalculateChanges"])
        self.assertFalse(self.call("query", sort=[{"property": "luck"}])["canCalculateChanges"])
        self.assertTrue(self.call("query", filter={"title": "x"})["canCalculateChanges"])

    def test_the_state_changes_with_the_objects(self) -> None:
        before = self.call("query")["queryState"]
        self.made("new")
        self.assertNotEqual(self.call("query")["queryState"], before)

    def test_wrong_arguments(self) -> None:
        wrong: tuple[dict[str, Any], ...] = (
            {"limit": -1},
            {"limit": 1.5},
            {"limit": True},
            {"position": "1"},
            {"anchorOffset": None, "anchor": 7},
            {"calculateTotal": 1},
            {"sort": {"property": "title"}},
            {"sort": ["title"]},
            {"sort": [{"isAscending": True}]},
            {"sort": [{"property": "title", "isAscending": "yes"}]},
        )
        for arguments in wrong:
            self.assertEqual(self.error("query", **arguments), "invalidArguments", arguments)


class ReadQueryTests(NotesCase):
    def test_what_rests_on_fixed_properties(self) -> None:
        fixed = read_query(NOTE.declared, {"kind": "list"}, [Comparator("createdAt")], self.request)
        self.assertEqual((fixed.fixed, fixed.names), (True, {"kind", "createdAt"}))
        self.assertFalse(read_query(NOTE.declared, {"pinned": True}, [], self.request).fixed)
        self.assertFalse(read_query(NOTE.declared, None, [Comparator("title")], self.request).fixed)

    def test_numbers_of_objects(self) -> None:
        self.assertEqual([object_number(NOTE.declared, id) for id in (None, "b", "No Id")], [None, 1, -1])


class TurnTests(SynchronousTestCase):
    """Queries that look through texts wait for their turn, others do not."""

    def test_a_search_waits_for_the_turn_of_whoever_asks(self) -> None:
        clock = Clock()
        turns = Turns(clock)
        store = MemoryStore(clock.seconds)
        self.addCleanup(store.close)
        services: Any = {"store": store, "search_turns": turns}
        call: Any = SimpleNamespace(request=SimpleNamespace(access=SimpleNamespace(account_id=7)))
        plain = Query(EVERYTHING, (), frozenset(), fixed=True, calculable=True)
        held: Deferred[None] = Deferred()

        async def hold() -> None:
            async with turns.of(7):
                await held

        holding = Deferred.fromCoroutine(hold())
        asked = [
            Deferred.fromCoroutine(in_turn(query, call, services, lambda tx: 5))
            for query in (plain, evolve(plain, searches=True))
        ]
        self.assertEqual(self.successResultOf(asked[0]), 5)
        self.assertNoResult(asked[1])
        held.callback(None)
        self.successResultOf(holding)
        self.assertEqual(self.successResultOf(asked[1]), 5)
