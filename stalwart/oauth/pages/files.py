"""Styles and scripts of the sign-in pages, below ``/assets/oauth/``."""

from __future__ import annotations

from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route
from stalwart.web.static import Assets, package_assets


def sign_in_assets() -> Assets:
    """The files of this package, read now."""
    return package_assets("stalwart.oauth")


@route("GET", "/assets/oauth/<name>", needs=None, limit="none", spec="design 8")
def file(exchange: Exchange, *, sign_in_assets: Assets) -> Answer:
    """Scripts and styles of the sign-in pages."""
    return sign_in_assets.answer(exchange, f"assets/{exchange.path_value('name')}")
