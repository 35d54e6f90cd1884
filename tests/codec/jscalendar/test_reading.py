"""Components by the names of their properties, and properties by their Ids."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.jscalendar.reading import (
    Ids,
    Reading,
    exchange_all,
    id_of_text,
    identified,
    named,
    with_value,
    write_items,
)
from stalwart.codec.jscalendar.values import Json, derived_id
from stalwart.codec.jscalendar.zone_names import ZoneNames


def component(*lines: str) -> Component:
    return Component("VEVENT", [Property(line.partition(":")[0].partition(";")[0], line) for line in lines])


class ReadingTests(SynchronousTestCase):
    def test_what_nobody_takes_is_left(self) -> None:
        reading = Reading(component("A:1", "B:1", "A:2", "C:1"), ZoneNames(Component("VCALENDAR")))
        first = reading.one("A")
        self.assertEqual(first and first.line, "A:1")
        self.assertEqual([item.line for item in reading.take("C")], ["C:1"])
        self.assertEqual([item.line for item in reading.leftovers()], ["B:1", "A:2"])
        self.assertIsNone(reading.one("D"))

    def test_ids(self) -> None:
        items = component("X;JSID=a:1", "X:2", "X:2", "X;JSID=no id:3").properties
        keys = [key for key, _ in identified(items, id_of_text)]
        self.assertEqual(keys, ["a", derived_id("2"), f"{derived_id('2')}-2", derived_id("3")])
        self.assertEqual(Ids(["a", "a-2"]).unused("a"), "a-3")
        self.assertEqual(named(items[0], derived_id("1"), id_of_text).line, "X:1")
        self.assertEqual(named(items[1], "b", id_of_text).line, "X;JSID=b:2")

    def test_values_are_set_in_their_place(self) -> None:
        made = component("A;P=1;Q=2:1", "B:1")
        with_value(made, "A", "2", ("P",))
        with_value(made, "C", "3")
        with_value(made, "B", None)
        self.assertEqual([item.line for item in made.properties], ["A;Q=2:2", "C:3"])

    def test_many_are_exchanged_at_once(self) -> None:
        made = component("A:1", "A:1", "B:1")
        first, second, _ = made.properties
        exchange_all(made, {id(first): None, id(second): Property("C", "C:1")})
        self.assertEqual([item.line for item in made.properties], ["C:1", "B:1"])

    def test_only_what_is_another_entry_is_written(self) -> None:
        made = component("X;JSID=a;P=1:1", "X;JSID=b:2", "X;JSID=c:3")

        def line(key: str, entry: Json, over: Property | None) -> Property | None:
            return None if entry["v"] == "none" else Property.made("X", entry["v"])

        old = {"a": {"v": "1"}, "b": {"v": "2"}, "c": {"v": "3"}}
        new = {"a": {"v": "1"}, "b": {"v": "9"}, "d": {"v": "4"}, "e": {"v": "none"}}
        write_items(made, identified(made.properties, id_of_text), old, new, line, id_of_text)
        self.assertEqual([item.line for item in made.properties], ["X;JSID=a;P=1:1", "X;JSID=b:9", "X;JSID=d:4"])
