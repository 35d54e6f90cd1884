"""Which zone a TZID means, VTIMEZONE as tables, and VTIMEZONE of our own."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.recurring import Budget
from stalwart.codec.icalendar.timezones import UTC
from stalwart.codec.icalendar.values import Moment
from stalwart.codec.icalendar.zones import Zones, compiled, named_zone, zone_component
from tests.codec.icalendar.objects import calendar, seconds, written, zone

CUSTOM = """BEGIN:VTIMEZONE
TZID:Home
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def _zone_of(text: str) -> Component:
    return read_calendar(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n".encode()).components[0]


class NameTests(SynchronousTestCase):
    def test_names_that_contain_a_zone(self) -> None:
        for tzid, expected in (
            ("Europe/Berlin", "Europe/Berlin"),
            (
                "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
                "America/Argentina/Buenos_Aires",
            ),
            ("/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            (" utc ", "UTC"),
        ):
            found = named_zone(tzid)
            self.assertEqual(found and found.name, expected)
        for tzid in ("Home", "", "/" * 300, "Customized Time Zone"):
            self.assertIsNone(named_zone(tzid))

    def test_the_database_counts_more_than_the_object(self) -> None:
        wrong = CUSTOM.replace("TZID:Home", "TZID:Asia/Tokyo")
        self.assertEqual(Zones(calendar(beside=wrong)).zone("Asia/Tokyo"), zone("Asia/Tokyo"))

    def test_a_location_names_a_zone(self) -> None:
        located = CUSTOM.replace("TZID:Home", "TZID:Home\nX-LIC-LOCATION:Asia/Tokyo")
        self.assertEqual(Zones(calendar(beside=located)).zone("Home"), zone("Asia/Tokyo"))

    def test_a_name_that_says_nothing_is_floating_time(self) -> None:
        zones = Zones(calendar(), zone("Asia/Tokyo"))
        self.assertEqual(zones.zone("Nonsense"), zone("Asia/Tokyo"))
        self.assertFalse(zones.is_known("Nonsense"))
        self.assertTrue(zones.is_known("Europe/Berlin"))

    def test_moments_become_instants(self) -> None:
        zones = Zones(calendar(), zone("Asia/Tokyo"))
        self.assertEqual(zones.utc(Moment(0, is_utc=True)), 0)
        self.assertEqual(zones.utc(Moment(0)), -9 * 3600)
        self.assertEqual(zones.utc(Moment(0, is_date=True)), -9 * 3600)
        self.assertEqual(zones.utc(Moment(0, tzid="UTC")), 0)
        self.assertIs(zones.of(Moment(0, is_utc=True)), UTC)


class CompiledTests(SynchronousTestCase):
    def test_a_zone_of_the_object(self) -> None:
        home = Zones(calendar(beside=CUSTOM)).zone("Home")
        berlin = zone("Europe/Berlin")
        for each in range(seconds("2000-01-01 00:00"), seconds("2100-01-01 00:00"), 9 * 86_400):
            self.assertEqual(home.offset(each), berlin.offset(each), written(each))

    def test_rdate_and_until(self) -> None:
        found = compiled(
            _zone_of("""BEGIN:VTIMEZONE
TZID:New York, once
BEGIN:DAYLIGHT
DTSTART:20260308T020000
RDATE:20270314T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20261101T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU;UNTIL=20271107T060000Z
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
""")
        )
        assert found is not None
        self.assertEqual(
            [written(each.at) for each in found.transitions],
            ["2026-03-08 07:00", "2026-11-01 06:00", "2027-03-14 07:00", "2027-11-07 06:00"],
        )
        self.assertEqual(found.offset(0), -5 * 3600)

    def test_what_cannot_be_read_is_left_out(self) -> None:
        broken = CUSTOM.replace("TZOFFSETTO:+0200", "TZOFFSETTO:summer")
        found = compiled(_zone_of(broken))
        assert found is not None
        self.assertEqual(found.offset(seconds("2026-07-01 00:00")), 3600)
        self.assertIsNone(compiled(_zone_of("BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n")))

    def test_the_work_is_limited(self) -> None:
        part = "BEGIN:STANDARD\nDTSTART:19010101T000000\nRRULE:FREQ=SECONDLY\nTZOFFSETFROM:+0100\n"
        part += "TZOFFSETTO:+0{}00\nEND:STANDARD\n"
        text = "BEGIN:VTIMEZONE\nTZID:x\n" + "".join(part.format(index % 9) for index in range(500)) + "END:VTIMEZONE\n"
        budget = Budget(10_000)
        found = compiled(_zone_of(text), budget)
        self.assertTrue(found is None or len(found.transitions) <= 2000)
        self.assertGreater(budget.steps, -3000)
        many = "".join(CUSTOM.replace("Home", f"Home{index}") for index in range(300))
        zones = Zones(calendar(beside=many), budget=Budget(2000))
        self.assertIs([zones.zone(f"Home{index}") for index in range(300)][-1], UTC)


class WritingTests(SynchronousTestCase):
    def test_rules_that_go_on(self) -> None:
        component = zone_component("Europe/Berlin", seconds("2026-06-01 00:00"))
        assert component is not None
        self.assertEqual(
            [(each.name, each.value("DTSTART"), each.value("RRULE")) for each in component.components],
            [
                ("DAYLIGHT", "20260329T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
                ("STANDARD", "20261025T030000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
            ],
        )

    def test_what_is_written_is_the_zone(self) -> None:
        for name in (
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kolkata",
            "America/Sao_Paulo",
            "Africa/Casablanca",
            "Pacific/Auckland",
            "America/Godthab",
            "Asia/Gaza",
            "Etc/UTC",
            "Europe/Dublin",
            "Pacific/Apia",
        ):
            for start in ("1995-05-05 00:00", "2026-06-01 00:00"):
                component = zone_component(name, seconds(start))
                assert component is not None
                component.put(Property.made("TZID", "x"))
                found = compiled(component)
                assert found is not None
                for each in range(seconds(start), seconds("2036-01-01 00:00"), 5 * 86_400):
                    self.assertEqual(found.offset(each), zone(name).offset(each), f"{name} {written(each)}")

    def test_a_time_that_ends(self) -> None:
        component = zone_component("Europe/Berlin", seconds("2026-06-01 00:00"), seconds("2027-01-01 00:00"))
        assert component is not None
        self.assertNotIn("RRULE", component.text())
        self.assertEqual(
            [each.value("DTSTART") for each in component.components], ["20260329T020000", "20261025T030000"]
        )
        self.assertIsNone(zone_component("Nowhere", 0))
