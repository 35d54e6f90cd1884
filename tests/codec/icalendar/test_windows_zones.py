"""Windows names of zones stand for zones that exist."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.timezones import iana_zone
from stalwart.codec.icalendar.windows_zones import WINDOWS_ZONES


class WindowsZoneTests(SynchronousTestCase):
    def test_each_name_stands_for_a_zone(self) -> None:
        self.assertEqual([name for name, zone in WINDOWS_ZONES.items() if iana_zone(zone) is None], [])
        self.assertEqual(WINDOWS_ZONES["w. europe standard time"], "Europe/Berlin")
        self.assertGreater(len(WINDOWS_ZONES), 140)
