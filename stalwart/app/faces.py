"""The faces that are built, collected from their packages: a new module with a ``@route`` needs no entry here."""

from __future__ import annotations

from functools import cache

import stalwart.api
import stalwart.dav
import stalwart.discovery
import stalwart.jmap
import stalwart.oauth
import stalwart.site
from stalwart.schema import collect
from stalwart.web.routes import Route

FACES = (stalwart.api, stalwart.dav, stalwart.discovery, stalwart.jmap, stalwart.oauth, stalwart.site)


@cache
def routes() -> tuple[Route, ...]:
    """Every route of every face."""
    return tuple(route for face in FACES for route in collect(face, Route))
