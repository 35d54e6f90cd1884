"""Dates and labels in the forms of both versions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.version_pairs import apple_label, label_text, long_date, short_date


class DateTests(SynchronousTestCase):
    def test_dates_of_both_versions(self) -> None:
        for long, short in (
            ("1985-04-15", "19850415"),
            ("1985-04-15T10:11:12Z", "19850415T101112Z"),
            ("1985-04-15T10:11:12-05:00", "19850415T101112-0500"),
        ):
            self.assertEqual((short_date(long, None), long_date(short)), (short, (long, None)))

    def test_days_without_a_year(self) -> None:
        self.assertEqual(short_date("1604-04-15", "1604"), "--0415")
        self.assertEqual(long_date("--0415"), ("1604-04-15", "1604"))
        self.assertEqual(short_date("--04-15", None), "--0415")

    def test_what_is_no_date_stays(self) -> None:
        for text in ("", "1985", "---15", "circa 1800", "٣"):
            self.assertEqual((short_date(text, None), long_date(text)), (text, (text, None)))


class LabelTests(SynchronousTestCase):
    def test_labels_of_apple(self) -> None:
        self.assertEqual((label_text(apple_label("Spouse")), label_text(" Tante ")), ("Spouse", "Tante"))
