"""References and unique values found inside an object."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import REQUIRED, ObjectId, Reference, UniqueKey, Value, combined_key, prop, references, unique_keys
from tests.schema.samples import Thing


class Note(Value):
    """A note on a shelf."""

    shelf_id: int = prop(ObjectId("Shelf", binding=False), REQUIRED, "Shelf that may go all the same.")


THING = Thing.from_wire(
    {
        "name": "one.test",
        "aliases": {"two.test": True},
        "parts": {"0": {"name": "bolt", "shelfId": "b"}, "1": {"name": "nut", "shelfId": "c"}},
        "owners": {"d": True},
    }
)


class LinkTests(SynchronousTestCase):
    def test_references_are_found_at_any_depth(self) -> None:
        self.assertEqual(
            sorted(references(THING)),
            [
                Reference("owners/d", "Account", 3, "Group"),
                Reference("parts/0/shelfId", "Shelf", 1),
                Reference("parts/1/shelfId", "Shelf", 2),
            ],
        )

    def test_reference_says_whether_it_binds(self) -> None:
        (found,) = references(Note(shelf_id=1))
        self.assertEqual(found, Reference("shelfId", "Shelf", 1, binding=False))

    def test_null_is_no_reference(self) -> None:
        self.assertEqual(references(Thing(name="a.test")), [])

    def test_unique_values_share_their_space(self) -> None:
        self.assertIn(UniqueKey("Thing.name", "one.test", "name"), unique_keys(THING))
        self.assertIn(UniqueKey("Thing.name", "two.test", "aliases"), unique_keys(THING))

    def test_unique_combinations_of_blocks_are_found(self) -> None:
        self.assertIn(UniqueKey("part", combined_key("nut", "c"), "place"), unique_keys(THING))

    def test_a_value_that_one_object_holds_twice_counts_once(self) -> None:
        twice = THING.replaced(parts=(THING.parts[0], THING.parts[0]))
        self.assertEqual([key.space for key in unique_keys(twice)].count("part"), 1)

    def test_combinations_do_not_run_into_each_other(self) -> None:
        self.assertNotEqual(combined_key("a", "bc"), combined_key("ab", "c"))
