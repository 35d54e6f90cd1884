"""Where an e-mail is put: mailboxIds, keywords, receivedAt (RFC 8621 4.1.1)."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from stalwart.codec.ids import decode_id
from stalwart.errors import DanglingReference
from stalwart.jmap.email.placement import Placement, missing_mailboxes, placing, read_mailbox, read_placement
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.mail.sight import Sight
from tests.jmap.email.writing import OWN, WritingCase


class MissingTests(WritingCase):
    """What is asked before a message is made."""

    def test_mailboxes_that_an_account_does_not_have(self) -> None:
        inbox, team = decode_id(self.inbox), decode_id(self.team)
        places = [Placement(frozenset(each)) for each in ((inbox,), (inbox, 99), (team, 1 << 62))]
        found = self.read(lambda tx: missing_mailboxes(tx, OWN, Sight(), places))
        self.assertEqual(found, {99, 1 << 62, team} - {inbox})
        self.assertEqual(self.read(lambda tx: missing_mailboxes(tx, OWN, Sight(), [])), frozenset())


class PlacementTests(TestCase):
    """Read from what a client gives."""

    def refusal(self, given: dict[str, Any]) -> SetRefused:
        with self.assertRaises(SetRefused) as caught:
            read_placement(given, {})
        return caught.exception

    def test_what_is_left_out_is_for_the_server(self) -> None:
        self.assertEqual(read_placement({"mailboxIds": {"b": True}}, {}), Placement(frozenset((1,))))

    def test_everything_given(self) -> None:
        given = {
            "mailboxIds": {"b": True, "c": False, "#m": True, "d": None},
            "keywords": {"$Seen": True, "x": False},
            "receivedAt": "1970-01-01T01:00:10+01:00",
        }
        self.assertEqual(read_placement(given, {"m": "e"}), Placement(frozenset((1, 4)), frozenset(("$seen",)), 10))

    def test_wrong_members_are_named(self) -> None:
        inside = {"mailboxIds": {"b": True}}
        for given, place in (
            ({}, "mailboxIds"),
            ({"mailboxIds": []}, "mailboxIds"),
            ({"mailboxIds": {"b": False}}, "mailboxIds"),
            ({"mailboxIds": {"b": "true"}}, "mailboxIds/b"),
            ({"mailboxIds": {"#m": True}}, "mailboxIds/#m"),
            ({"mailboxIds": {"B/~": True}}, "mailboxIds/B~1~0"),
            (inside | {"keywords": 1}, "keywords"),
            (inside | {"keywords": {"a b": True}}, "keywords/a b"),
            (inside | {"keywords": {"a": 0}}, "keywords/a"),
            (inside | {"receivedAt": "2020-02-30T00:00:00Z"}, "receivedAt"),
            (inside | {"receivedAt": 3}, "receivedAt"),
        ):
            problem = self.refusal(given)
            self.assertEqual((problem.type, problem.properties), ("invalidProperties", (place,)), given)

    def test_very_many_members_are_refused_unread(self) -> None:
        many = {str(number): False for number in range(10_001)}
        self.assertEqual(self.refusal({"mailboxIds": many}).type, "tooManyMailboxes")
        self.assertEqual(self.refusal({"mailboxIds": {"b": True}, "keywords": many}).type, "tooManyKeywords")

    def test_ids_beyond_what_the_store_counts_name_nothing(self) -> None:
        with self.assertRaises(SetRefused):
            read_mailbox("p333333333333", {})

    def test_a_mailbox_that_the_store_does_not_know_is_refused(self) -> None:
        with self.assertRaises(SetRefused) as caught, placing():
            raise DanglingReference(("Mailbox", 1), "mailboxIds")
        self.assertEqual(caught.exception.properties, ("mailboxIds",))
        self.assertIn('"b"', caught.exception.description or "")
