"""The page for people at an address where nothing is: it leads back, where programs get a problem body."""

from __future__ import annotations

from typing import Final

from stalwart.codec.accept_language import choose_language
from stalwart.codec.markup import tag
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.pages import framed

STYLESHEET: Final = "/assets/form.css"
FOR_PROGRAMS: Final = frozenset(
    ("api", "auth", "autodiscover", "dav", "healthz", "jmap", "mail", "metrics", ".well-known")
)
"""First segments of paths below which problems are told as such to everybody."""

_ENGLISH: Final = "en"
_WORDS: Final = {
    _ENGLISH: ("There is nothing here", "This address leads to no page.", "To the first page", "To your account"),
    "de": ("Hier ist nichts", "Diese Adresse führt zu keiner Seite.", "Zur ersten Seite", "Zu Ihrem Konto"),
}


def is_lost(exchange: Exchange) -> bool:
    """Whether it is a browser that asks for a page, not for a file or for data."""
    if exchange.method not in ("GET", "HEAD") or exchange.path[1:].partition("/")[0] in FOR_PROGRAMS:
        return False
    kinds = (kind.partition(";")[0].strip().lower() for kind in (exchange.header("accept") or "").split(","))
    return "text/html" in kinds


def lost_page(exchange: Exchange) -> Answer:
    """404 with the ways to the first page and to the account, in a language that the browser asks for."""
    language = choose_language(None, exchange.header("accept-language"), _WORDS, _ENGLISH)
    title, text, start, account = _WORDS[language]
    ways = tag("p", tag("a", start, href="/"), " · ", tag("a", account, href="/account"))
    return framed(language, title, tag("p", text), ways, stylesheet=STYLESHEET, status=404)
