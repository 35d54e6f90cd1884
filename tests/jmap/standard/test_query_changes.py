"""Changes of a query: a client that applies them has the new results (RFC 8620 5.6)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stalwart.jmap.standard import query_changes
from tests.jmap.standard.notes import OWN_ID, NotesCase

FIXED = {"filter": {"kind": "plain"}, "sort": [{"property": "createdAt", "isAscending": False}]}
BY_TITLE = {"filter": {"operator": "NOT", "conditions": [{"pinned": True}]}, "sort": [{"property": "title"}]}


def applied(old: list[str], answer: dict[str, Any]) -> list[str]:
    """What RFC 8620 5.6 tells a client to do."""
    results = [id for id in old if id not in set(answer["removed"])]
    for each in answer["added"]:
        results.insert(each["index"], each["id"])
    return results


class QueryChangesTests(NotesCase):
    def since(self, state: str, **arguments: Any) -> dict[str, Any]:
        return self.call("queryChanges", sinceQueryState=state, **arguments)

    def test_nothing_happened(self) -> None:
        self.made("one")
        state = self.call("query")["queryState"]
        self.assertEqual(
            self.since(state, filter=None, sort=None),
            {"accountId": OWN_ID, "oldQueryState": state, "newQueryState": state, "removed": [], "added": []},
        )

    def test_fixed_properties_need_no_more_than_what_came_and_went(self) -> None:
        one, two = self.made("one", "two")
        state = self.state()
        self.clock.advance(10)
        (three,) = self.made("three")
        self.call("set", update={one: {"title": "1"}}, destroy=[two])
        answer = self.since(state, calculateTotal=True, **FIXED)
        self.assertEqual(answer["removed"], [two])
        self.assertEqual(answer["added"], [{"id": three, "index": 0}])
        self.assertEqual((answer["total"], answer["newQueryState"]), (2, self.state()))

    def test_what_may_have_moved_is_removed_and_added(self) -> None:
        one, two = self.made("b", "a")
        state = self.state()
        self.call("set", update={one: {"title": "c"}})
        answer = self.since(state, **BY_TITLE)
        self.assertEqual((answer["removed"], answer["added"]), ([one], [{"id": one, "index": 1}]))
        self.call("set", update={one: {"pinned": True}})
        self.assertEqual(self.since(state, **BY_TITLE)["added"], [])
        self.assertEqual(self.call("query", **BY_TITLE)["ids"], [two])

    def test_nothing_is_added_after_the_last_id_that_the_client_has(self) -> None:
        (one,) = self.made("one")
        state = self.state()
        two, three = self.made("two", "three")
        ascending = {"filter": None, "sort": [{"property": "createdAt"}]}
        self.assertEqual(self.since(state, upToId=one, **ascending)["added"], [])
        self.assertEqual([each["id"] for each in self.since(state, upToId=two, **ascending)["added"]], [two])
        self.assertEqual(len(self.since(state, upToId="zzz", **ascending)["added"]), 2)
        self.assertEqual(len(self.since(state, upToId=one, sort=[{"property": "title"}])["added"]), 2)
        self.assertEqual(three, self.call("query", **ascending)["ids"][-1])

    def test_more_changes_than_wanted(self) -> None:
        ids = self.made("one", "two")
        state = self.state()
        self.call("set", update={id: {"title": "x"} for id in ids})
        arguments = {"sinceQueryState": state, **BY_TITLE}
        self.assertEqual(self.error("queryChanges", maxChanges=3, **arguments), "tooManyChanges")
        self.assertEqual(self.error("queryChanges", maxChanges=0, **arguments), "tooManyChanges")
        self.assertEqual(len(self.call("queryChanges", maxChanges=4, **arguments)["removed"]), 2)

    def test_more_changes_than_the_server_looks_at(self) -> None:
        self.made("one", "two", "three")
        self.limit(changes_max_results=2)
        self.assertEqual(self.error("queryChanges", sinceQueryState="n"), "cannotCalculateChanges")

    def test_what_cannot_be_calculated(self) -> None:
        self.assertEqual(self.error("queryChanges", sinceQueryState="s9"), "cannotCalculateChanges")
        wanted = {"sinceQueryState": "n", "filter": {"full": True}}
        self.assertEqual(self.error("queryChanges", **wanted), "cannotCalculateChanges")

    def test_wrong_arguments(self) -> None:
        self.assertEqual(self.error("queryChanges"), "invalidArguments")
        self.assertEqual(self.error("queryChanges", sinceQueryState="x"), "invalidArguments")
        self.assertEqual(self.error("queryChanges", sinceQueryState="n", maxChanges=-1), "invalidArguments")
        self.assertEqual(self.error("queryChanges", sinceQueryState="n", filter={"x": 1}), "unsupportedFilter")
        self.assertTrue(query_changes.__doc__)


Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(st.sampled_from(("create", "title", "pin", "destroy")), st.integers(0, 9), st.integers(0, 9)), max_size=10
)


class ReplayTests(NotesCase):
    @given(steps, steps, st.sampled_from((FIXED, BY_TITLE, {})), st.booleans())
    def test_old_results_become_the_new_ones(
        self, before: list[Step], after: list[Step], query: dict[str, Any], partial: bool
    ) -> None:
        self.move()
        self.walk(before)
        old = self.call("query", **query)
        cached = old["ids"]
        self.walk(after)
        up_to = cached[-1] if partial and cached else None
        answer = self.call(
            "queryChanges", sinceQueryState=old["queryState"], upToId=up_to, calculateTotal=True, **query
        )
        new = self.call("query", calculateTotal=True, **query)
        self.assertEqual((answer["total"], answer["newQueryState"]), (new["total"], new["queryState"]))
        indexes = [each["index"] for each in answer["added"]]
        self.assertEqual(indexes, sorted(indexes))
        results = applied(cached, answer)
        if up_to in new["ids"]:
            last = new["ids"].index(up_to) + 1
            self.assertEqual(results[:last], new["ids"][:last])
        else:
            self.assertEqual(results, new["ids"])

    def walk(self, steps: list[Step]) -> None:
        for kind, which, number in steps:
            self.clock.advance(number % 3)
            ids = self.call("query")["ids"]
            if kind == "create":
                self.made(f"note {number}", kind="plain" if which % 3 else "list")
            elif ids:
                id = ids[which % len(ids)]
                if kind == "destroy":
                    self.call("set", destroy=[id])
                else:
                    patch = {"title": f"{number}"} if kind == "title" else {"pinned": number % 2 == 0}
                    self.call("set", update={id: patch})
