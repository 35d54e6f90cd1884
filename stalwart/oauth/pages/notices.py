"""Pages without a form: nothing was asked for, or what was asked cannot be done."""

from __future__ import annotations

from stalwart.codec.markup import Markup, plain, tag
from stalwart.oauth.pages.layout import Reader, page
from stalwart.web.answers import Answer

_LONGEST_REASON = 300


def nothing_asked(reader: Reader) -> Answer:
    """For people who came here by themselves."""
    texts = reader.texts
    return page(reader, texts.nothing_title, tag("p", texts.nothing), tag("p", texts.nothing_hint, class_="hint"))


def bad_link(reader: Reader, reason: str, way: Markup | None = None, *, redirect_uri: str | None = None) -> Answer:
    """For a request that must not lead anywhere by itself; ``reason`` is for those who run the application.

    ``way`` is what leads to ``redirect_uri``, if anything does.
    """
    texts = reader.texts
    shown = tag("p", tag("code", plain(reason, _LONGEST_REASON)))
    return page(
        reader, texts.bad_link, tag("p", texts.bad_link_hint), shown, way, status=400, redirect_uri=redirect_uri
    )


def refused(reader: Reader, reason: str, status: int) -> Answer:
    """For a form that is not taken; ``reason`` is for the person."""
    return page(reader, reader.texts.bad_link, tag("p", reason, role="alert"), status=status)
