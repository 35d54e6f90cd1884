"""Dates, moments, zones and URIs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.values import (
    day_of,
    day_text,
    is_day,
    is_moment,
    is_plain,
    is_scale,
    is_tag,
    is_uid,
    is_uri,
    is_zone,
    link_of,
    moment_of,
    moment_text,
    number_of,
    offset_zone,
    uri_of,
)


class ValueTests(SynchronousTestCase):
    def test_days(self) -> None:
        for text, day in (
            ("19850412", {"year": 1985, "month": 4, "day": 12}),
            ("1985-04-12", {"year": 1985, "month": 4, "day": 12}),
            ("1985-04", {"year": 1985, "month": 4}),
            ("1985", {"year": 1985}),
            ("--0412", {"month": 4, "day": 12}),
            ("--04-12", {"month": 4, "day": 12}),
            ("--0229", {"month": 2, "day": 29}),
            ("20230229", None),
            ("--04", None),
            ("---12", None),
            ("19851312", None),
            ("T1200", None),
        ):
            self.assertEqual(day_of(text), day)
        self.assertFalse(is_day({"day": 1}))

    @given(st.dates())
    def test_a_day_is_read_as_it_was_written(self, day: object) -> None:
        value = day_of(str(day))
        assert value is not None
        self.assertEqual(day_of(day_text(value)), value)

    def test_moments(self) -> None:
        for text, moment in (
            ("20240506T070809Z", "2024-05-06T07:08:09Z"),
            ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z"),
            ("20240506T070809-0500", "2024-05-06T12:08:09Z"),
            ("20240506T070809+02", "2024-05-06T05:08:09Z"),
            ("20240506T070809.120Z", "2024-05-06T07:08:09.12Z"),
            ("20240506T0708Z", "2024-05-06T07:08:00Z"),
            ("20240506T070809", None),
            ("00010101T000000+0100", None),
            ("20240506T250000Z", None),
            ("20240506", None),
        ):
            self.assertEqual(moment_of(text), moment)
        self.assertEqual(moment_of("20240506T070809", without_zone=True), "2024-05-06T07:08:09Z")
        self.assertEqual(moment_text("2024-05-06T07:08:09.12Z"), "20240506T070809Z")
        self.assertTrue(is_moment("2010-10-10T10:10:10.003Z"))
        for wrong in ("2010-10-10T10:10:10.000Z", "2010-10-10T10:10:10z", "2010-02-30T10:10:10Z", "2010-10-10"):
            self.assertFalse(is_moment(wrong), wrong)

    def test_zones(self) -> None:
        """RFC 9555 2.8.2."""
        for text, zone in (
            ("-0500", "Etc/GMT+5"),
            ("+01", "Etc/GMT-1"),
            ("+00:00", "Etc/UTC"),
            ("+1400", "Etc/GMT-14"),
            ("-1300", None),
            ("-0530", None),
        ):
            self.assertEqual(offset_zone(text), zone)
        self.assertTrue(is_zone("America/Argentina/Buenos_Aires"))
        self.assertFalse(is_zone("Raleigh, North America"))

    def test_uris(self) -> None:
        self.assertEqual(uri_of("http\\://a.example/b\\,c"), "http://a.example/b,c")
        self.assertEqual(link_of("www.example.com/x"), "http://www.example.com/x")
        self.assertIsNone(link_of("my page"))
        self.assertIsNone(uri_of("www.example.com"))
        self.assertFalse(is_uri("x: y"))

    def test_words(self) -> None:
        self.assertTrue(is_tag("zh-Hant"))
        self.assertFalse(is_tag("en_GB"))
        self.assertTrue(is_scale("chinese"))
        self.assertFalse(is_scale(""))
        self.assertTrue(is_plain("a b"))
        self.assertFalse(is_plain("a\nb"))
        self.assertFalse(is_plain(" "))
        self.assertEqual((is_uid("a b"), is_uid(" a"), is_uid("a" * 1025)), (True, False, False))
        self.assertEqual(
            (number_of("7", 100), number_of("0", 100), number_of("x", 9), number_of("101", 100)), (7,) + 3 * (None,)
        )
