"""PatchObjects."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.patches import MalformedPatch, copied, difference, escaped, patched, segments
from tests.codec.jscalendar.generated import VALUES

OBJECTS = st.dictionaries(st.text("ab/~", max_size=2), VALUES, max_size=4)


def without_null(value: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if each is not None}


class PatchTests(SynchronousTestCase):
    @given(OBJECTS, OBJECTS)
    def test_a_difference_makes_the_other(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.assertEqual(without_null(patched(old, difference(old, new))), without_null(new))

    @given(OBJECTS)
    def test_no_difference_is_no_patch(self, value: dict[str, Any]) -> None:
        self.assertEqual(difference(value, copied(value)), {})

    def test_the_least_is_said(self) -> None:
        old = {"a": {"x": {"y": 1}, "z": 2}, "b": 1}
        new = {"a": {"x": {"y": 3}, "z": 2}, "c": {"d": 1}}
        self.assertEqual(difference(old, new), {"a/x/y": 3, "b": None, "c": {"d": 1}})
        self.assertEqual(difference(old, new, {"b", "c"}), {"a/x/y": 3})

    def test_another_type_is_another_object(self) -> None:
        old, new = {"t": {"@type": "A", "x": 1}}, {"t": {"@type": "B", "x": 1}}
        self.assertEqual(difference(old, new), new)

    def test_the_original_stays(self) -> None:
        old = {"a": {"b": {"c": 1}}}
        made = patched(old, {"a/b/c": 2, "a/b/d": 3})
        self.assertEqual((old, made), ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2, "d": 3}}}))

    def test_pointers(self) -> None:
        self.assertEqual(segments("a~1b/c~0d/~01"), ["a/b", "c~d", "~1"])
        self.assertEqual(escaped("a/b~c"), "a~1b~0c")

    def test_what_cannot_be_applied(self) -> None:
        for patch in ({"a/b": 1}, {"t/x": 1}, {"l/0": 1}, {"o": {}, "o/a": 1}, {"/".join("a" * 40): 1}):
            self.assertRaises(MalformedPatch, patched, {"t": "text", "l": [1], "o": {"a": 0}}, patch)
