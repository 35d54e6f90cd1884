"""``GET /api/token/{kind}``: a token for an event stream, because EventSource cannot send headers (auth-api 11)."""

from __future__ import annotations

from stalwart.directory.directory import Directory
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route


@route("GET", "/api/token/<kind>", needs="authenticated", spec="auth-api 11")
async def token(exchange: Exchange, *, directory: Directory) -> Answer:
    """A token that opens ``/api/live/{kind}`` for 60 seconds and nothing else."""
    access = exchange.access
    assert access is not None  # the route says so
    kind = exchange.path_value("kind")
    text = await directory.live_token(access, kind)
    return Answer(200, text.encode("ascii"), "text/plain", (("Cache-Control", "no-store"),))
