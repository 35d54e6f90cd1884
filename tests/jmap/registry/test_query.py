"""``x:Type/query`` (settings A.6)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.call import RequestLimits
from stalwart.jmap.registry.query import query
from tests.jmap.registry.world import RegistryWorld


class QueryTests(RegistryWorld):
    limits = RequestLimits(query_max_results=5)

    def setUp(self) -> None:
        super().setUp()
        self.assertTrue(callable(query))
        self.alice = self.account("alice", description="Alice Example")
        self.bob = self.account("bob", description="Bob Example")
        self.staff = self.create("Account", **{"@type": "Group", "name": "staff", "domainId": "b"})
        self.carol = self.account("carol", memberGroupIds={self.staff: True})

    def refused(self, **arguments: Any) -> tuple[str, str]:
        """Type and description of the error."""
        error = self.error("x:Account/query", arguments)
        return error["type"], error["description"]

    def test_newest_come_first(self) -> None:
        self.assertEqual(self.ids("Account"), [self.carol, self.staff, self.bob, self.alice])

    def test_answer_has_a_constant_state_and_calculates_no_changes(self) -> None:
        self.assertEqual(
            self.ask("x:Account/query", {"filter": {"name": "bob"}, "calculateTotal": True}),
            {
                "accountId": "d333333",
                "queryState": "n",
                "canCalculateChanges": False,
                "position": 0,
                "ids": [self.bob],
                "total": 1,
            },
        )

    def test_text_finds_whole_words_that_all_occur(self) -> None:
        self.assertEqual(self.ids("Account", filter={"text": "EXAMPLE alice"}), [self.alice])
        self.assertEqual(self.ids("Account", filter={"text": "exam"}), [])

    def test_conditions_of_one_filter_all_hold(self) -> None:
        self.assertEqual(self.ids("Account", filter={"@type": "User", "domainId": "b", "name": "bob"}), [self.bob])

    def test_and_joins_filters(self) -> None:
        both = {"operator": "AND", "conditions": [{"@type": "User"}, {"memberGroupIds": self.staff}]}
        self.assertEqual(self.ids("Account", filter=both), [self.carol])

    def test_a_condition_beside_an_operator_is_refused(self) -> None:
        mixed = {"operator": "AND", "conditions": [{}], "name": "alice"}
        self.assertEqual(self.refused(filter=mixed)[0], "invalidArguments")

    def test_or_is_unsupported(self) -> None:
        filter = {"operator": "OR", "conditions": [{"name": "bob"}]}
        self.assertEqual(self.refused(filter=filter), ("unsupportedFilter", "Only AND is supported in filters"))

    def test_property_without_index_is_an_unsupported_filter(self) -> None:
        text = "Filter on property createdAt is not supported or invalid"
        kind, told = self.refused(filter={"createdAt": "x"})
        self.assertEqual(kind, "unsupportedFilter")
        self.assertTrue(told.startswith(text + ". Supported: "), told)
        self.assertIn("domainId", told)

    def test_value_that_cannot_be_is_an_unsupported_filter(self) -> None:
        self.assertEqual(self.refused(filter={"domainId": "!"})[0], "unsupportedFilter")

    def test_names_can_be_compared(self) -> None:
        self.assertEqual(self.ids("Account", filter={"nameIsGreaterThan": "bob"}), [self.carol, self.staff])
        self.assertEqual(self.ids("Account", filter={"nameIsLessThanOrEqual": "bob"}), [self.bob, self.alice])

    def test_first_comparator_counts(self) -> None:
        sort = [{"property": "name", "isAscending": True}, {"property": "nothing"}]
        self.assertEqual(self.ids("Account", sort=sort), [self.alice, self.bob, self.carol, self.staff])
        sort = [{"property": "id", "isAscending": True}]
        self.assertEqual(self.ids("Account", sort=sort), [self.alice, self.bob, self.staff, self.carol])

    def test_property_without_index_cannot_be_sorted_by(self) -> None:
        text = "Property description is not supported for sorting"
        kind, told = self.refused(sort=[{"property": "description"}])
        self.assertEqual(
            (kind, told), ("unsupportedSort", text + ". Supported: @type, domainId, id, memberTenantId, name")
        )

    def test_position_counts_from_the_start_or_the_end(self) -> None:
        self.assertEqual(self.ids("Account", position=2), [self.bob, self.alice])
        answer = self.ask("x:Account/query", {"position": -1, "calculateTotal": True})
        self.assertEqual((answer["position"], answer["ids"], answer["total"]), (3, [self.alice], 4))

    def test_anchor_says_where_to_go_on(self) -> None:
        answer = self.ask("x:Account/query", {"anchor": self.staff, "anchorOffset": 1, "limit": 1})
        self.assertEqual((answer["position"], answer["ids"]), (2, [self.bob]))

    def test_anchor_that_is_not_there(self) -> None:
        for anchor in ("zz", "!"):
            self.assertEqual(self.refused(anchor=anchor)[0], "anchorNotFound")

    def test_limit_is_answered_when_something_was_cut_off(self) -> None:
        self.assertEqual(self.ask("x:Account/query", {"limit": 3})["limit"], 3)
        self.assertNotIn("limit", self.ask("x:Account/query", {"limit": 4}))

    def test_server_has_a_limit_of_its_own(self) -> None:
        for name in ("dave", "erin"):
            self.account(name)
        answer = self.ask("x:Account/query", {"limit": 100})
        self.assertEqual((len(answer["ids"]), answer["limit"]), (5, 5))
        more = self.ask("x:Account/query", {"anchor": answer["ids"][-1], "anchorOffset": 1})
        self.assertEqual(more["ids"], [self.alice])
        self.assertNotIn("limit", more)

    def test_limit_0_asks_for_the_total_only(self) -> None:
        answer = self.ask("x:Account/query", {"limit": 0, "calculateTotal": True})
        self.assertEqual((answer["ids"], answer["total"]), ([], 4))

    def test_singleton_has_no_query(self) -> None:
        self.assertEqual(self.error("x:MtaSts/query")["type"], "unknownMethod")

    def test_there_are_no_changes(self) -> None:
        self.assertEqual(self.error("x:Domain/changes")["type"], "unknownMethod")
