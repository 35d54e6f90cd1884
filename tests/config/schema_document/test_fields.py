"""Field groups: types, who may write, defaults in wire form."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.schema_document.fields import field_entries, schema_entries, type_document
from tests.config.schema_document.documents import document, inside
from tests.config.schema_document.samples import RAILWAY, Engine, Train


class SchemaTests(SynchronousTestCase):
    def test_union_has_its_variants_with_the_default_first(self) -> None:
        variants = schema_entries(RAILWAY)["x:Engine"]["variants"]
        self.assertEqual(variants[0], {"name": "Steam", "label": "Steam", "schemaName": "x:EngineSteam"})
        self.assertEqual([made["name"] for made in variants], list(Engine.variants))

    def test_variant_without_properties_has_no_group(self) -> None:
        self.assertEqual(schema_entries(RAILWAY)["x:Engine"]["variants"][2], {"name": "Rusty", "label": "Rusty"})
        self.assertNotIn("x:EngineRusty", field_entries(RAILWAY))

    def test_class_has_the_group_of_its_name(self) -> None:
        self.assertEqual(schema_entries(RAILWAY)["x:Axle"], {"type": "single", "schemaName": "x:Axle"})


class FieldTests(SynchronousTestCase):
    def stated(self, name: str) -> dict[str, Any]:
        return type_document(Train.properties[name])

    def test_property(self) -> None:
        wanted = {
            "description": "Whether it is late.",
            "type": {"type": "boolean"},
            "update": "mutable",
        }
        self.assertEqual(field_entries(RAILWAY)["x:Train"]["properties"]["isLate"], wanted)

    def test_order_is_that_of_the_declaration(self) -> None:
        self.assertEqual(list(field_entries(RAILWAY)["x:Train"]["properties"]), list(Train.properties))

    def test_reference_names_the_view(self) -> None:
        self.assertEqual(self.stated("engineId"), {"type": "objectId", "objectName": "x:Engine/Steam"})

    def test_number_as_a_key_is_a_string(self) -> None:
        self.assertEqual(self.stated("seats")["keyClass"], {"type": "string", "format": "string"})

    def test_what_the_server_fills_in_need_not_be_given(self) -> None:
        self.assertEqual(self.stated("madeAt"), {"type": "utcDateTime", "nullable": True})

    def test_what_only_the_server_sets_is_not_nullable(self) -> None:
        built = Engine.variants["Diesel"].properties["builtAt"]
        self.assertEqual(type_document(built), {"type": "utcDateTime"})

    def test_defaults(self) -> None:
        wanted = {"stationIds": {}, "isLate": False, "seats": {}, "brake": None}
        self.assertEqual(field_entries(RAILWAY)["x:Train"]["defaults"], wanted)


class ProductTests(SynchronousTestCase):
    """settings B: the quirks that a generator must not copy."""

    def default(self, group: str, name: str) -> Any:
        return document()["fields"][group]["defaults"][name]

    def test_rate_is_in_milliseconds(self) -> None:
        self.assertEqual(self.default("x:Http", "rateLimitAnonymous"), {"count": 100, "period": 60000})

    def test_constant_expression_has_its_wire_form(self) -> None:
        self.assertEqual(self.default("x:Http", "allowedEndpoints"), {"match": {}, "else": "200"})

    def test_no_duration_is_text(self) -> None:
        for _, group in inside(document()["fields"]):
            for name, value in group.get("defaults", {}).items():
                if group["properties"][name]["type"].get("format") == "duration":
                    self.assertIsInstance(value, int)

    def test_defaults_of_enumerations_are_names_of_theirs(self) -> None:
        wrong = []
        for _, group in inside(document()["fields"]):
            for name, value in group.get("defaults", {}).items():
                stated = group["properties"][name]["type"]
                names = [made["name"] for made in document()["enums"].get(stated.get("enumName"), ())]
                if stated["type"] == "enum" and value not in names:
                    wrong.append((name, value))
        self.assertEqual(wrong, [])
