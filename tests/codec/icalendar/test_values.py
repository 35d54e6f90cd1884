"""Values in their forms, and out of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import (
    DAY,
    FIRST,
    LAST,
    Duration,
    MalformedValue,
    Moment,
    Period,
    calendar_address,
    calendar_addresses,
    day_text,
    duration,
    duration_text,
    escaped,
    moment,
    moment_of,
    moment_text,
    moments_of,
    period,
    structured,
    text_list,
    time_text,
    unescaped,
    utc_offset,
    utc_offset_text,
)


class TextTests(SynchronousTestCase):
    def test_escapes(self) -> None:
        self.assertEqual(unescaped("a\\, b\\; c\\\\ d\\ne\\Nf\\x \\"), "a, b; c\\ d\ne\nfx \\")
        self.assertEqual(escaped("a, b; c\\ d\r\ne"), "a\\, b\\; c\\\\ d\\ne")

    def test_lists(self) -> None:
        self.assertEqual(text_list("a,b\\,c,,d\\\\,e"), ["a", "b,c", "", "d\\", "e"])
        self.assertEqual(text_list("a\\,"), ["a,"])
        self.assertEqual(text_list("\\,,"), [",", ""])
        self.assertEqual(structured("2.0;Success\\;really;x"), ["2.0", "Success;really", "x"])

    @settings(max_examples=50)
    @given(st.lists(st.text(st.characters(exclude_characters="\r")), min_size=1, max_size=4))
    def test_a_list_comes_back(self, texts: list[str]) -> None:
        self.assertEqual(text_list(",".join(map(escaped, texts))), texts)


class MomentTests(SynchronousTestCase):
    def test_forms(self) -> None:
        self.assertEqual(moment("19700102"), Moment(DAY, True))
        self.assertEqual(moment("19700101T000100"), Moment(60))
        self.assertEqual(moment("19700101T000100Z", "ignored"), Moment(60, is_utc=True))
        self.assertEqual(moment(" 19700101T0001 ", "Europe/Berlin"), Moment(60, tzid="Europe/Berlin"))
        self.assertEqual(moment("19700101T235960").local, DAY - 1)

    def test_what_is_no_moment(self) -> None:
        for text in (
            "",
            "2026",
            "20260230",
            "00000101",
            "20260101T",
            "20260101T240000",
            "20260101T006000",
            "20260101X00",
            "2026-01-01",
            "20260101T000000ZZ",
            "２０２６0101",
            "20260101T1_0000",
            "20260101 000000",
        ):
            self.assertRaises(MalformedValue, moment, text)

    def test_the_zone_is_that_of_the_property(self) -> None:
        for line, tzid in (
            ("DTSTART:20260101T000000", None),
            ("DTSTART;TZID=Europe/Berlin:20260101T000000", "Europe/Berlin"),
            ('DTSTART;tzid="Europe/Berlin":20260101T000000', "Europe/Berlin"),
            ("DTSTART;VALUE=DATE-TIME;TZID=A:20260101T000000", "A"),
            ("DTSTART;VALUE=DATE-TIME:20260101T000000", None),
        ):
            self.assertEqual(moment_of(Property("DTSTART", line)).tzid, tzid, line)

    def test_lists_mix_moments_and_periods(self) -> None:
        item = Property("RDATE", "RDATE;TZID=A:19700101T000000,19700101T000100/PT1H,19700101T000000Z/19700101T000001Z")
        self.assertEqual(
            moments_of(item),
            [
                Moment(0, tzid="A"),
                Period(Moment(60, tzid="A"), Duration(0, 3600)),
                Period(Moment(0, is_utc=True), Moment(1, is_utc=True)),
            ],
        )
        self.assertRaises(MalformedValue, period, "19700101T000000/")

    @given(st.integers(FIRST, LAST), st.booleans(), st.booleans())
    def test_a_moment_comes_back(self, local: int, is_date: bool, is_utc: bool) -> None:
        given_ = Moment(local // DAY * DAY, True) if is_date else Moment(local, False, is_utc)
        self.assertEqual(moment(moment_text(given_)), given_)

    def test_early_years_have_four_digits(self) -> None:
        self.assertEqual(day_text(FIRST), "00010101")
        self.assertEqual(time_text(LAST, is_utc=True), "99991231T235959Z")


class DurationTests(SynchronousTestCase):
    def test_forms(self) -> None:
        for text, expected, written in (
            ("P15DT5H0M20S", (15, 18020), "P15DT5H20S"),
            ("P7W", (49, 0), "P7W"),
            ("-PT15M", (0, -900), "-PT15M"),
            ("-P1DT2H", (-1, -7200), "-P1DT2H"),
            ("+PT0S", (0, 0), "PT0S"),
            ("PT90M", (0, 5400), "PT1H30M"),
            ("P2D", (2, 0), "P2D"),
            ("pt36h", (0, 129600), "PT36H"),
        ):
            self.assertEqual(duration(text), Duration(*expected), text)
            self.assertEqual(duration_text(duration(text)), written)

    def test_what_is_none(self) -> None:
        for text in ("", "P", "PT", "P1", "P1H", "PT1D", "1D", "P1DT", "--P1D", "P9999999999D", "P-1D"):
            self.assertRaises(MalformedValue, duration, text)


class OffsetTests(SynchronousTestCase):
    def test_forms(self) -> None:
        for text, expected in (("+0100", 3600), ("-0330", -12600), ("+053020", 19820), ("-0000", 0)):
            self.assertEqual(utc_offset(text), expected)
        self.assertEqual(
            [utc_offset_text(each) for each in (3600, -12600, 19820, 0)], ["+0100", "-0330", "+053020", "+0000"]
        )
        for text in ("0100", "+1", "+2400", "+0060", "+01:00", ""):
            self.assertRaises(MalformedValue, utc_offset, text)


class AddressTests(SynchronousTestCase):
    def test_addresses(self) -> None:
        for value, expected in (
            ("mailto:Jane@Example.com", "jane@example.com"),
            (" MAILTO:jane%40example.com?subject=x", "jane@example.com"),
            ("jane@example.com", "jane@example.com"),
            ("mailto:j%FF@example.com", None),
            ("urn:uuid:1", None),
            ("mailto:Jane <jane@example.com>", None),
            ("mailto:a@b@c", None),
            ("mailto:@example.com", None),
            ("https://example.com/principals/jane@", None),
            ("", None),
        ):
            self.assertEqual(calendar_address(value), expected, value)

    def test_each_address_is_named_once(self) -> None:
        items = [
            Property("ATTENDEE", f"ATTENDEE:{value}") for value in ("mailto:a@b", "urn:x", "MAILTO:A@b", "mailto:c@d")
        ]
        self.assertEqual(calendar_addresses(items), ["a@b", "c@d"])
