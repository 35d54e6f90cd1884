"""PatchObjects: pointers to any depth, what they may change (settings A.6, A.7; RFC 8620 5.3)."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import MASK, ValidationFailed
from tests.schema.samples import Thing

FORMER = Thing.from_wire(
    {
        "name": "one.test",
        "aliases": {"two.test": True},
        "createdAt": "2020-01-01T00:00:00Z",
        "parts": {
            "0": {"name": "bolt", "shelfId": "b", "number": "a", "secret": "s0"},
            "1": {"name": "nut", "shelfId": "c", "number": "b", "secret": "s1"},
        },
        "owners": {"b": True, "7": True},
        "labels": {"X-Old": "old"},
        "limits": {"darkRed": 3},
        "finish": {"@type": "Painted", "coats": 2, "recipe": "r"},
        "key": {"@type": "Value", "secret": "k"},
        "rule": {"match": {"0": {"if": "size > 1", "then": "2"}, "1": {"if": "size > 0", "then": "3"}}, "else": "1"},
    },
    by_server=True,
)


def after(patch: dict[str, Any]) -> dict[str, Any]:
    return Thing.patched(FORMER, patch).to_stored()


def problems(patch: dict[str, Any]) -> list[tuple[str, str | None]]:
    try:
        Thing.patched(FORMER, patch)
    except ValidationFailed as failed:
        return [(found.path, found.description or found.fault) for found in failed.violations]
    return []


# patch -> path to look at in the stored form, what is there
CHANGES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "whole_property": ({"weight": 3}, "weight", 3),
    "member_of_an_object": ({"rate/count": 7}, "rate", {"count": 7, "period": 1000}),
    "member_of_a_list_item": ({"parts/1/name": "screw"}, "parts/1/name", "screw"),
    "new_list_item": ({"parts/2": {"name": "c", "shelfId": "b"}}, "parts/2/name", "c"),
    "removed_list_item": ({"parts/0": None}, "parts/0/name", "nut"),
    "set_member": ({"owners/7": None, "owners/c": True}, "owners", {"b": True, "c": True}),
    "set_member_that_looks_like_a_number": ({"owners/7": None}, "owners", {"b": True}),
    "set_member_marked_false": ({"owners/b": False}, "owners", {"7": True}),
    "set_member_in_another_spelling": ({"aliases/Two.TEST": None}, "aliases", {}),
    "map_member": ({"labels/X-New": "new"}, "labels", {"X-Old": "old", "X-New": "new"}),
    "map_member_in_another_spelling": ({"limits/dark-red": 4}, "limits", {"darkRed": 4}),
    "removed_map_member": ({"labels/X-Old": None}, "labels", {}),
    "removed_absent_map_member": ({"labels/X-No": None}, "labels", {"X-Old": "old"}),
    "escaped_key": ({"labels/a~1b": None, "labels/X-Old": "x"}, "labels", {"X-Old": "x"}),
    "condition_removed": ({"rule/match/1": None}, "rule/match", {"0": {"if": "size > 1", "then": "2"}}),
    "condition_changed": ({"rule/match/0/then": "9"}, "rule/match/0/then", "9"),
    "expression_otherwise": ({"rule/else": "8"}, "rule/else", "8"),
    "member_of_a_variant": ({"finish/coats": 5}, "finish/coats", 5),
    "whole_object_starts_from_defaults": (
        {"finish": {"@type": "Painted", "coats": 1}},
        "finish",
        {"colour": "blue", "coats": 1, "recipe": "r", "@type": "Painted"},
    ),
    "other_variant_starts_afresh": ({"finish/@type": "Plain"}, "finish", {"@type": "Plain"}),
    "type_is_changed_before_its_members": (
        {"key/variableName": "V", "key/@type": "EnvironmentVariable"},
        "key",
        {"variableName": "V", "@type": "EnvironmentVariable"},
    ),
    "mask_is_the_former_secret": ({"key": {"@type": "Value", "secret": MASK}}, "key/secret", "k"),
    "mask_at_a_leaf": ({"parts/1/secret": MASK}, "parts/1/secret", "s1"),
    "mask_in_a_whole_list": (
        {"parts": {"1": {"name": "nut", "shelfId": "c", "secret": MASK}}},
        "parts/0/secret",
        "s1",
    ),
    "new_secret": ({"key/secret": "new"}, "key/secret", "new"),
    "null_secret": ({"parts/0/secret": None}, "parts/0/secret", None),
    "number_of_a_list_item_is_kept": ({"parts/0/name": "x"}, "parts/0/number", "a"),
    "server_set_value_echoed": ({"createdAt": "2020-01-01T01:00:00+01:00"}, "createdAt", "2020-01-01T00:00:00Z"),
    "server_set_mask_echoed": ({"finish/recipe": MASK}, "finish/recipe", "r"),
    "immutable_value_echoed": ({"serial": "abc"}, "serial", "abc"),
}

REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "unknown_property": ({"nope": 1}, [("nope", "Invalid property")]),
    "unknown_member": ({"rate/nope": 1}, [("rate/nope", "Invalid property")]),
    "leading_slash": ({"/weight": 1}, [("/weight", "Invalid property")]),
    "empty_pointer": ({"": 1}, [("", "Invalid property")]),
    "path_below_a_scalar": ({"weight/x": 1}, [("weight/x", "Invalid path")]),
    "path_below_nothing": ({"note/x": 1}, [("note/x", "Invalid path")]),
    "member_of_a_list_item_that_is_not_there": ({"parts/5/name": "x"}, [("parts/5/name", "Invalid path")]),
    "word_as_list_key": ({"parts/x": {}}, [("parts/x", "Invalid property")]),
    "pointer_that_is_a_prefix": ({"rate": None, "rate/count": 1}, [("rate/count", "Invalid path")]),
    "immutable": ({"serial": "xyz"}, [("serial", "Cannot modify read-only property")]),
    "server_set": ({"createdAt": "2021-01-01T00:00:00Z"}, [("createdAt", "Cannot modify server set property")]),
    "server_set_of_the_wrong_type": ({"createdAt": 1}, [("createdAt", "Cannot modify server set property")]),
    "computed": ({"cost": 3}, [("cost", "Cannot modify server set property")]),
    "nested_server_set": ({"parts/0/number": "c"}, [("parts/0/number", "Cannot modify server set property")]),
    "server_set_in_a_new_item": (
        {"parts/2": {"name": "c", "shelfId": "b", "number": "c"}},
        [("parts/2/number", "Cannot modify server set property")],
    ),
    "mask_for_a_secret_that_was_not_there": (
        {"parts/2": {"name": "c", "shelfId": "b", "secret": MASK}},
        [("parts/2/secret", "The mask stands for a secret that is already stored; there is none")],
    ),
    "mask_after_a_change_of_type": (
        {"finish": {"@type": "Plain"}, "key/@type": "Text"},
        [("key", "Missing or invalid '@type' property in object")],
    ),
    "null_for_a_member_that_must_be": ({"rate/count": None}, [("rate/count", "Invalid value for number property")]),
    "bad_value_deep_down": ({"rate/period": "1m"}, [("rate/period", "Invalid path for Duration")]),
    "out_of_bounds": ({"rate/count": 0}, [("rate/count", "MinValue")]),
    "bad_set_member": ({"owners/!": True}, [("owners", "Invalid key for object property")]),
    "bad_map_key": ({"labels/a~1b": "x"}, [("labels", "Invalid key for object property")]),
    "one_too_many": ({"owners/c": True}, [("owners", "MaxLength")]),
}


class PatchTests(SynchronousTestCase):
    """One method a row, and what holds for every patch."""

    def test_several_problems_are_reported_together(self) -> None:
        found = problems({"nope": 1, "weight": 99, "serial": "xyz"})
        self.assertEqual(sorted(path for path, _ in found), ["nope", "serial", "weight"])

    def test_former_instance_stays_as_it_was(self) -> None:
        before = FORMER.to_stored()
        after({"parts/0/name": "changed", "labels/X-New": "x"})
        self.assertEqual(FORMER.to_stored(), before)

    def test_patch_stays_as_it_was(self) -> None:
        patch = {"rate": {"count": 2, "period": 3}, "finish/@type": "Plain"}
        after(patch)
        self.assertEqual(patch, {"rate": {"count": 2, "period": 3}, "finish/@type": "Plain"})

    def test_empty_patch_changes_nothing(self) -> None:
        self.assertEqual(Thing.patched(FORMER, {}), FORMER)

    def test_server_may_change_what_clients_may_not(self) -> None:
        thing = Thing.patched(FORMER, {"serial": "new", "createdAt": "2021-01-01T00:00:00Z"}, by_server=True)
        self.assertEqual((thing.serial, thing.created_at), ("new", 1609459200))

    @given(
        st.dictionaries(
            st.lists(
                st.sampled_from(
                    ["parts", "0", "owners", "b", "rate", "count", "rule", "match", "@type", "key", "", "~1", "x"]
                ),
                min_size=1,
                max_size=4,
            ).map("/".join),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(),
                lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
                max_leaves=3,
            ),
            max_size=3,
        )
    )
    def test_any_patch_is_applied_or_refused(self, patch: dict[str, Any]) -> None:
        try:
            thing = Thing.patched(FORMER, patch)
        except ValidationFailed as failed:
            self.assertTrue(failed.violations)
        else:
            self.assertEqual(Thing.from_stored(thing.to_stored()), thing)


def _changes(patch: dict[str, Any], path: str, wanted: Any) -> Callable[[PatchTests], None]:
    def test(self: PatchTests) -> None:
        found: Any = after(patch)
        for key in path.split("/"):
            found = found[key]
        self.assertEqual(found, wanted)

    return test


def _refuses(patch: dict[str, Any], wanted: list[tuple[str, str]]) -> Callable[[PatchTests], None]:
    return lambda self: self.assertEqual(problems(patch), wanted)


for _name, (_patch, _path, _wanted) in CHANGES.items():
    setattr(PatchTests, f"test_{_name}_is_applied", _changes(_patch, _path, _wanted))
for _name, (_patch, _problems) in REFUSED.items():
    setattr(PatchTests, f"test_{_name}_is_refused", _refuses(_patch, _problems))
