"""Places of one process: how many are taken, and that those that are free cost nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.places import MemoryPlaces


class MemoryPlacesTests(SynchronousTestCase):
    """Kinds and keys."""

    def setUp(self) -> None:
        self.places = MemoryPlaces()

    def test_so_many_and_no_more(self) -> None:
        self.assertEqual([self.places.take("uploads", 7, 2) for _ in range(3)], [True, True, False])
        self.assertEqual(self.places.taken("uploads", 7), 2)

    def test_refusal_takes_no_place(self) -> None:
        self.assertFalse(self.places.take("uploads", 7, 0))
        self.assertEqual(self.places.taken("uploads", 7), 0)

    def test_without_a_limit_there_always_is_one_and_it_counts(self) -> None:
        self.assertEqual([self.places.take("uploads", 7, None) for _ in range(3)], [True] * 3)
        self.assertFalse(self.places.take("uploads", 7, 3))
        self.assertTrue(self.places.take("uploads", 7, 4))

    def test_limit_that_has_become_smaller_holds_for_the_next_one(self) -> None:
        for _ in range(3):
            self.places.take("uploads", 7, 3)
        self.places.free("uploads", 7)
        self.assertFalse(self.places.take("uploads", 7, 1))

    def test_nobody_else_has_fewer(self) -> None:
        self.places.take("uploads", 7, None)
        self.assertEqual(self.places.lead("uploads", 7), 0)

    def test_kinds_and_keys_are_counted_apart(self) -> None:
        for kind, key in (("uploads", 7), ("requests", 7), ("uploads", 8), ("uploads", "7")):
            self.assertTrue(self.places.take(kind, key, 1))
            self.assertEqual(self.places.taken(kind, key), 1)

    def test_free_place_can_be_taken_again(self) -> None:
        for _ in range(3):
            self.assertTrue(self.places.take("uploads", 7, 1))
            self.places.free("uploads", 7)

    def test_place_that_nobody_has_is_not_given_back(self) -> None:
        self.places.free("uploads", 7)
        self.assertEqual(self.places.taken("uploads", 7), 0)

    def test_nothing_is_kept_for_those_that_have_ended(self) -> None:
        for account in range(50):
            self.places.take("uploads", account, None)
            self.places.free("uploads", account)
        self.assertEqual(self.places._taken, {})

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from([1, 2, "a"]), st.sampled_from([None, 0, 1, 3]))))
    def test_as_many_as_a_list_would_hold(self, steps: list[tuple[bool, int | str, int | None]]) -> None:
        places, model = MemoryPlaces(), list[int | str]()
        for is_taking, key, most in steps:
            if is_taking:
                has_room = most is None or model.count(key) < most
                self.assertEqual(places.take("k", key, most), has_room)
                if has_room:
                    model.append(key)
            else:
                places.free("k", key)
                if key in model:
                    model.remove(key)
            self.assertEqual([places.taken("k", each) for each in (1, 2, "a")], [model.count(e) for e in (1, 2, "a")])
