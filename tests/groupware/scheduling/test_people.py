"""Who is behind an address."""

from __future__ import annotations

from typing import Any

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.groupware.scheduling.people import RECEIVE, SEND, Person
from tests.dav.world import ALICE
from tests.groupware.scheduling.world import SchedulingWorld, meeting

CARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Zoe\r\nEMAIL:Zo\xc3\xab@Good.test\r\nEND:VCARD\r\n"


class PeopleTests(SchedulingWorld):
    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def addresses(self, account_id: int, *calendars: Component | None) -> set[str]:
        found: set[str] = set(self.read(lambda tx: self.people.addresses(tx, account_id, *calendars)))
        return found

    def test_own_addresses_are_all_that_lead_to_it(self) -> None:
        alias = {"aliases": {"0": {"name": "ally", "domainId": "b"}}}
        self.patch_account(self.alice, alias)
        self.assertEqual(self.addresses(self.alice), {"alice@example.test", "ally@example.test"})
        detailed = read_calendar(meeting("alice+work@example.test", "bob@example.test"))
        self.assertEqual(
            self.addresses(self.alice, detailed, None),
            {"alice@example.test", "ally@example.test", "alice+work@example.test"},
        )
        self.assertEqual(self.addresses(999), set())

    def test_a_member_organizes_in_the_name_of_a_group(self) -> None:
        event = read_calendar(meeting("alice@example.test", organizer="staff@example.test"))
        self.assertIn("staff@example.test", self.addresses(self.bob, event))
        self.assertNotIn("staff@example.test", self.addresses(self.alice, event))
        invited = read_calendar(meeting("staff@example.test"))
        self.assertNotIn("staff@example.test", self.addresses(self.bob, invited))

    def test_permissions(self) -> None:
        denied = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {RECEIVE: True}}
        self.patch_account(self.bob, {"permissions": denied})
        self.assertTrue(self.read(lambda tx: self.people.may_send(tx, self.bob)))
        self.assertFalse(self.read(lambda tx: self.people.may_receive(tx, self.bob)))
        for may in (self.people.may_send, self.people.may_receive):
            self.assertFalse(self.read(lambda tx, may=may: may(tx, 999)))
        self.assertEqual(SEND, "calendarSchedulingSend")

    def test_names(self) -> None:
        self.patch_account(self.alice, {"description": "Alice", "locale": "fr_FR"})
        self.assertEqual(self.read(lambda tx: self.people.person(tx, self.alice)), Person("Alice", "fr_FR"))
        self.assertIsNone(self.read(lambda tx: self.people.person(tx, 999)))
        self.assertEqual(self.read(lambda tx: self.people.holder(tx, "bob@example.test")), self.bob)
        self.assertIsNone(self.read(lambda tx: self.people.holder(tx, "bob@good.test")))

    def test_those_on_cards_are_known(self) -> None:
        self.expect(201, "PUT", f"/dav/card/{ALICE}/default/z.vcf", CARD)
        for address, is_known in (("zoë@good.test", True), ("zoe@good.test", False)):
            self.assertEqual(self.read(lambda tx, a=address: self.people.knows(tx, self.alice, a)), is_known)
        self.assertFalse(self.read(lambda tx: self.people.knows(tx, self.bob, "zoë@good.test")))
