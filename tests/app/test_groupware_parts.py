"""What is built for calendars, address books and files."""

from __future__ import annotations

from stalwart.groupware.alarms import Alert
from tests.app.world import HouseCase


class GroupwarePartsTests(HouseCase):
    def test_routes_find_what_they_ask_for(self) -> None:
        house = self.open()
        services = house.groupware.services()
        self.assertIs(services["dav_tools"].homes, services["homes"])
        self.assertIs(services["dav_tools"].store, house.foundations.store)
        self.assertIsNotNone(services["rsvp"].links_for(1, 2, "bob@example.test"))

    def test_the_one_that_leads_reminds_until_it_is_closed(self) -> None:
        house = self.open()
        looking = house.groupware.alarms._looking
        self.assertTrue(looking.is_open)
        self.shut(house)
        self.assertFalse(looking.is_open)

    def test_alarms_are_told_to_clients(self) -> None:
        house = self.open()
        self.assertEqual(house.groupware.alarms.alerted, [house.mail.push.alert])
        house.mail.push.alert(Alert(1, 2, "uid", None, "k1", 1))
