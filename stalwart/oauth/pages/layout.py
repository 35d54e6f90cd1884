"""The frame of every page: head, language, and the headers that keep it to itself.

The policy allows files of this server and nothing inline (CSP 3). ``form-action`` also names where a request's
application is, because Chromium holds that against the redirect that follows a form (CSP 3 6.4.3.1).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from attrs import frozen

from stalwart.oauth.pages.markup import Child, Markup, join, tag
from stalwart.oauth.pages.texts import Texts
from stalwart.web.answers import HTML, NO_STORE, Answer, Headers, text_answer
from stalwart.web.exchange import Exchange

ASSETS = "/assets/oauth"
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*")
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?")


@frozen
class Reader:
    """Who a page is made for: the ``language`` and its ``texts``."""

    language: str
    texts: Texts


def page(
    reader: Reader,
    title: str,
    *content: Child,
    status: int = 200,
    redirect_uri: str | None = None,
    script: str | None = None,
    headers: Headers = (),
) -> Answer:
    """A whole page; ``redirect_uri`` is where its form may lead, ``script`` the file that it runs."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href="/assets/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"{ASSETS}/sign-in.css"),
        tag("script", src=f"{ASSETS}/{script}", defer=True) if script else None,
    )
    body = tag("body", tag("main", tag("h1", title), *content))
    text = join(Markup("<!doctype html>\n"), tag("html", head, body, lang=reader.language))
    return text_answer(text, status, (*page_headers(redirect_uri), *headers), HTML)


def page_headers(redirect_uri: str | None = None) -> Headers:
    """Policy and privacy of a page whose form may lead to ``redirect_uri``."""
    targets = "'self'" if redirect_uri is None else f"'self' {form_target(redirect_uri)}"
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        f"frame-ancestors 'none'; base-uri 'none'; form-action {targets}"
    )
    return (
        NO_STORE,
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    )


def form_target(redirect_uri: str) -> str:
    """The source expression of a redirect URI: its origin, or its scheme where a policy cannot say the origin
    (a scheme of an application, a literal IPv6 address)."""
    parts = urlsplit(redirect_uri)
    if parts.scheme in ("https", "http") and _HOST.fullmatch(parts.netloc):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if _SCHEME.fullmatch(parts.scheme) else "'self'"


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
