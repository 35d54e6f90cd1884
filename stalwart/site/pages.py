"""The diagnosis page at ``/diagnose`` with its assets, and the redirect of ``/`` (http-service 3).

The page is static and has no build step; it signs in with Basic at ``/api/token/delivery`` and then listens with the
token, so the password leaves the page only in that one request.
"""

from __future__ import annotations

from stalwart.config.http import Http
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.web.answers import Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route


@route(ANY_METHOD, "/", needs=None, limit="none", spec="http-service 3")
def root(exchange: Exchange, *, settings: Settings) -> Answer:
    """Where people should start: ``Http.redirectRoot``."""
    target = settings.of(Http).redirect_root
    if target is None:
        raise NotFound
    return redirect(target)
