"""Enumerations."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.permissions import PERMISSIONS
from stalwart.config.schema_document.enums import enum_entries, variants_name
from tests.config.schema_document.documents import document, found
from tests.config.schema_document.samples import RAILWAY, Engine, Train


class EnumTests(SynchronousTestCase):
    def test_names_and_labels(self) -> None:
        wanted = [{"name": "red", "label": "Red"}, {"name": "darkGreen", "label": "Dark green"}]
        self.assertEqual(enum_entries(RAILWAY)["Colour"], wanted)

    def test_variants_that_can_be_asked_for_are_an_enumeration(self) -> None:
        self.assertEqual([made["name"] for made in enum_entries(RAILWAY)["EngineType"]], list(Engine.variants))
        self.assertEqual(variants_name(RAILWAY, Train), None)

    def test_name_that_is_taken_is_not_used(self) -> None:
        self.assertEqual(variants_name(found(), found().objects["Metric"]), "MetricVariant")
        self.assertGreater(len(document()["enums"]["MetricType"]), 100)

    def test_declared_enumeration_of_the_same_variants_is_used(self) -> None:
        self.assertEqual(variants_name(found(), found().objects["Account"]), "AccountType")

    def test_every_permission_is_there(self) -> None:
        self.assertEqual([made["name"] for made in document()["enums"]["Permission"]], list(PERMISSIONS))
