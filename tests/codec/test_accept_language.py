"""Which language a person reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.accept_language import choose_language

KNOWN = ("en", "de")


def chosen(ui_locales: str | None, accepted: str | None) -> str:
    return choose_language(ui_locales, accepted, KNOWN, "en")


class LanguageTests(SynchronousTestCase):
    """`ui_locales`, then Accept-Language, then English."""

    def test_heaviest_known_language_wins(self) -> None:
        self.assertEqual(chosen(None, "fr, en;q=0.3, de-AT;q=0.8"), "de")
        self.assertEqual(chosen(None, "en-GB,de;q=0.9"), "en")

    def test_first_of_equals_wins(self) -> None:
        self.assertEqual(chosen(None, "de,en"), "de")

    def test_weight_zero_is_not_wanted(self) -> None:
        self.assertEqual(chosen(None, "de;q=0, fr"), "en")

    def test_wish_of_the_request_comes_first(self) -> None:
        self.assertEqual(chosen("fr de-CH", "en"), "de")
        self.assertEqual(chosen("fr", "de"), "de")

    def test_nothing_known_is_english(self) -> None:
        for accepted in (None, "", "*", "ja", ";;q=,", "de;q=x"):
            self.assertEqual(chosen(None, accepted), "en", accepted)

    @given(st.text(max_size=80), st.text(max_size=80))
    def test_anything_gives_a_known_language(self, ui_locales: str, accepted: str) -> None:
        self.assertIn(chosen(ui_locales, accepted), KNOWN)
