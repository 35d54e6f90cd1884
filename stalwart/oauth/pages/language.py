"""Which of our languages a person reads: ``ui_locales`` of the request (OpenID Connect Core 3.1.2.1), else
Accept-Language (RFC 9110 12.5.4). Only the language counts, not the country."""

from __future__ import annotations

from stalwart.codec.accept_language import choose_language
from stalwart.oauth.pages.layout import Reader
from stalwart.oauth.pages.texts import DEFAULT, LANGUAGES
from stalwart.web.exchange import Exchange


def reader_in(language: str) -> Reader:
    """Somebody who reads ``language``, one of `LANGUAGES`."""
    return Reader(language, LANGUAGES[language])


def reader_of(exchange: Exchange, ui_locales: str | None = None) -> Reader:
    """Somebody who sends this request."""
    return reader_in(choose_language(ui_locales, exchange.header("accept-language"), LANGUAGES, DEFAULT))
