"""Content lines: what is read is written back, and what is made is legal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.lines import (
    MAX_LINES,
    MalformedCalendar,
    Property,
    content_lines,
    folded,
    has_controls,
    property_name,
    without_controls,
)

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)


class ReadingTests(SynchronousTestCase):
    def test_a_fold_is_part_of_its_line(self) -> None:
        lines = content_lines(b"SUMMARY:one\r\n  two\r\n\tthree\r\nUID:x\r\n")
        self.assertEqual([Property("", line).line for line in lines], ["SUMMARY:one twothree", "UID:x"])

    def test_line_breaks_of_any_system_and_a_byte_order_mark_are_read(self) -> None:
        for octets in (
            b"A:1\nB:2\n",
            b"A:1\r\nB:2",
            b"A:1\rB:2\r",
            b"A:1\r\r\nB:2\r\r\n",
            b"\xef\xbb\xbfA:1\n\n \nB:2\n",
        ):
            self.assertEqual([line.strip() for line in content_lines(octets)], ["A:1", "B:2"], octets)

    def test_a_fold_within_a_character_is_mended(self) -> None:
        (line,) = content_lines(b"SUMMARY:caf\xc3\r\n \xa9\r\n")
        self.assertEqual(Property("SUMMARY", line).value, "café")

    def test_what_is_not_utf_8_is_refused(self) -> None:
        problem = self.assertRaises(MalformedCalendar, content_lines, b"SUMMARY:caf\xe9\r\n")
        self.assertIn("UTF-8", str(problem))
        self.assertEqual(problem.condition, "supported-calendar-data")

    def test_octets_and_lines_are_limited(self) -> None:
        self.assertRaises(MalformedCalendar, content_lines, b"A:1\n" * 10, max_octets=39)
        self.assertRaises(MalformedCalendar, content_lines, b"A:1\n" * (MAX_LINES + 1))
        self.assertRaises(MalformedCalendar, content_lines, b"\n" * (2 * MAX_LINES + 1), max_octets=1 << 20)

    def test_names_are_upper_case_and_nothing_else_is_a_content_line(self) -> None:
        self.assertEqual(property_name("dtStart;VALUE=DATE:20260101"), "DTSTART")
        self.assertEqual(property_name("SUM\n MARY:x"), "SUMMARY")
        for line in ("SUMMARY", "no name: x", ":x", "ä:x", ";A=b:x", "A" * 256 + ":x"):
            self.assertIsNone(property_name(line), line)

    def test_control_characters_are_found_and_taken_out(self) -> None:
        self.assertTrue(has_controls(b"SUMMARY:a\x0bb\r\n"))
        self.assertFalse(has_controls(b"SUMMARY:a\tb\r\n"))
        self.assertEqual(without_controls(b"SUMMARY:a\x0b\x00b\r\n"), b"SUMMARY:ab\r\n")


class PropertyTests(SynchronousTestCase):
    def test_parameters_are_decoded(self) -> None:
        item = Property("ATTENDEE", 'ATTENDEE;cn="a:b;c,d";MEMBER="x","y";X=l^nm^^^\'n;EMPTY=:mailto:a@example.com')
        self.assertEqual(item.parameter("CN"), "a:b;c,d")
        self.assertEqual(item.parameters["MEMBER"], ("x", "y"))
        self.assertEqual(item.parameter("X"), 'l\nm^"n')
        self.assertEqual(item.parameter("EMPTY"), "")
        self.assertIsNone(item.parameter("NONE"))
        self.assertEqual(item.value, "mailto:a@example.com")

    def test_a_list_of_a_parameter_mixes_quotes(self) -> None:
        self.assertEqual(Property("A", 'A;B=one,"two,three",,four:x').parameters["B"], ("one", "two,three", "", "four"))

    def test_a_quote_that_does_not_end_costs_nothing_but_sense(self) -> None:
        item = Property("A", 'A;B="one:two')
        self.assertEqual(item.value, "two")

    def test_setting_a_parameter_leaves_the_others_as_written(self) -> None:
        item = Property("A", 'A;X="quoted";partstat=NEEDS-ACTION;Y=z:value')
        self.assertEqual(item.with_parameter("PARTSTAT", "DECLINED").raw, 'A;X="quoted";PARTSTAT=DECLINED;Y=z:value')
        self.assertEqual(
            item.with_parameter("CN", "a, b").raw, 'A;X="quoted";partstat=NEEDS-ACTION;Y=z;CN="a, b":value'
        )
        self.assertEqual(item.without_parameters("PARTSTAT", "Y").raw, 'A;X="quoted":value')
        self.assertIs(item.without_parameters("NONE"), item)
        self.assertEqual(item.with_value("new").raw, 'A;X="quoted";partstat=NEEDS-ACTION;Y=z:new')

    def test_nothing_that_is_given_begins_another_line(self) -> None:
        item = Property.made("COMMENT", "a\r\nATTENDEE:x", {"CN": "b\r\nX:y"})
        self.assertEqual(len(content_lines(item.raw.encode())), 1)
        self.assertEqual(item.parameter("CN"), "b\nX:y")

    @given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
    def test_what_is_made_is_read_back(self, value: str, parameters: list[str]) -> None:
        made = Property.made("X-A", value, {"P": parameters, "Q": "1"})
        (line,) = content_lines(made.raw.replace("\n", "\r\n").encode())
        read = Property("X-A", line)
        self.assertEqual(read.value, value)
        self.assertEqual(read.parameters["P"], tuple(parameters))
        self.assertEqual(read.parameter("Q"), "1")


class FoldingTests(SynchronousTestCase):
    @given(TEXTS)
    def test_lines_have_75_octets_and_whole_characters(self, text: str) -> None:
        lines = folded(text).split("\n")
        self.assertTrue(all(len(line.encode()) <= 75 for line in lines))
        self.assertEqual(lines[0] + "".join(line[1:] for line in lines[1:]), text)

    def test_75_octets_are_not_folded(self) -> None:
        self.assertEqual(folded("x" * 75), "x" * 75)
        self.assertEqual(folded("x" * 76), "x" * 75 + "\n x")
