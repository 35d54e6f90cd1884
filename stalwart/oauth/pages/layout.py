"""The pages of the sign-in, in the frame of ``web.pages``: whom they are for, and where their forms may lead.

``form-action`` also names where a request's application is, because Chromium holds that against the redirect that
follows a form (CSP 3 6.4.3.1).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from attrs import frozen

from stalwart.codec.markup import Child
from stalwart.oauth.pages.texts import Texts
from stalwart.web.answers import Answer, Headers
from stalwart.web.pages import framed, private

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
    return framed(
        reader.language,
        title,
        *content,
        stylesheet=f"{ASSETS}/sign-in.css",
        script=f"{ASSETS}/{script}" if script else None,
        status=status,
        form_targets=_targets(redirect_uri),
        headers=headers,
    )


def page_headers(redirect_uri: str | None = None) -> Headers:
    """Policy and privacy of a page whose form may lead to ``redirect_uri``."""
    return private(_targets(redirect_uri))


def _targets(redirect_uri: str | None) -> str:
    return "'self'" if redirect_uri is None else f"'self' {form_target(redirect_uri)}"


def form_target(redirect_uri: str) -> str:
    """The source expression of a redirect URI: its origin, or its scheme where a policy cannot say the origin
    (a scheme of an application, a literal IPv6 address)."""
    parts = urlsplit(redirect_uri)
    if parts.scheme in ("https", "http") and _HOST.fullmatch(parts.netloc):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if _SCHEME.fullmatch(parts.scheme) else "'self'"
