"""Zones are found by name and by description."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.described_zones import described_zone

ODD = """\
BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Nowhere
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0545
END:STANDARD
END:VTIMEZONE
END:VCALENDAR
"""


class DescribedZonesTests(SynchronousTestCase):
    def test_names_descriptions_and_nothing(self) -> None:
        named = described_zone("Europe/Berlin")
        self.assertEqual(named and named.name, "Europe/Berlin")
        described = described_zone(ODD)
        self.assertEqual(described and described.local(1_000_000_000), 1_000_000_000 + 20_700)
        by_name = described_zone(ODD.replace("Nowhere", "America/New_York"))
        self.assertEqual(by_name and by_name.name, "America/New_York")
        for text in ("Nowhere/Town", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "BEGIN:", "x" * 1000, ODD[:-20]):
            self.assertIsNone(described_zone(text), text[:40])
