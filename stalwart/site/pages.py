"""The diagnosis page at ``/diagnose`` with its assets, and the redirect of ``/`` (http-service 3).

The page is static and has no build step; it signs in with Basic at ``/api/token/delivery`` and then listens with the
token, so the password leaves the page only in that one request.
"""

from __future__ import annotations

from stalwart.config.http import Http
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route
