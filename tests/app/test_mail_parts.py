"""What mail is made of is built with the house, and taken down with it."""

from __future__ import annotations

from stalwart.app.mail_parts import MailParts
from stalwart.mail.expressions import ExpressionWorld
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

    def test_rules_of_http_and_of_mail_look_up_in_one_place(self) -> None:
        made: list[ExpressionWorld] = []
        make = ExpressionWorld.__init__
        self.patch(ExpressionWorld, "__init__", lambda self, *given: (made.append(self), make(self, *given))[1])
        house = self.open()
        self.assertEqual(made, [house.mail.services()["expression_io"]])
