"""What floats is seen in the zone that somebody gave a calendar, else in its owner's."""

from __future__ import annotations

from stalwart.codec.icalendar.timezones import UTC
from stalwart.groupware.calendar_zones import calendar_zone, zone_of
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.traits import TIME_ZONE, TIME_ZONE_TEXT
from stalwart.store import Transaction
from tests.dav.world import ALICE, DavWorld


class CalendarZonesTests(DavWorld):
    def test_names_descriptions_and_neither(self) -> None:
        self.assertIs(zone_of({}), UTC)
        self.assertIs(zone_of({TIME_ZONE: "No/Where", TIME_ZONE_TEXT: "nothing"}), UTC)
        self.assertEqual(zone_of({TIME_ZONE: "Europe/Berlin"}).name, "Europe/Berlin")
        text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Asia/Tokyo\nEND:VTIMEZONE\nEND:VCALENDAR\n"
        self.assertEqual(zone_of({TIME_ZONE: None, TIME_ZONE_TEXT: text}).name, "Asia/Tokyo")

    def test_people_have_their_own(self) -> None:
        self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}/", depth="0")

        def work(tx: Transaction) -> tuple[str, str, str]:
            (calendar,) = tx.collections.of_type(self.alice, CALENDARS.type)
            tx.collections.update(self.alice, calendar.id, now=1, data={TIME_ZONE: "Europe/Berlin"})
            tx.preferences.set(self.alice, calendar.id, self.bob, {TIME_ZONE: "Asia/Tokyo"})
            people = (self.alice, self.bob, self.carol)
            return tuple(calendar_zone(tx, self.alice, calendar.id, each).name for each in people)  # type: ignore[return-value]

        names = self.successResultOf(self.store.write(work))
        self.assertEqual(names, ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"))
