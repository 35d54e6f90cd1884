"""The MDN object."""

from __future__ import annotations

from unittest import TestCase

from stalwart.codec.mdn import Disposition, Notification
from stalwart.directory.access import Access
from stalwart.jmap.capabilities import collected, known
from stalwart.jmap.mdn.mdn_object import MDN, PROPERTIES, mdn, wire_of


class MdnObjectTests(TestCase):
    def test_announced(self) -> None:
        self.assertIn(mdn, collected())
        self.assertIn(MDN, known(collected()))
        self.assertFalse(mdn.is_for(Access(1, "alice", None, frozenset())))

    def test_every_member_is_there(self) -> None:
        said = Notification(Disposition("manual-action", "mdn-sent-manually", "deleted"), errors=("e",))
        shown = wire_of(said, subject=None, text=None, has_original=False)
        self.assertEqual(shown.keys(), PROPERTIES.keys())
        self.assertEqual(shown["error"], ["e"])
