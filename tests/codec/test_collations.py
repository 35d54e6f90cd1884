"""Foldings of collations."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.collations import ascii_casemap, unicode_casemap


class FoldingTests(SynchronousTestCase):
    def test_ascii_folds_the_letters_of_ascii_only(self) -> None:
        self.assertEqual(ascii_casemap("Jane"), ascii_casemap("jANE"))
        self.assertEqual(ascii_casemap("jäne"), "JäNE")
        self.assertNotEqual(ascii_casemap("Ä"), ascii_casemap("ä"))

    def test_unicode_folds_all_letters_and_composed_ones(self) -> None:
        self.assertEqual(unicode_casemap("Ärger"), unicode_casemap("ärger"))
        self.assertEqual(unicode_casemap("a\u0308"), unicode_casemap("Ä"))
        self.assertEqual(unicode_casemap("ß"), "ß")
        self.assertEqual(unicode_casemap("ABC"), unicode_casemap("abc"))
