"""Collations (RFC 4790 9, RFC 5051)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.collation import COLLATIONS, ascii_casemap, ascii_numeric, collation, unicode_casemap


class CollationTests(SynchronousTestCase):
    def test_numbers(self) -> None:
        self.assertEqual(sorted(["x", "10", "9a", "007", ""], key=ascii_numeric), ["007", "9a", "10", "x", ""])
        self.assertEqual(ascii_numeric("0100b"), ascii_numeric("100"))
        self.assertEqual(ascii_numeric("abc"), ascii_numeric(""))
        self.assertEqual(ascii_numeric("٣")[0], 1)

    def test_a_number_of_any_length(self) -> None:
        self.assertLess(ascii_numeric("9" * 5000), ascii_numeric("1" + "0" * 5000))

    def test_ascii_letters(self) -> None:
        self.assertEqual(ascii_casemap("aZé["), "AZé[")
        self.assertEqual(sorted(["b", "A", "_", "a", "B"], key=ascii_casemap), ["A", "a", "b", "B", "_"])

    def test_letters_of_all_scripts(self) -> None:
        self.assertEqual(unicode_casemap("straße Ä"), unicode_casemap("STRAßE a\u0308"))
        self.assertEqual(unicode_casemap("ὈΔΥΣΣΕΎΣ"), unicode_casemap("ὀδυσσεύσ"))
        self.assertEqual(sorted(["Zoe", "éclair", "eclipse", "Eco"], key=unicode_casemap)[-1], "Zoe")

    def test_title_case_and_not_upper_case(self) -> None:
        self.assertEqual(unicode_casemap("ǆ"), unicode_casemap("ǅ"))

    def test_by_name(self) -> None:
        self.assertIs(collation(None), unicode_casemap)
        self.assertEqual([collation(name) for name in COLLATIONS], list(COLLATIONS.values()))
        self.assertEqual(self.assertRaises(MethodError, collation, "i;octet").type, "unsupportedSort")

    @given(st.text(), st.text())
    def test_any_texts_can_be_compared(self, one: str, other: str) -> None:
        for key in COLLATIONS.values():
            self.assertIn(key(one) < key(other), (True, False))
            self.assertEqual(key(one), key(one))
