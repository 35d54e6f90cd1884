"""PatchObjects on plain JSON (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.patch import patched, path_of, pointer_of


def patch(former: dict[str, Any], changes: dict[str, Any], defaults: dict[str, Any] | None = None) -> dict[str, Any]:
    return patched(former, {path_of(pointer): value for pointer, value in changes.items()}, defaults or {})


class PatchTests(SynchronousTestCase):
    def refused(self, former: dict[str, Any], changes: dict[str, Any]) -> None:
        problem = self.assertRaises(SetRefused, patch, former, changes)
        self.assertEqual(problem.type, "invalidPatch")
        self.assertEqual(len(problem.properties), 1)

    def test_setting_and_removing_at_any_depth(self) -> None:
        former = {"a": 1, "b": {"c": {"d": 1, "e": 2}}, "k": 3}
        made = patch(former, {"a": 2, "b/c/d": None, "b/c/f": [1], "k": None})
        self.assertEqual(made, {"a": 2, "b": {"c": {"e": 2, "f": [1]}}})
        self.assertEqual(former, {"a": 1, "b": {"c": {"d": 1, "e": 2}}, "k": 3})

    def test_several_changes_in_one_object(self) -> None:
        former = {"k": {"x": True}}
        self.assertEqual(patch(former, {"k/y": True, "k/z": True, "k/x": None}), {"k": {"y": True, "z": True}})
        self.assertEqual(former, {"k": {"x": True}})

    def test_null_is_the_default_of_a_property(self) -> None:
        self.assertEqual(patch({"a": 1}, {"a": None}, {"a": 7}), {"a": 7})
        self.assertEqual(patch({"b": {"a": 1}}, {"b/a": None}, {"a": 7}), {"b": {}})

    def test_escapes(self) -> None:
        self.assertEqual(patch({"k": {}}, {"k/a~1b~0c": 1}), {"k": {"a/b~c": 1}})
        for pointer in ("a~", "a~2", "~/b", "a/~x"):
            self.assertRaises(SetRefused, path_of, pointer)

    def test_parents_must_exist(self) -> None:
        for former in ({}, {"a": None}, {"a": 1}, {"a": "text"}):
            self.refused(former, {"a/b": 1})
        self.refused({"a": {}}, {"a/b/c": 1})

    def test_arrays_are_replaced_as_a_whole(self) -> None:
        self.refused({"a": [1]}, {"a/0": 2})
        self.refused({"a": [{"b": 1}]}, {"a/0/b": 2})
        self.assertEqual(patch({"a": [1]}, {"a": [2]}), {"a": [2]})

    def test_no_pointer_goes_on_from_another(self) -> None:
        self.refused({"a": {"b": {}}}, {"a": {}, "a/b": 1})
        self.refused({"a": {"b": {}}}, {"a/b/c": 1, "a/b": {}})
        self.assertEqual(patch({"a": {}, "ab": {}}, {"a": {"x": 1}, "ab/c": 1}), {"a": {"x": 1}, "ab": {"c": 1}})

    @given(st.lists(st.text(max_size=5), min_size=1, max_size=4))
    def test_pointers_can_be_written_and_read(self, steps: list[str]) -> None:
        self.assertEqual(path_of(pointer_of(tuple(steps))), tuple(steps))

    @given(
        st.dictionaries(st.sampled_from("abc"), st.integers() | st.dictionaries(st.sampled_from("xy"), st.booleans()))
    )
    def test_a_whole_object_is_a_patch(self, whole: dict[str, Any]) -> None:
        self.assertEqual(patch({"a": 1, "b": {}}, whole), {"a": 1, "b": {}} | whole)
