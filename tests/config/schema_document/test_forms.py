"""Forms: labels, sections, the choice of a variant."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.schema_document.forms import field_label, form_entries
from stalwart.config.schema_document.shapes import kinds
from tests.config.schema_document.documents import document, found
from tests.config.schema_document.samples import RAILWAY, Track, Train


class FormTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.forms = form_entries(RAILWAY)

    def sections(self, name: str) -> list[tuple[Any, list[str]]]:
        return [(s.get("title"), [field["name"] for field in s["fields"]]) for s in self.forms[name]["sections"]]

    def test_union_of_objects_begins_with_its_type(self) -> None:
        self.assertEqual(self.forms["x:Engine"]["title"], "Engine")
        self.assertEqual(self.sections("x:Engine"), [(None, ["@type"])])

    def test_view_of_a_variant_has_nothing_to_choose(self) -> None:
        wanted = {"title": "Diesel", "subtitle": "Runs on oil.", "sections": []}
        self.assertEqual(self.forms["x:Engine/Diesel"], wanted)

    def test_short_form_has_one_section(self) -> None:
        self.assertEqual(self.sections("x:EngineSteam"), [(None, ["name", "colour", "key", "tender"])])

    def test_long_form_sets_limits_apart_in_the_order_of_the_declaration(self) -> None:
        general = ["logUrl", "axle", "open", "a", "b", "c"]
        self.assertEqual(self.sections("x:Track"), [("General", general), ("Limits", ["limit", "gauge", "maxWait"])])

    def test_what_would_stand_alone_stays_with_the_others(self) -> None:
        self.assertEqual(self.sections("x:Train"), [(None, list(Train.properties))])

    def test_every_property_of_the_product_is_in_its_form(self) -> None:
        for shape in found().all.values():
            for kind in kinds(shape):
                if kind.type.properties:
                    shown = [f["name"] for s in document()["forms"][kind.name]["sections"] for f in s["fields"]]
                    self.assertEqual(sorted(shown), sorted(kind.type.properties), kind.name)

    def test_names_that_have_to_be_given_show_an_example(self) -> None:
        fields = document()["forms"]["x:Bootstrap"]["sections"][0]["fields"]
        shown = {field["name"]: field["placeholder"] for field in fields if "placeholder" in field}
        self.assertEqual(shown, {"serverHostname": "host.example.org", "defaultDomain": "example.org"})


class LabelTests(SynchronousTestCase):
    def test_reference_is_called_after_its_target(self) -> None:
        labels = [field_label(Train.properties[name]) for name in ("engineId", "stationIds")]
        self.assertEqual(labels, ["Engine", "Stations"])

    def test_boolean_is_called_after_what_is(self) -> None:
        self.assertEqual(field_label(Train.properties["isLate"]), "Late")

    def test_abbreviations_are_spelled_as_usual(self) -> None:
        self.assertEqual(field_label(Track.properties["logUrl"]), "Log URL")

    def test_label_of_the_declaration_is_kept(self) -> None:
        self.assertEqual(field_label(Track.properties["gauge"]), "Gauge (mm)")
