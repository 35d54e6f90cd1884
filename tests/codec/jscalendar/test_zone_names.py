"""Names of time zones."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.values import MalformedValue, Moment
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscalendar.zone_names import ZoneNames, canonical, zone_component, zone_object
from tests.codec.jscalendar.exports import CUSTOM_ZONE, EVOLUTION, OUTLOOK, octets


class ZoneNameTests(SynchronousTestCase):
    def test_known_zones_go_by_their_names(self) -> None:
        for text, name in ((OUTLOOK, "Europe/Berlin"), (EVOLUTION, "Europe/Paris"), (CUSTOM_ZONE, "/Ship")):
            self.assertEqual(event_of(read_calendar(octets(text)))["timeZone"], name)

    def test_moments(self) -> None:
        names = ZoneNames(read_calendar(octets(CUSTOM_ZONE)))
        self.assertEqual(names.name(Moment(0, is_utc=True)), "Etc/UTC")
        self.assertIsNone(names.name(Moment(0, is_date=True)))
        self.assertIsNone(names.name(Moment(0, tzid="Nowhere")))
        self.assertEqual(names.name(Moment(0, tzid="Ship")), "/Ship")
        self.assertEqual((names.tzid("/Ship"), names.tzid("Europe/Berlin")), ("Ship", "Europe/Berlin"))
        self.assertEqual(names.zone("/Ship").offset(0), 7200)

    def test_custom_zones_are_described_and_made_again(self) -> None:
        calendar = read_calendar(octets(CUSTOM_ZONE))
        given = zone_object(calendar.components[0])
        self.assertEqual(
            given,
            {
                "@type": "TimeZone",
                "tzId": "Ship",
                "standard": [
                    {
                        "@type": "TimeZoneRule", "start": "2026-01-01T00:00:00", "offsetFrom": "+02:00",
                        "offsetTo": "+02:15", "names": {"S": True}, "recurrenceOverrides": {"2026-03-01T00:00:00": {}},
                    }
                ],
            },
        )  # fmt: skip
        self.assertEqual(zone_object(zone_component("/Ship", given)), given)
        event = event_of(calendar)
        self.assertEqual(event["timeZones"], {"/Ship": given})
        self.assertEqual(event_of(read_calendar(calendar_of(event).octets())), event)

    def test_what_is_no_zone(self) -> None:
        rule = {"start": "2026-01-01T00:00:00", "offsetFrom": "+02:00", "offsetTo": "+02:15"}
        zone_component("/x", {"standard": [rule]})
        for name, given in (
            ("x", {"standard": [rule]}),
            ("/x", {}),
            ("/x", []),
            ("/x", {"standard": {}}),
            ("/x", {"standard": [{}]}),
            ("/x", {"standard": [rule | {"offsetTo": "2"}]}),
            ("/x", {"standard": [rule | {"names": []}]}),
            ("/x", {"standard": [rule | {"recurrenceRule": {}}]}),
            ("/x", {"standard": [rule] * 300}),
        ):
            self.assertRaises(MalformedValue, zone_component, name, given)

    def test_names_as_the_database_writes_them(self) -> None:
        self.assertEqual(canonical("europe/BERLIN"), "Europe/Berlin")
        self.assertEqual(canonical("UTC"), "Etc/UTC")
        self.assertIsNone(canonical("Europe/Atlantis"))
