"""What is found from the declarations."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.schema_document.shapes import default, has_default, is_optional, kinds, reference_targets
from stalwart.schema import Property
from tests.config.schema_document.documents import found
from tests.config.schema_document.samples import RAILWAY, Engine, Track, Train


class ShapesTests(SynchronousTestCase):
    def test_blocks_are_found_at_any_depth(self) -> None:
        self.assertEqual(list(RAILWAY.blocks), ["Axle", "Rate", "SecretKey"])

    def test_enumerations_are_found(self) -> None:
        self.assertEqual(list(RAILWAY.enumerations), ["Colour"])

    def test_objects_and_blocks_are_in_order(self) -> None:
        self.assertEqual(list(RAILWAY.all), sorted(RAILWAY.all))

    def test_variants_are_named_after_their_union(self) -> None:
        self.assertEqual([kind.name for kind in kinds(Engine)], ["x:EngineSteam", "x:EngineDiesel", "x:EngineRusty"])
        self.assertEqual([kind.name for kind in kinds(Train)], ["x:Train"])

    def test_no_two_kinds_of_the_product_share_a_name(self) -> None:
        names = [kind.name for shape in found().all.values() for kind in kinds(shape)]
        unions = [f"x:{name}" for name, shape in found().all.items() if not isinstance(shape, type)]
        self.assertEqual(len({*names, *unions}), len(names) + len(unions))

    def test_targets_of_references(self) -> None:
        self.assertEqual(reference_targets(RAILWAY.properties()), {("Engine", "Steam"), ("Train", None)})


class DefaultTests(SynchronousTestCase):
    def test_default_is_complete_in_wire_form(self) -> None:
        self.assertEqual(default(Track.properties["axle"]), {"wheels": 2})
        self.assertEqual(default(Track.properties["limit"]), {"count": 5, "period": 60000})
        self.assertEqual(default(Train.properties["note"]), None)

    def test_what_has_no_default(self) -> None:
        without = [name for name, made in Train.properties.items() if not has_default(made)]
        self.assertEqual(without, ["title", "engineId", "axles", "madeAt"])

    def test_what_may_be_null(self) -> None:
        def names(properties: dict[str, Property]) -> list[str]:
            return [name for name, made in properties.items() if is_optional(made)]

        self.assertEqual(names(dict(Train.properties)), ["madeAt", "brake", "note"])
