"""Parts of cards."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conditions import PropSelection
from stalwart.codec.vcard.selection import selected
from tests.codec.vcard.cards import card

CARD = card("FN:x", "item1.EMAIL;TYPE=home:a@b.example", "EMAIL:c@d.example", "UID:1", "NOTE:y")


class SelectionTests(SynchronousTestCase):
    def told(self, *props: PropSelection) -> list[str]:
        """The lines that are given."""
        return [each.line for each in selected(read_card(CARD), props).properties]

    def test_nothing_named_is_everything(self) -> None:
        read = read_card(CARD)
        self.assertIs(selected(read, ()), read)

    def test_version_and_uid_are_given_always(self) -> None:
        self.assertEqual(self.told(PropSelection("FN")), ["VERSION:3.0", "FN:x", "UID:1"])

    def test_a_name_means_any_group_and_a_group_its_own(self) -> None:
        own = "item1.EMAIL;TYPE=home:a@b.example"
        self.assertEqual(self.told(PropSelection("EMAIL"))[1:3], [own, "EMAIL:c@d.example"])
        self.assertEqual(self.told(PropSelection("ITEM1.EMAIL"))[1:], [own, "UID:1"])

    def test_a_value_may_be_left_out(self) -> None:
        self.assertEqual(
            self.told(PropSelection("EMAIL", novalue=True))[1:], ["item1.EMAIL;TYPE=home:", "EMAIL:", "UID:1"]
        )
        self.assertEqual(self.told(PropSelection("UID", novalue=True)), ["VERSION:3.0", "UID:1"])
