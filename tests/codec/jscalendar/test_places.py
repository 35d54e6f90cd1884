"""Locations and virtual locations."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.jscalendar.places import MAIN
from stalwart.codec.jscalendar.series import calendar_of, event_of
from tests.codec.jscalendar.exports import APPLE, event_text, octets
from tests.codec.jscalendar.reading_of import changed, read, written


class PlaceTests(SynchronousTestCase):
    def test_the_main_location(self) -> None:
        event = read("LOCATION:Room 1\\, upstairs", "GEO:48.2;-16.3")
        self.assertEqual(event["mainLocationId"], MAIN)
        self.assertEqual(
            event["locations"],
            {MAIN: {"@type": "Location", "name": "Room 1, upstairs", "coordinates": "geo:48.2,-16.3"}},
        )
        self.assertNotIn("locations", read("LOCATION:", "GEO:somewhere"))

    def test_one_location_is_the_main_one(self) -> None:
        self.assertEqual(written(locations={"x": {"name": "Here"}}), ["LOCATION;JSID=x:Here"])

    def test_one_without_a_name_is_one(self) -> None:
        for id in (MAIN, "x"):
            self.assertEqual(written(locations={id: {"name": ""}}), [f"LOCATION;JSID={id}:"])
            self.assertEqual(read(f"LOCATION;JSID={id}:")["locations"], {id: {"@type": "Location", "name": ""}})

    def test_others_are_components(self) -> None:
        places = {
            "a": {"@type": "Location", "name": "Start"},
            "b": {"@type": "Location", "name": "Stop", "coordinates": "geo:1,2", "locationTypes": {"cafe": True}},
        }
        lines = written(locations=places, mainLocationId="a")
        self.assertEqual(lines, ["LOCATION;JSID=a:Start", "UID:b", "NAME:Stop", "LOCATION-TYPE:cafe", "GEO:1;2"])
        lines = written(locations=places)
        self.assertEqual(lines[0], "LOCATION;DERIVED=TRUE:Start")

    def test_the_only_component_stays_what_it_is(self) -> None:
        calendar = read_calendar(octets(APPLE))
        part = Component("VLOCATION", read_calendar(octets(event_text("NAME:Hall", "LOCATION-TYPE:hall", "X-A:1")))
                         .components[0].properties)  # fmt: skip
        event = calendar.within("VEVENT")[0]
        event.remove("LOCATION", "X-APPLE-STRUCTURED-LOCATION")
        event.components = [part]
        before = event_of(calendar)
        self.assertNotIn("JSPROP", calendar_of({**before, "title": "Other"}, calendar).text())
        text = calendar_of({**before, "locations": {"a": {**before["locations"]["a"], "name": "New"}}}, calendar).text()
        for line in ("NAME:New", "LOCATION-TYPE:hall", "X-A:1", "LOCATION;DERIVED=TRUE:New"):
            self.assertIn(f"{line}\r\n", text)

    def test_what_tells_of_the_old_location_goes_with_it(self) -> None:
        calendar = read_calendar(octets(APPLE))
        event = event_of(calendar)
        event["locations"][MAIN]["name"] = "Elsewhere"
        text = calendar_of(event, calendar).text()
        self.assertNotIn("X-APPLE-STRUCTURED-LOCATION", text)
        self.assertIn("LOCATION:Elsewhere", text)
        self.assertIn("X-APPLE-CREATOR-IDENTITY", text)

    def test_conferences(self) -> None:
        line = 'CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL="Join, please";X-A=1:https://meet.example/x'
        event = read(line)
        ((key, place),) = event["virtualLocations"].items()
        self.assertEqual(
            place,
            {
                "@type": "VirtualLocation", "uri": "https://meet.example/x", "name": "Join, please",
                "features": {"audio": True, "video": True},
            },
        )  # fmt: skip
        self.assertEqual(
            changed((line,), {f"virtualLocations/{key}/features": {"chat": True}}),
            [line.replace("AUDIO,VIDEO", "CHAT")],
        )
        self.assertEqual(written(virtualLocations={"v": {"uri": "tel:+1"}}), ["CONFERENCE;VALUE=URI;JSID=v:tel:+1"])
