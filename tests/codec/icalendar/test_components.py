"""Components: byte for byte what was read, and what may be done to them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar, read_calendars, read_components
from stalwart.codec.icalendar.lines import MalformedCalendar, Property, content_lines

EVENT = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
begin:vevent\r
UID:a@example.com\r
dtstart;tzid="Europe/Berlin":20260101T100000\r
DESCRIPTION:A line that is folded in a place where nobody else would have fol\r
\tded it\\, and oddly\r
BEGIN:VALARM\r
TRIGGER:-PT15M\r
END:VALARM\r
X-LATE:stands behind a component\r
BEGIN:VALARM\r
END:VALARM\r
end:vevent\r
X-LATER:1\r
END:VCALENDAR\r
"""


class FaithTests(SynchronousTestCase):
    def test_what_nobody_touched_is_written_as_it_was_read(self) -> None:
        self.assertEqual(read_calendar(EVENT).octets(), EVENT)
        self.assertEqual(read_calendar(EVENT).copy().octets(), EVENT)

    def test_a_change_leaves_everything_else(self) -> None:
        calendar = read_calendar(EVENT)
        calendar.components[0].set("UID", "b")
        self.assertEqual(calendar.octets(), EVENT.replace(b"UID:a@example.com", b"UID:b"))

    def test_a_property_is_put_before_the_components_at_the_end(self) -> None:
        text = b"BEGIN:VEVENT\r\nUID:a\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        event = read_components(content_lines(text))[0]
        event.append(Property.made("X-A", "1"))
        self.assertEqual(event.octets(), text.replace(b"UID:a\r\n", b"UID:a\r\nX-A:1\r\n"))

    def test_lf_becomes_crlf(self) -> None:
        self.assertEqual(read_calendar(EVENT.replace(b"\r\n", b"\n")).octets(), EVENT)

    @settings(max_examples=60)
    @given(
        st.recursive(
            st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=90), max_size=3).map(
                lambda values: "".join(f"X-{index}:{value}\r\n" for index, value in enumerate(values))
            ),
            lambda inner: st.lists(inner.map(lambda text: f"BEGIN:X-C\r\n{text}END:X-C\r\n"), max_size=3).map("".join),
            max_leaves=5,
        )
    )
    def test_any_tree_comes_back(self, text: str) -> None:
        octets = f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n".encode()
        self.assertEqual(read_calendar(octets).octets(), octets)

    @given(st.binary(max_size=300))
    def test_anything_is_read_or_refused_in_a_sentence(self, octets: bytes) -> None:
        for given_ in (octets, b"BEGIN:VCALENDAR\r\n" + octets + b"\r\nEND:VCALENDAR\r\n"):
            try:
                read_calendar(given_).octets()
            except MalformedCalendar as problem:
                self.assertTrue(str(problem).endswith("."))


class RefusalTests(SynchronousTestCase):
    def test_what_is_no_calendar_is_refused(self) -> None:
        for text, reason in (
            ("", "exactly one"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\n" * 2, "exactly one"),
            ("BEGIN:VCARD\nEND:VCARD\n", "VCALENDAR, not VCARD"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "does not end"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n", "END:VCALENDAR is missing"),
            ("END:VCALENDAR\n", "outside"),
            ("VERSION:2.0\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", "outside"),
            ("BEGIN:VCALENDAR\nSUMMARY\nEND:VCALENDAR\n", "no content line"),
            ("BEGIN:VCALENDAR\nBEGIN:\nEND:\nEND:VCALENDAR\n", "no name"),
            ("BEGIN:VCALENDAR\n" * 9, "levels deep"),
        ):
            problem = self.assertRaises(MalformedCalendar, read_calendar, text.encode())
            self.assertIn(reason, str(problem))

    def test_a_name_that_is_known_still_needs_a_colon(self) -> None:
        read_calendar(b"BEGIN:VCALENDAR\nSUMMARY:x\nEND:VCALENDAR\n")
        self.assertRaises(MalformedCalendar, read_calendar, b"BEGIN:VCALENDAR\nSUMMARY\nEND:VCALENDAR\n")

    def test_a_lenient_reader_leaves_out_what_is_no_line(self) -> None:
        text = b"rubbish\nBEGIN:VCALENDAR\nUID:1\nbroken text\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n"
        calendars = read_calendars(text, is_lenient=True)
        self.assertEqual(
            [each.text() for each in calendars],
            [
                "BEGIN:VCALENDAR\r\nUID:1\r\nEND:VCALENDAR\r\n",
                "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            ],
        )


class EditingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.event = Component(
            "VEVENT", [Property.made(name, value) for name, value in zip("ABAC", "1234", strict=True)]
        )

    def names(self) -> str:
        return " ".join(item.raw for item in self.event.properties)

    def test_put_takes_the_place_of_the_first(self) -> None:
        self.event.put(Property.made("A", "5"), Property.made("A", "6"))
        self.assertEqual(self.names(), "A:5 A:6 B:2 C:4")

    def test_put_adds_at_the_end(self) -> None:
        self.event.set("D", "5")
        self.event.put()
        self.assertEqual(self.names(), "A:1 B:2 A:3 C:4 D:5")

    def test_remove_says_whether_there_was_anything(self) -> None:
        self.assertTrue(self.event.remove("A", "C"))
        self.assertFalse(self.event.remove("A"))
        self.assertEqual(self.names(), "B:2")

    def test_exchange_means_this_very_property(self) -> None:
        second = self.event.all("A")[1]
        self.event.exchange(second, Property.made("A", "9"))
        self.assertEqual(self.names(), "A:1 B:2 A:9 C:4")
        self.event.exchange(self.event.properties[0], None)
        self.event.exchange(Property.made("B", "2"), None)
        self.assertEqual(self.names(), "B:2 A:9 C:4")

    def test_a_copy_can_be_edited(self) -> None:
        calendar = Component("VCALENDAR", [], [self.event])
        copy = calendar.copy()
        copy.components[0].remove("A")
        self.assertEqual(len(self.event.properties), 4)
        self.assertEqual([each.name for each in copy.walk()], ["VCALENDAR", "VEVENT"])

    def test_looking_up(self) -> None:
        first = self.event.first("A")
        self.assertEqual((first and first.value, self.event.value("B"), self.event.value("X")), ("1", "2", None))
        self.assertIsNone(self.event.first("X"))
        self.assertTrue(self.event.has("C"))
        self.assertEqual(self.event.within("VALARM"), [])
