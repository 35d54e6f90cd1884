"""What has no member in JSCalendar."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.jscalendar.leftovers import (
    add,
    component_of,
    jcal_component,
    jcal_property,
    leftovers,
    odd,
    property_of,
)
from tests.codec.jscalendar.generated import VALUES

LINE = 'X-A;X-P="a:b",c;VALUE=DATE:20260101'


class LeftoverTests(SynchronousTestCase):
    def test_properties_come_back(self) -> None:
        item = Property("X-A", LINE)
        given = jcal_property(item)
        self.assertEqual(given, ["x-a", {"x-p": ["a:b", "c"], "value": "DATE"}, "unknown", "20260101"])
        self.assertEqual(property_of(given), item)

    def test_components_come_back(self) -> None:
        part = Component("X-C", [Property("X-A", LINE)], [Component("X-D")])
        made = component_of(jcal_component(part))
        assert made is not None
        self.assertEqual(made.lines(), part.lines())

    def test_jcal_of_others(self) -> None:
        for jcal, line in (
            (["x-a", {}, "text", "a,b"], "X-A;VALUE=TEXT:a\\,b"),
            (["x-a", {}, "date-time", "2026-01-01T00:00:00Z"], "X-A;VALUE=DATE-TIME:20260101T000000Z"),
            (["x-a", {}, "integer", 1, 2], "X-A;VALUE=INTEGER:1,2"),
            (["x-a", {}, "boolean", True], "X-A;VALUE=BOOLEAN:TRUE"),
        ):
            made = property_of(jcal)
            self.assertEqual(made and made.line.replace(";VALUE=TEXT", ""), line.replace(";VALUE=TEXT", ""))

    def test_nothing_is_smuggled_in(self) -> None:
        for jcal in (
            ["x-a", {}, "unknown"],
            ["x\r\nattendee", {}, "unknown", "y"],
            ["x", {"a:b": "c"}, "unknown", "y"],
            ["x", {"a": 1}, "unknown", "y"],
            ["x", {}, "unknown", {}],
            ["x", [], "unknown", "y"],
            [1, {}, "unknown", "y"],
            "x",
        ):
            self.assertIsNone(property_of(jcal), jcal)
        made = property_of(["x", {"p": "a\r\nb"}, "unknown", "y\r\nATTENDEE:z"])
        self.assertEqual(made and made.line, "X;P=a^nb:y\\nATTENDEE:z")
        component = Component("VEVENT")
        add(component, {"properties": [["attendee", {}, "unknown", "x"], ["x-a", {}, "unknown", "y"]]}, {"ATTENDEE"})
        self.assertEqual([item.line for item in component.properties], ["X-A:y"])
        found = odd(
            {"properties": [["status", {}, "unknown", "x"], ["rdate", {}, "unknown", "x"]]}, {"STATUS", "RDATE"}
        )
        self.assertEqual([each.name for each in found], ["STATUS"])

    @given(VALUES)
    def test_anything_is_taken(self, value: Any) -> None:
        property_of(value)
        component_of(value)
        add(Component("VEVENT"), {"properties": value, "components": value}, ())
        add(Component("VEVENT"), value, ())
        odd(value, ())

    def test_depth_is_bounded(self) -> None:
        given: list[Any] = ["x", [], []]
        for _ in range(50):
            given = ["x", [], [given]]
        made = component_of(given)
        assert made is not None
        self.assertLess(len(list(made.walk())), 8)

    def test_nothing_left_is_none(self) -> None:
        self.assertIsNone(leftovers("VEVENT", [], []))
        self.assertEqual(leftovers("VEVENT", [], [Component("X")]), {
            "@type": "ICalComponent", "name": "vevent", "components": [["x", [], []]],
        })  # fmt: skip
