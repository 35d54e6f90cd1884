"""VTIMEZONE where it is missing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscalendar.vtimezones import drop_unused, put_custom, put_missing, used_zones
from stalwart.codec.jscalendar.zone_names import ZoneNames
from tests.codec.jscalendar.exports import ETAR, THUNDERBIRD, octets
from tests.codec.jscalendar.reading_of import made


class ZoneTests(SynchronousTestCase):
    def test_used_zones(self) -> None:
        self.assertEqual([*used_zones(read_calendar(octets(THUNDERBIRD)))], ["Europe/Berlin"])

    def test_they_stand_before_the_events(self) -> None:
        calendar = calendar_of(made(timeZone="Europe/Berlin", endTimeZone="Asia/Tokyo", duration="PT1H"))
        self.assertEqual([each.value("TZID") for each in calendar.components], ["Europe/Berlin", "Asia/Tokyo", None])

    def test_one_that_is_there_stays(self) -> None:
        calendar = read_calendar(octets(ETAR))
        event = event_of(calendar) | {"title": "x", "endTimeZone": "Asia/Tokyo"}
        names = [each.value("TZID") for each in calendar_of(event, calendar).components]
        self.assertEqual(names, ["Asia/Tokyo", None, "Europe/Vienna"])

    def test_none_is_added_for_zones_of_before(self) -> None:
        calendar = read_calendar(octets(ETAR))
        calendar.components = [each for each in calendar.components if each.name == "VEVENT"]
        changed = calendar_of(event_of(calendar) | {"title": "x"}, calendar)
        self.assertEqual(len(changed.components), 1)

    def test_parts(self) -> None:
        calendar = Component("VCALENDAR")
        put_custom(calendar, {"/bad": {}, "x": 1})
        put_custom(calendar, [])
        put_missing(
            calendar, {"Europe/Berlin": Component("VEVENT"), "Nowhere": Component("VEVENT")}, ZoneNames(calendar)
        )
        self.assertEqual([each.value("TZID") for each in calendar.components], ["Europe/Berlin"])
        drop_unused(calendar, {"Europe/Berlin"})
        self.assertEqual(calendar.components, [])
