"""Who reads a page, by the request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.oauth.pages.language import reader_in, reader_of
from stalwart.oauth.pages.texts import ENGLISH, GERMAN


class LanguageTests(SynchronousTestCase):
    """`ui_locales`, then Accept-Language, then English."""

    def test_reader_has_the_texts(self) -> None:
        self.assertIs(reader_in("de").texts, GERMAN)

    def test_reader_of_a_request(self) -> None:
        request: Any = SimpleNamespace(header={"accept-language": "de-CH, en;q=0.5"}.get)
        self.assertIs(reader_of(request).texts, GERMAN)
        self.assertIs(reader_of(request, "en").texts, ENGLISH)
