"""Qualified names."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.names import CALDAV, CALENDARSERVER, DAV, Name, name, opening, qualified


class NameTests(SynchronousTestCase):
    def test_how_names_are_written_in_code(self) -> None:
        self.assertEqual(name("D:getetag"), Name(DAV, "getetag"))
        self.assertEqual(name("A:filter"), Name(CALDAV, "filter"))
        self.assertEqual(name("{urn:x}a"), Name("urn:x", "a"))
        self.assertEqual(name("{}a"), Name("", "a"))
        self.assertRaises(KeyError, name, "Q:x")

    def test_how_names_are_shown(self) -> None:
        for written in ("D:getetag", "{urn:x}a", "{}a"):
            self.assertEqual(str(name(written)), written)

    def test_one_name_space_has_two_spellings(self) -> None:
        self.assertEqual(qualified("http://calendarserver.org/ns", "getctag"), Name(CALENDARSERVER, "getctag"))

    def test_tags_of_names(self) -> None:
        self.assertEqual(opening(name("C:getctag")), ("C:getctag", "C:getctag"))
        self.assertEqual(opening(Name('u:"&', "a")), ("a xmlns='u:\"&amp;'", "a"))
        self.assertEqual(opening(Name("", "a")), ('a xmlns=""', "a"))
