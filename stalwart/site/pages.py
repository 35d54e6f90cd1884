"""The diagnosis page at ``/diagnose`` with its assets, and the redirect of ``/`` (http-service 3).

The page is static and has no build step; it signs in with Basic at ``/api/token/delivery`` and then listens with the
token, so the password leaves the page only in that one request.
"""

from __future__ import annotations

from stalwart.config.network.http import Http
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.web.answers import Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route
from stalwart.web.static import Assets, package_assets

PAGE_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
)


def site_assets() -> Assets:
    """The files of this package, read now: pages with their security headers."""
    return package_assets("stalwart.site", "assets", headers={"html": PAGE_HEADERS})


@route(ANY_METHOD, "/", needs=None, limit="none", spec="http-service 3")
def root(exchange: Exchange, *, settings: Settings) -> Answer:
    """Where people should start: ``Http.redirectRoot``."""
    target = settings.of(Http).redirect_root
    if target is None:
        raise NotFound
    return redirect(target)


@route("GET", "/diagnose", needs=None, limit="none", spec="design 8")
def diagnose(exchange: Exchange, *, assets: Assets) -> Answer:
    """The page that shows a live delivery diagnosis."""
    return assets.answer(exchange, "assets/diagnose.html")


@route("GET", "/favicon.ico", needs=None, limit="none", spec="design 8")
def favicon(exchange: Exchange, *, assets: Assets) -> Answer:
    """The logo, for browsers that look for one where no page names it."""
    return assets.answer(exchange, "assets/icon.svg")


@route("GET", "/assets/<name>", needs=None, limit="none", spec="design 8")
def asset(exchange: Exchange, *, assets: Assets) -> Answer:
    """Scripts, styles and images of the pages."""
    return assets.answer(exchange, f"assets/{exchange.path_value('name')}")
