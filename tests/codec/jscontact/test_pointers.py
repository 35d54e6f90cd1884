"""Pointers and patches."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.pointers import (
    MISSING,
    copied,
    difference,
    found_at,
    may_patch,
    overlapping,
    parts_of,
    patch,
    pointer_of,
    same,
)
from tests.codec.jscontact.made import JSON, TEXT


class PointerTests(SynchronousTestCase):
    def test_parts(self) -> None:
        for pointer, parts in (
            ("a/b", ("a", "b")),
            ("/a/b", ("a", "b")),
            ("a~1b/c~0d", ("a/b", "c~d")),
            ("a~2", None),
            ("a/", ("a", "")),
            ("a/" * 40, None),
        ):
            self.assertEqual(parts_of(pointer), parts)

    @given(st.lists(st.text(max_size=5), min_size=1, max_size=5))
    def test_a_pointer_is_read_as_it_was_written(self, parts: list[str]) -> None:
        self.assertEqual(parts_of(pointer_of(tuple(parts))), tuple(parts))

    def test_what_is_there(self) -> None:
        value = {"a": [{"b": 1}], "c": None}
        self.assertEqual(found_at(value, ("a", "0", "b")), 1)
        self.assertIsNone(found_at(value, ("c",)))
        for parts in (("a", "1"), ("a", "-"), ("a", "00"), ("c", "d"), ("d",)):
            self.assertIs(found_at(value, parts), MISSING)

    def test_patches_that_fit(self) -> None:
        value = {"a": [{"b": 1}]}
        self.assertTrue(may_patch(value, ("new",), 1))
        self.assertTrue(may_patch(value, ("a", "0"), 1))
        self.assertFalse(may_patch(value, ("a", "0"), None))
        self.assertFalse(may_patch(value, ("a", "1"), 1))
        self.assertFalse(may_patch(value, ("x", "y"), 1))
        self.assertEqual(overlapping({("a",): 1, ("a", "b"): 1, ("ab",): 1}), [("a", "b")])

    def test_true_is_not_one(self) -> None:
        self.assertFalse(same({"a": True}, {"a": 1}))
        self.assertFalse(same(True, 1))
        self.assertTrue(same({"a": 1, "b": 2}, {"b": 2, "a": 1}))
        self.assertFalse(same([1, 2], [2, 1]))

    @given(st.dictionaries(TEXT.filter(bool), JSON, max_size=4), st.dictionaries(TEXT.filter(bool), JSON, max_size=4))
    def test_the_difference_makes_one_of_the_other(self, found: dict[str, Any], wanted: dict[str, Any]) -> None:
        wanted = {key: value for key, value in wanted.items() if value is not None}
        made = copied(found)
        for parts, value in difference(found, wanted):
            self.assertTrue(may_patch(made, parts, value) or value is None)
            patch(made, parts, value)
        self.assertTrue(same(made, wanted))
