"""Content lines: what iCalendar and vCard share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.content_lines import (
    Property,
    decoded,
    each_parameter,
    escaped,
    folded,
    parted,
    quoted,
    structured,
    text_list,
    unescaped,
)

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)


class ContentLineTests(SynchronousTestCase):
    def test_parameters_are_told_in_order_and_as_often_as_they_are_there(self) -> None:
        told = list(each_parameter('TEL;type=HOME;CELL;Type="a,b",c;X=^n^^'))
        self.assertEqual(told, [("TYPE", ("HOME",)), ("CELL", None), ("TYPE", ("a,b", "c")), ("X", ("\n^",))])

    def test_the_first_of_a_name_counts(self) -> None:
        self.assertEqual(dict(Property("A", "A;B=1;B=2;C:x").parameters), {"B": ("1",), "C": ("",)})

    def test_line_breaks_become_one_kind(self) -> None:
        self.assertEqual(decoded(b"\xef\xbb\xbfa\r\nb\rc\r\r\nd\n"), "a\nb\nc\nd\n")

    def test_a_fold_within_a_character_is_mended(self) -> None:
        self.assertEqual(decoded(b"N:\xc3\r\n \xa9\r\n"), "N:é\n")
        self.assertRaises(UnicodeDecodeError, decoded, b"N:\xc3\r\n")

    @given(st.lists(TEXTS, min_size=1, max_size=5))
    def test_lists_are_read_as_they_were_written(self, texts: list[str]) -> None:
        self.assertEqual(text_list(",".join(map(escaped, texts))), texts)
        self.assertEqual(structured(";".join(map(escaped, texts))), texts)

    @given(TEXTS)
    def test_texts_and_parameters_are_read_as_they_were_written(self, text: str) -> None:
        self.assertEqual(unescaped(escaped(text)), text)
        line = Property("A", folded(f"A;B={quoted(text)}:x"))
        self.assertEqual((line.parameter("B"), line.value), (text, "x"))

    def test_escaped_separators_separate_nothing(self) -> None:
        self.assertEqual(parted("a\\;b;c\\\\;", ";"), ["a\\;b", "c\\\\", ""])
