"""Keywords: what may be one (RFC 8621 4.1.1)."""

from __future__ import annotations

from unittest import TestCase

from stalwart.jmap.email.keywords import MOST_KEYWORDS, Keyword, check_number, read_keyword
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.scalars import Unfit


class KeywordTests(TestCase):
    """Printable ASCII but for what IMAP cannot say."""

    def test_each_character_is_allowed_or_not(self) -> None:
        refused = {*'(){]%*"\\'}
        for code in range(256):
            character = chr(code)
            if 0x21 <= code <= 0x7E and character not in refused:
                self.assertEqual(read_keyword(character), character.lower())
            else:
                with self.assertRaises(Unfit, msg=repr(character)):
                    read_keyword(character)

    def test_it_has_1_to_255_characters(self) -> None:
        self.assertEqual(read_keyword("X" * 255), "x" * 255)
        for text in ("", "x" * 256, "a\n", "ſ", "\u212a"):
            with self.assertRaises(Unfit):
                read_keyword(text)

    def test_as_a_type_it_wants_text(self) -> None:
        self.assertEqual(Keyword().read("$Seen"), "$seen")
        for value in (None, 3, ["a"]):
            with self.assertRaises(Unfit):
                Keyword().read(value)

    def test_there_may_be_so_many(self) -> None:
        check_number({str(number) for number in range(MOST_KEYWORDS)})
        with self.assertRaises(SetRefused) as caught:
            check_number({str(number) for number in range(MOST_KEYWORDS + 1)})
        self.assertEqual(caught.exception.type, "tooManyKeywords")
