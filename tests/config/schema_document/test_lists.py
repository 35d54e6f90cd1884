"""Lists: columns, filters, sorting, actions."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.index import filterable, sortable
from stalwart.config.schema_document.lists import list_entries
from stalwart.jmap.types.queued_message import FILTERS
from tests.config.schema_document.documents import document, found
from tests.config.schema_document.samples import RAILWAY


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [made["name"] for made in entries]


class ListTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.lists = list_entries(RAILWAY)

    def test_only_collections_and_views_have_lists(self) -> None:
        views = ["x:Engine/Diesel", "x:Engine/Rusty", "x:Engine/Steam"]
        self.assertEqual(list(self.lists), ["x:Engine", *views, "x:Train"])

    def test_what_it_is_called(self) -> None:
        train = self.lists["x:Train"]
        called = (train["title"], train["subtitle"], train["singularName"], train["pluralName"], train["labelProperty"])
        self.assertEqual(called, ("Trains", "What runs.", "train", "trains", "title"))

    def test_label_is_the_first_column_then_what_tells_most(self) -> None:
        self.assertEqual(names(self.lists["x:Train"]["columns"]), ["title", "engineId", "madeAt", "isLate", "note"])

    def test_type_is_a_column_of_a_union(self) -> None:
        self.assertEqual(names(self.lists["x:Engine"]["columns"]), ["name", "@type", "colour", "builtAt"])

    def test_view_of_a_variant_is_filtered_and_has_its_columns(self) -> None:
        steam = self.lists["x:Engine/Steam"]
        self.assertEqual(steam["filtersStatic"], {"@type": "Steam"})
        self.assertEqual(names(steam["columns"]), ["name", "colour", "tender"])
        self.assertNotIn("@type", [made["field"] for made in steam["filters"]])

    def test_filters_are_those_of_the_index(self) -> None:
        wanted = [
            {"type": "text", "field": "text", "label": "Search"},
            {"type": "enum", "field": "@type", "label": "Type", "enumName": "EngineType"},
            {"type": "text", "field": "name", "label": "Name"},
            {"type": "enum", "enumName": "Colour", "field": "colour", "label": "Colour"},
            {"type": "date", "field": "builtAt", "label": "Built at"},
        ]
        self.assertEqual(self.lists["x:Engine"]["filters"], wanted)

    def test_reference_can_be_picked(self) -> None:
        picked = {"type": "objectId", "objectName": "x:Engine/Steam", "field": "engineId", "label": "Engine"}
        self.assertEqual(self.lists["x:Train"]["filters"], [picked])

    def test_sort(self) -> None:
        self.assertEqual(self.lists["x:Engine"]["sort"], ["name", "colour", "builtAt"])


class ProductTests(SynchronousTestCase):
    def test_filters_and_sort_are_what_queries_take(self) -> None:
        for name, made in found().objects.items():
            entry = document()["lists"].get(f"x:{name}", {})
            taken = filterable(made) | (set(FILTERS) if name == "QueuedMessage" else set())
            self.assertLessEqual({made["field"] for made in entry.get("filters", ())}, taken, name)
            self.assertLessEqual(set(entry.get("sort", ())), sortable(made), name)

    def test_columns_are_properties(self) -> None:
        for name, entry in document()["lists"].items():
            object = found().objects[name.removeprefix("x:").partition("/")[0]]
            known = {"@type"} | {
                property
                for kind in (object.variants.values() if hasattr(object, "variants") else (object,))
                for property in kind.properties
            }
            self.assertLessEqual(set(names(entry["columns"])), known, name)

    def test_secrets_are_no_columns(self) -> None:
        for entry in document()["lists"].values():
            self.assertNotIn("secret", names(entry["columns"]))

    def test_what_nobody_may_delete_has_no_such_action(self) -> None:
        without = [name for name, entry in document()["lists"].items() if "massActions" not in entry]
        self.assertEqual(without, ["x:ClusterNode", "x:Log"])

    def test_actions_are_not_listed(self) -> None:
        self.assertNotIn("x:Action", document()["lists"])

    def test_failed_tasks(self) -> None:
        self.assertEqual(document()["lists"]["x:Task/TaskFailed"]["filtersStatic"], {"status": "Failed"})
