"""Plans are checked as a whole before anything is done."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings.plan import merged, natural_key, read_plan
from stalwart.cli.settings.problems import Problem
from tests.cli.settings.small_schema import view


def plan(*lines: Any) -> Any:
    return read_plan("\n".join(json.dumps(line) for line in lines), view())


class PlanTests(SynchronousTestCase):
    """Reading and merging."""

    def test_bad_lines_are_named(self) -> None:
        for line, reason in (
            ({"@type": "rename", "object": "Domain"}, "must be one of"),
            ({"@type": "create", "object": "Domane", "value": {}}, "did you mean Domain"),
            ({"@type": "create", "object": "Domain", "value": {"a": 1}}, "map names to objects"),
            ({"@type": "update", "object": "Domain", "value": {}}, "needs the id"),
            ({"@type": "destroy", "object": "Domain"}, "needs id or ids"),
            ({"@type": "upsert", "object": "Trunk", "value": {"a": {}}}, "no natural key"),
            ({"@type": "create", "object": "Domain", "values": {}}, "unknown member values"),
            ([], "not a JSON object"),
        ):
            problem = self.assertRaises(Problem, plan, {"@type": "update", "object": "Http", "value": {}}, line)
            self.assertIn("line 2", str(problem))
            self.assertIn(reason, str(problem))
        self.assertIn("not JSON", str(self.assertRaises(Problem, read_plan, "{", view())))
        self.assertRaises(Problem, read_plan, "\n", view())

    def test_singletons_need_no_id(self) -> None:
        (step,) = plan({"@type": "update", "object": "http", "value": {"enableHsts": True}})
        self.assertEqual((step.type, step.ids, step.size), ("Http", ("singleton",), 1))

    def test_accounts_are_known_by_name_and_domain(self) -> None:
        self.assertEqual(natural_key(view(), "Account"), ("name", "domainId"))
        self.assertEqual(natural_key(view(), "Domain"), ("name",))
        (step,) = plan({"@type": "upsert", "object": "Account/User", "value": {"a": {}}})
        self.assertEqual((step.variant, step.match_on), ("User", ("name", "domainId")))

    def test_neighbouring_creates_of_a_type_become_one(self) -> None:
        steps = plan(
            {"@type": "create", "object": "Domain", "value": {"a": {}}},
            {"@type": "create", "object": "Domain", "value": {"b": {}}},
            {"@type": "create", "object": "Role", "value": {"c": {}}},
            {"@type": "create", "object": "Domain", "value": {"d": {}}},
        )
        self.assertEqual([list(step.value) for step in merged(steps)], [["a", "b"], ["c"], ["d"]])

    def test_creates_with_the_same_name_stay_apart(self) -> None:
        line = {"@type": "create", "object": "Domain", "value": {"a": {}}}
        self.assertEqual(len(merged(plan(line, line))), 2)

    def test_without_a_label_what_is_chosen_for_good_tells_objects_apart(self) -> None:
        schema = view()
        fields = dict(schema.document["fields"])
        text = {"type": "string", "format": "string"}
        made = {
            "shown": {"type": text, "update": "serverSet"},
            "place": {"type": text, "update": "immutable"},
            "key": {"type": {"type": "string", "format": "secret"}, "update": "immutable"},
            "note": {"type": text, "update": "mutable"},
        }
        fields["x:Trunk"] = {"properties": made}
        lists = {**schema.document["lists"], "x:Trunk": {"labelProperty": "shown"}}
        schema.document = {**schema.document, "fields": fields, "lists": lists}
        self.assertEqual(natural_key(schema, "Trunk"), ("place",))
        del made["place"], made["key"]
        self.assertEqual(natural_key(schema, "Trunk"), ("note",))
