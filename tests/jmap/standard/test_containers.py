"""Lists, maps, sets and nested objects (RFC 8620 1.1)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.standard.containers import ListOf, MapOf, Member, SetOf, Struct
from stalwart.jmap.standard.scalars import Id, Int, Nullable, PropertyType, String, Unfit

PLACE = Struct({"name": Member(String()), "floor": Member(Int(), required=False, default=0)})


class ContainerTests(SynchronousTestCase):
    def refused(self, type: PropertyType, value: Any, *path: str) -> None:
        self.assertEqual(self.assertRaises(Unfit, type.read, value).path, path)

    def test_lists(self) -> None:
        self.assertEqual(ListOf(Int()).read([1, 2]), [1, 2])
        self.refused(ListOf(Int()), [1, "2"], "1")
        self.refused(ListOf(Int()), {"0": 1})
        self.refused(ListOf(Int(), most=1), [1, 2])

    def test_maps(self) -> None:
        self.assertEqual(MapOf(Id(), ListOf(Int())).read({"a": [1]}), {"a": [1]})
        self.refused(MapOf(Id(), Int()), {"a b": 1}, "a b")
        self.refused(MapOf(Id(), ListOf(Int())), {"a": [1, None]}, "a", "1")
        self.refused(MapOf(Id(), Int(), most=1), {"a": 1, "b": 2})
        self.refused(MapOf(Id(), Int()), [])

    def test_sets(self) -> None:
        self.assertEqual(SetOf().read({"a": True, "b": False, "c": None}), {"a": True})
        self.refused(SetOf(), {"a": 1}, "a")
        self.refused(SetOf(), {"a b": True}, "a b")
        self.refused(SetOf(), ["a"])

    def test_nested_objects(self) -> None:
        self.assertEqual(PLACE.read({"name": "x"}), {"name": "x", "floor": 0})
        self.refused(PLACE, {"floor": 1}, "name")
        self.refused(PLACE, {"name": "x", "door": 1}, "door")
        self.refused(ListOf(PLACE), [{"name": "x", "floor": "y"}], "0", "floor")

    def test_whether_ids_can_be_inside(self) -> None:
        with_ids = (ListOf(Id()), MapOf(Id(), Int()), MapOf(String(), Id()), SetOf(), Struct({"x": Member(Id())}))
        self.assertTrue(all(Nullable(type).holds_ids for type in with_ids))
        self.assertFalse(
            any(type.holds_ids for type in (ListOf(Int()), MapOf(String(), Int()), SetOf(String()), PLACE))
        )
