"""The texts in their languages."""

from __future__ import annotations

import re

from attrs import asdict
from twisted.trial.unittest import SynchronousTestCase

from stalwart.oauth.pages.texts import DEFAULT, ENGLISH, LANGUAGES
from stalwart.provider.scopes import SCOPES


class TextTests(SynchronousTestCase):
    """Every language says everything."""

    def test_default_language_is_there(self) -> None:
        self.assertIs(LANGUAGES[DEFAULT], ENGLISH)

    def test_each_scope_is_explained(self) -> None:
        for texts in LANGUAGES.values():
            self.assertEqual(set(texts.scopes), set(SCOPES))

    def test_no_text_is_empty_or_left_in_english(self) -> None:
        same = {"code", "user_code"}
        english = asdict(ENGLISH)
        for language, texts in LANGUAGES.items():
            for name, text in asdict(texts).items():
                self.assertTrue(text, name)
                if language != DEFAULT and name not in same:
                    self.assertNotEqual(text, english[name], name)

    def test_braces_are_the_same_in_all_languages(self) -> None:
        english = asdict(ENGLISH)
        for texts in LANGUAGES.values():
            for name, text in asdict(texts).items():
                if name != "scopes":
                    self.assertEqual(re.findall(r"{\w*}", text), re.findall(r"{\w*}", english[name]), name)
