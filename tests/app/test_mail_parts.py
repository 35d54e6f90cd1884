"""What mail is made of is built with the house, and taken down with it."""

from __future__ import annotations

from stalwart.app.mail_parts import MailParts
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from tests.app.world import HouseCase


class MailPartsTests(HouseCase):
    def test_parts_are_services(self) -> None:
        house = self.open()
        found = house.mail.services()
        kinds = {"messages": Messages, "folders": Folders, "quotas": Quotas}
        self.assertEqual({name: type(found[name]) for name in kinds}, kinds)
        self.assertIsInstance(house.mail, MailParts)
