"""The frame of pages that the server makes: head, language, and the headers that keep them to themselves.

The policy allows files of this server and nothing inline (CSP 3); pages work without scripts.
"""

from __future__ import annotations

from stalwart.codec.markup import Child, Markup, join, tag
from stalwart.web.answers import HTML, NO_STORE, Answer, Headers, text_answer
from stalwart.web.exchange import Exchange


def framed(
    language: str,
    title: str,
    *content: Child,
    stylesheet: str,
    script: str | None = None,
    status: int = 200,
    form_targets: str = "'self'",
    headers: Headers = (),
) -> Answer:
    """A whole page in ``language``; ``stylesheet`` and ``script`` are paths of files, ``form_targets`` the source
    expressions of where its forms may lead.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href="/assets/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=stylesheet),
        tag("script", src=script, defer=True) if script else None,
    )
    body = tag("body", tag("main", tag("h1", title), *content))
    text = join(Markup("<!doctype html>\n"), tag("html", head, body, lang=language))
    return text_answer(text, status, (*private(form_targets), *headers), HTML)


def private(form_targets: str = "'self'") -> Headers:
    """Policy and privacy of a page."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        f"frame-ancestors 'none'; base-uri 'none'; form-action {form_targets}"
    )
    return (
        NO_STORE,
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    )


def sent_by_our_page(exchange: Exchange) -> bool:
    """Whether a form comes from a page of this server, as far as the browser tells (Fetch Metadata 2.4).

    Without that header, ``Origin`` must be ours or say nothing: pages without a referrer send ``null`` (Fetch 3.2).
    """
    site = exchange.header("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = exchange.header("origin")
    if origin is None or origin == "null":
        return True
    return origin.lower().partition("://")[2] == (exchange.header("host") or "").lower()
