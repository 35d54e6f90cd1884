"""Carrying out plans: order, batches, references, refusals."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings import apply
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, Problem
from stalwart.cli.settings.values import read_file
from tests.cli.settings.small_schema import CommandCase

Arguments = Mapping[str, Any]


class FakeRegistry:
    """Domains, accounts and roles in memory; refuses what is named ``bad``."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"Domain": {}, "Account": {}, "Role": {}, "Http": {}}
        self.order: list[tuple[str, str, int]] = []

    def answer(self, name: str, arguments: Arguments) -> Any:
        type, function = name.removeprefix("x:").split("/")
        objects = self.objects[type]
        if function == "query":
            return {"ids": [id for id, made in objects.items() if _fits(made, arguments.get("filter", {}))]}
        if function == "get":
            return {"list": [{**objects[id], "id": id} for id in arguments["ids"] if id in objects]}
        return self._set(type, objects, arguments)

    def _set(self, type: str, objects: dict[str, dict[str, Any]], arguments: Arguments) -> dict[str, Any]:
        answer: dict[str, Any] = {"created": {}, "notCreated": {}, "updated": {}, "destroyed": []}
        for cid, members in arguments.get("create", {}).items():
            if members.get("name") == "bad":
                answer["notCreated"][cid] = {"type": "invalidProperties", "properties": ["name"]}
                continue
            id = f"{type[0].lower()}{len(objects)}"
            objects[id] = dict(members)
            answer["created"][cid] = {"id": id}
        for id, patch in arguments.get("update", {}).items():
            objects.setdefault(id, {}).update(patch)
            answer["updated"][id] = None
        for id in arguments.get("destroy", ()):
            objects.pop(id, None)
            answer["destroyed"].append(id)
        for kind in ("create", "update", "destroy"):
            if arguments.get(kind):
                self.order.append((kind, type, len(arguments[kind])))
        return answer


def _fits(made: Arguments, filter: Arguments) -> bool:
    return all(made.get(name) == value for name, value in filter.items())


class ApplyTests(CommandCase):
    """Plans against a registry in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.registry = FakeRegistry()

    def apply(self, *lines: Any, output: Output | None = None, limits: Any = None, **given: Any) -> int:
        path = self.mktemp()
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(json.dumps(line) for line in lines))
        self.assertTrue(read_file(path))
        flags = {
            "dry_run": False,
            "confirm": False,
            "continue_on_error": False,
            "quiet": False,
            "as_json": False,
            "progress": False,
        }
        options = Namespace(file=path, stdin=False, **{**flags, **given})
        return apply.work(options, self.server(self.registry.answer, **(limits or {})), output or self.person())

    def test_references_to_what_the_plan_made_travel_as_created_ids(self) -> None:
        code = self.apply(
            {"@type": "create", "object": "Domain", "value": {"d": {"name": "a.test"}}},
            {"@type": "create", "object": "Account/User", "value": {"u": {"name": "x", "domainId": "#d"}}},
        )
        self.assertEqual(code, 0)
        self.assertEqual(self.connection.requests[-1]["createdIds"], {"d": "d0"})
        self.assertEqual(self.registry.objects["Account"]["a0"]["@type"], "User")
        self.assertIn("2 created", self.errors.getvalue())

    def test_many_objects_go_in_batches(self) -> None:
        lines = [{"@type": "create", "object": "Domain", "value": {f"d{n}": {"name": f"{n}.test"}}} for n in range(7)]
        self.assertEqual(self.apply(*lines, limits={"maxObjectsInSet": 3}), 0)
        self.assertEqual(
            self.registry.order, [("create", "Domain", 3), ("create", "Domain", 3), ("create", "Domain", 1)]
        )

    def test_upsert_changes_what_is_there_and_makes_the_rest(self) -> None:
        self.registry.objects["Domain"]["k"] = {"name": "A.test"}
        value = {"one": {"name": "a.test", "aliases": {}}, "two": {"name": "b.test"}}
        self.assertEqual(self.apply({"@type": "upsert", "object": "Domain", "value": value}), 0)
        self.assertEqual(self.registry.order, [("update", "Domain", 1), ("create", "Domain", 1)])
        self.assertEqual(self.registry.objects["Domain"]["k"]["aliases"], {})

    def test_upsert_matches_by_resolved_references(self) -> None:
        self.registry.objects["Domain"]["k"] = {"name": "a.test"}
        self.registry.objects["Account"]["m"] = {"name": "x", "domainId": "k"}
        self.apply(
            {"@type": "upsert", "object": "Domain", "value": {"d": {"name": "a.test"}}},
            {"@type": "upsert", "object": "Account/User", "value": {"u": {"name": "x", "domainId": "#d"}}},
        )
        self.assertEqual(list(self.registry.objects["Account"]), ["m"])

    def test_reconcile_removes_the_rest_of_its_scope_last(self) -> None:
        self.registry.objects["Role"] = {"r": {"description": "old", "kind": "x"}, "s": {"description": "far"}}
        self.apply(
            {"@type": "reconcile", "object": "Role", "scope": {"kind": "x"}, "value": {"n": {"description": "new"}}},
            {"@type": "create", "object": "Domain", "value": {"d": {"name": "a.test"}}},
        )
        self.assertEqual(self.registry.order[-1], ("destroy", "Role", 1))
        self.assertNotIn("r", self.registry.objects["Role"])
        self.assertIn("s", self.registry.objects["Role"])

    def test_removals_come_first_and_in_reverse(self) -> None:
        self.registry.objects["Domain"]["d9"] = {}
        self.registry.objects["Role"]["r9"] = {}
        self.apply(
            {"@type": "create", "object": "Domain", "value": {"d": {"name": "a.test"}}},
            {"@type": "destroy", "object": "Domain", "id": "d9"},
            {"@type": "destroy", "object": "Role", "ids": ["r9"]},
        )
        self.assertEqual([entry[:2] for entry in self.registry.order][:2], [("destroy", "Role"), ("destroy", "Domain")])

    def test_a_refusal_stops_the_plan(self) -> None:
        lines = (
            {"@type": "create", "object": "Domain", "value": {"d": {"name": "bad"}}},
            {"@type": "create", "object": "Role", "value": {"r": {}}},
        )
        self.assertEqual(self.apply(*lines), REFUSED)
        self.assertEqual(self.registry.objects["Role"], {})
        self.assertIn("line 1: Domain bad (d) was not created", self.errors.getvalue())
        self.assertEqual(self.apply(*lines, continue_on_error=True), REFUSED)
        self.assertEqual(len(self.registry.objects["Role"]), 1)

    def test_dry_run_changes_nothing(self) -> None:
        line = {"@type": "create", "object": "Domain", "value": {"d": {"name": "a.test"}}}
        self.assertEqual(self.apply(line, dry_run=True), 0)
        self.assertEqual(self.registry.order, [])
        self.assertIn("would have 1 created", self.errors.getvalue())

    def test_json_has_a_line_for_each_object(self) -> None:
        self.apply({"@type": "create", "object": "Domain", "value": {"d": {"name": "a.test"}}}, as_json=True)
        self.assertEqual(self.lines(), [{"object": "Domain", "result": "created", "creationId": "d", "id": "d0"}])

    def test_plan_must_come_from_one_place(self) -> None:
        options = Namespace(file=None, stdin=False)
        self.assertRaises(Problem, apply.work, options, self.server(self.registry.answer), Output())
