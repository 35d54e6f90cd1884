"""Names that say an offset, or what Windows shows people."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.zone_descriptions import described_zone
from stalwart.codec.icalendar.zones import Zones
from tests.codec.icalendar.objects import calendar, zone


class DescriptionTests(SynchronousTestCase):
    def test_names(self) -> None:
        for tzid, expected in (
            ("UTC+2", "Etc/GMT-2"),
            ("GMT-0500", "Etc/GMT+5"),
            ("utc+05:30", "Asia/Kolkata"),
            ("+09:00", "Etc/GMT-9"),
            ("GMT -11", "Etc/GMT+11"),
            ("GMT+00:00", "UTC"),
            ("tzone://Microsoft/Utc", "UTC"),
            ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"),
            ("(UTC) Dublin, Edinburgh, Lisbon, London", "Europe/Dublin"),
            ("(GMT-05.00) Eastern Time (US & Canada)", "America/New_York"),
            ("(UTC-03:30) Newfoundland", "America/St_Johns"),
            ("(UTC+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
            ("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", "Asia/Shanghai"),
            ("(UTC+03:00) Atlantis", "Etc/GMT-3"),
        ):
            found = described_zone(tzid)
            self.assertEqual(found and found.name, expected, tzid)

    def test_what_says_nothing(self) -> None:
        for tzid in ("", "Shire", "UTC+25", "UTC+1:99", "+1" * 200, "(UTC+01:00)", "(UTC+99:00) Berlin", "UTC+0417"):
            self.assertIsNone(described_zone(tzid), tzid)

    def test_the_zone_of_the_object_counts_more(self) -> None:
        own = (
            "BEGIN:VTIMEZONE\nTZID:GMT+0100\nX-LIC-LOCATION:Asia/Tokyo\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
            "TZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
        self.assertEqual(Zones(calendar(beside=own)).zone("GMT+0100"), zone("Asia/Tokyo"))
        self.assertEqual(Zones(calendar()).zone("GMT+0100"), zone("Etc/GMT-1"))
        self.assertTrue(Zones(calendar()).is_known("GMT+0100"))
