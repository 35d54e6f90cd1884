"""Words of vCard and words of JSContact."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.schema import ENUMS, OBJECTS
from stalwart.codec.jscontact.vocabulary import (
    ADDRESS_KINDS,
    CONTEXT_TYPES,
    ENTRIES,
    EXTENDED_PARTS,
    FEATURE_TYPES,
    NAME_KINDS,
    STREET_PARTS,
    WRITTEN,
)


class VocabularyTests(SynchronousTestCase):
    def test_components(self) -> None:
        self.assertEqual((len(NAME_KINDS), len(ADDRESS_KINDS)), (7, 18))
        self.assertEqual(ADDRESS_KINDS[10:12], ("number", "name"))
        self.assertEqual(sorted((*EXTENDED_PARTS, *STREET_PARTS)), list(range(7, 18)))

    def test_each_feature_and_context_has_a_type(self) -> None:
        self.assertEqual(set(FEATURE_TYPES), ENUMS["features"])
        self.assertEqual(set(CONTEXT_TYPES), ENUMS["addressContexts"])
        self.assertEqual(FEATURE_TYPES["mobile"], "cell")

    def test_each_map_is_one_of_the_card(self) -> None:
        for entry in ENTRIES.values():
            self.assertIn(entry.member[0], OBJECTS["Card"].members)
            self.assertIn(entry.kind, WRITTEN[entry.member])
