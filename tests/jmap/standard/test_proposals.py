"""Proposals of clients against a declaration (RFC 8620 5.3); what they do to objects is in ``test_setting_work``."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.equality import differing, same
from stalwart.jmap.standard.property import REQUIRED, Property
from stalwart.jmap.standard.proposals import new_object, proposed, read_changes, read_patch, references, with_ids
from stalwart.jmap.standard.scalars import Id, Nullable, String
from tests.jmap.standard.notes import NOTE

NOTES = NOTE.declared.properties


@define
class Made:
    created_ids: dict[str, str] = field(factory=lambda: {"m": "b"})


class ProposalTests(SynchronousTestCase):
    def test_references_count_where_ids_can_be(self) -> None:
        given = {"title": "#a", "parentId": "#b", "seeAlso": ["#c"], "unknown": "#d"}
        self.assertEqual(list(references(given, NOTES)), ["b", "c"])

    def test_references_are_replaced_where_ids_can_be(self) -> None:
        given = {"title": "#m", "parentId": "#m", "unknown": "#m"}
        self.assertEqual(with_ids(given, NOTES, Made()), {"title": "#m", "parentId": "b", "unknown": "#m"})

    def test_a_pointer_keeps_the_name_of_the_property(self) -> None:
        changes = read_patch({"tags/#m": True, "shareWith/#m": True}, NOTES, Made())
        self.assertEqual(changes, {("tags", "#m"): True, ("shareWith", "b"): True})

    def test_defaults_are_the_objects_own(self) -> None:
        one, two = new_object({"title": "x"}, NOTES), new_object({"title": "x"}, NOTES)
        one["tags"]["x"] = True
        self.assertEqual(two["tags"], {})

    def test_a_property_of_the_server_with_a_default_is_stored(self) -> None:
        properties = {"count": Property(String(), default="0", server_set=True), "name": Property(String())}
        self.assertEqual(new_object({"name": "x"}, properties), {"count": "0", "name": "x"})

    def test_null_where_there_is_no_default_but_null_is_a_value(self) -> None:
        properties = {"name": Property(Nullable(String()))}
        wanted = proposed({"name": "x"}, {("name",): None}, properties)
        self.assertEqual(read_changes({"name": "x"}, wanted, properties), {"name": None})

    def test_an_immutable_value_in_another_form_is_the_same_value(self) -> None:
        self.assertEqual(read_changes({"tags": {}}, {"tags": {"x": False}}, {"tags": NOTES["tags"]}), {"tags": {}})

    def test_many_wrong_names_make_a_short_text(self) -> None:
        problem = self.assertRaises(SetRefused, new_object, {f"x{n}": 1 for n in range(50)}, NOTES)
        self.assertEqual(len(problem.properties), 50)
        self.assertLess(len(problem.description or ""), 200)

    def test_what_goes_along_with_a_copy(self) -> None:
        self.assertTrue(Property(String()).goes_along)
        self.assertFalse(Property(Id()).goes_along)
        self.assertTrue(Property(Id(), copied=True).goes_along)
        self.assertFalse(Property(String(), server_set=True, copied=True).goes_along)
        self.assertIs(Property(Id()).default, REQUIRED)


class EqualityTests(SynchronousTestCase):
    def test_true_is_not_one(self) -> None:
        equal: tuple[tuple[Any, Any], ...] = ((1, 1.0), ([True], [True]), ({"a": [1]}, {"a": [1]}), (None, None))
        for one, other in equal:
            self.assertTrue(same(one, other))
        unequal: tuple[tuple[Any, Any], ...] = (
            (1, True),
            ([0], [False]),
            ({"a": 1}, {"a": 1, "b": 2}),
            ([1], [1, 2]),
            (None, False),
        )
        for one, other in unequal:
            self.assertFalse(same(one, other))

    def test_what_differs(self) -> None:
        self.assertEqual(differing({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": True}), {"b": 2, "c": 3})
