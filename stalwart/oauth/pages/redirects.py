"""Back to the application: the redirect with what an authorization response says (RFC 6749 4.1.2, RFC 9207).

Parameters are set: those of the same name in the redirect URI give way, others stay as they are. ``fragment`` and
``form_post`` are the response modes of OAuth 2.0 Multiple Response Types 2.1 and Form Post Response Mode 2. Where an
application that anybody could have made up would be led to without a person having done anything, there is a page with
a link instead, so that nobody can use this server's name to send people anywhere (RFC 9700 4.11.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote_plus, urlencode

from stalwart.codec.markup import Markup, filled, join, tag
from stalwart.oauth.pages.layout import Reader, page
from stalwart.oauth.pages.notices import bad_link
from stalwart.oauth.pages.views import hidden, place_of
from stalwart.web.answers import NO_STORE, Answer, redirect

_UNESCAPED = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986 2.2, 2.3


def to_application(
    reader: Reader, redirect_uri: str, response_mode: str, parameters: Mapping[str, str | None]
) -> Answer:
    """The answer that brings ``parameters`` to the application; those that are None or empty are left out."""
    told = {name: value for name, value in parameters.items() if value}
    if response_mode == "form_post":
        texts = reader.texts
        return page(
            reader,
            texts.back_title if "code" in told else texts.bad_link,
            _place(reader, tag("bdi", place_of(redirect_uri))),
            _form(reader, redirect_uri, told),
            redirect_uri=redirect_uri,
            script="continue.js",
        )
    headers = (NO_STORE, ("Referrer-Policy", "no-referrer"))
    return redirect(_location(redirect_uri, response_mode, told), 303, headers)


def by_own_choice(
    reader: Reader, redirect_uri: str, response_mode: str, parameters: Mapping[str, str | None], reason: str
) -> Answer:
    """A page that says why a request is refused, and lets the person go to the application or not."""
    told = {name: value for name, value in parameters.items() if value}
    name = tag("bdi", place_of(redirect_uri))
    if response_mode == "form_post":
        way = join(_place(reader, name), _form(reader, redirect_uri, told))
    else:
        link = tag("a", name, href=_location(redirect_uri, response_mode, told), rel="noreferrer")
        way = _place(reader, link)
    return bad_link(reader, reason, way, redirect_uri=redirect_uri)


def with_query(uri: str, parameters: Mapping[str, str]) -> str:
    """``uri`` with ``parameters`` in its query."""
    rest, _, _ = uri.partition("#")
    start, _, query = rest.partition("?")
    kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in parameters]
    return f"{start}?{'&'.join([*kept, urlencode(parameters)])}"


def _location(redirect_uri: str, response_mode: str, told: Mapping[str, str]) -> str:
    if response_mode == "fragment":
        location = f"{redirect_uri.partition('#')[0]}#{urlencode(told)}"
    else:
        location = with_query(redirect_uri, told)
    return quote(location, safe=_UNESCAPED)


def _place(reader: Reader, shown: Markup) -> Markup:
    return tag("p", filled(reader.texts.back, place=shown))


def _form(reader: Reader, redirect_uri: str, told: Mapping[str, str]) -> Markup:
    return tag(
        "form", hidden(told), tag("button", reader.texts.next, type="submit"), method="post", action=redirect_uri
    )
