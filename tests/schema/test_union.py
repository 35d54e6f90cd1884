"""Tagged unions as objects of their own (settings A.5, A.6)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import REQUIRED, Secret, String, Union, UtcDateTime, ValidationFailed, Variant, prop


class Near(Variant):
    """Close by."""

    created_at = prop(UtcDateTime(), None, "When.", update="serverSet")
    note = prop(String(nullable=True), None, "Note.")


class Far(Variant):
    """A long way off."""

    created_at = prop(UtcDateTime(), None, "When.", update="serverSet")
    note = prop(String(nullable=True), "far", "Note.")
    road = prop(String(), REQUIRED, "Way there.")
    toll = prop(Secret(nullable=True), None, "What to say.")


Place = Union("Place", Near, Far, doc="A place.", ids="sequential")
Home = Union("Home", Near, Far, doc="A place that stays.", ids="sequential", fixed="Cannot move.")

Trip = Union("Trip", Near, doc="A way.", others="There is only Near here.")
Report = Union("Report", Near, doc="A request.", ids="snowflake", stored=False)

NEAR = Near(created_at=5, note="here")


def problems(union: Union, former: Any, patch: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    try:
        union.patched(former, patch)
    except ValidationFailed as failed:
        return [(found.kind, found.path, found.description or found.fault) for found in failed.violations]
    return []


class UnionTests(SynchronousTestCase):
    def test_variant_is_chosen_by_its_type(self) -> None:
        self.assertIsInstance(Place.from_wire({"@type": "Far", "road": "a"}), Far)

    def test_missing_type_is_a_problem_of_the_whole(self) -> None:
        error = self.assertRaises(ValidationFailed, Place.from_wire, {})
        self.assertEqual(error.violations[0].path, "")

    def test_type_that_only_others_have_is_answered_with_a_sentence(self) -> None:
        error = self.assertRaises(ValidationFailed, Trip.from_wire, {"@type": "Far", "road": "a"})
        (found,) = error.violations
        self.assertEqual((found.kind, found.path, found.description), ("invalidProperties", "@type", Trip.others))

    def test_type_that_is_none_is_a_bad_patch_all_the_same(self) -> None:
        for tag in ({}, {"@type": None}, {"@type": 1}):
            error = self.assertRaises(ValidationFailed, Trip.from_wire, tag)
            self.assertEqual(error.violations[0].kind, "invalidPatch")

    def test_block_is_no_object(self) -> None:
        self.assertEqual([made.is_object for made in (Place, Report, Trip)], [True, True, False])
        self.assertEqual([made.stored for made in (Place, Report)], [True, False])

    def test_patch_with_the_same_type_keeps_the_rest(self) -> None:
        self.assertEqual(Place.patched(NEAR, {"@type": "Near"}), NEAR)

    def test_patch_with_another_type_starts_from_defaults(self) -> None:
        made = Place.patched(NEAR, {"road": "a", "@type": "Far"})
        self.assertEqual((made.note, made.road), ("far", "a"))

    def test_what_the_server_set_survives_a_change_of_type(self) -> None:
        self.assertEqual(Place.patched(NEAR, {"@type": "Far", "road": "a"}).created_at, 5)

    def test_change_of_type_needs_what_a_new_object_needs(self) -> None:
        self.assertEqual(problems(Place, NEAR, {"@type": "Far"}), [("validation", "road", "Required")])

    def test_member_of_the_former_type_is_unknown(self) -> None:
        far = Far(road="a")
        self.assertEqual(
            problems(Place, far, {"@type": "Near", "road": "b"}), [("invalidPatch", "road", "Invalid property")]
        )

    def test_mask_finds_no_secret_after_a_change_of_type(self) -> None:
        found = problems(Place, NEAR, {"@type": "Far", "road": "a", "toll": "****"})
        self.assertEqual([(kind, path) for kind, path, _ in found], [("invalidProperties", "toll")])

    def test_unknown_type_is_refused(self) -> None:
        self.assertEqual(
            problems(Place, NEAR, {"@type": "Nope"}),
            [("invalidPatch", "", "Missing or invalid '@type' property in object")],
        )

    def test_type_can_be_fixed(self) -> None:
        self.assertEqual(
            problems(Home, NEAR, {"@type": "Far", "road": "a"}), [("invalidProperties", "@type", "Cannot move.")]
        )

    def test_fixed_type_may_be_repeated(self) -> None:
        self.assertEqual(Home.patched(NEAR, {"@type": "Near", "note": "x"}).note, "x")
