"""Languages of scheduling: each is complete, and fills what it is given."""

from __future__ import annotations

from string import Formatter

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from stalwart.groupware.scheduling.wording import LANGUAGES, language_of, wording


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class WordingTests(SynchronousTestCase):
    def test_every_language_has_every_text_with_the_same_places(self) -> None:
        english = msgspec.to_builtins(wording("en"))
        for language in LANGUAGES:
            found = msgspec.to_builtins(wording(language))
            for key, text in english.items():
                if isinstance(text, str):
                    self.assertTrue(found[key].strip() or key == "on_ordinal", f"{language} {key}")
                    self.assertEqual(fields(found[key]), fields(text) if found[key] else set(), f"{language} {key}")

    def test_days_months_and_ordinals_are_all_there(self) -> None:
        for language in LANGUAGES:
            found = wording(language)
            self.assertEqual((len(found.days), len(found.days_short), len(found.months)), (7, 7, 12), language)
            self.assertIn(len(found.ordinals), (0, 5), language)

    def test_sentences_of_the_reference(self) -> None:
        found = wording("en")
        self.assertEqual(found.recorded, "Your RSVP has been recorded.")
        self.assertEqual(found.failed, "Failed to record your RSVP.")
        self.assertEqual(found.malformed, "The RSVP request was invalid or malformed.")
        self.assertEqual(found.gone, "The event you are trying to RSVP to was not found.")
        self.assertEqual(found.stranger, "You are no longer a participant in this event.")

    def test_language_of_a_locale(self) -> None:
        for locale, language in (("de_AT", "de"), ("de-DE", "de"), ("en_US", "en"), ("ja_JP", "en"), ("", "en")):
            self.assertEqual(language_of(locale), language, locale)
