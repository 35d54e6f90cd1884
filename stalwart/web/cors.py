"""Cross-origin requests (the Fetch standard, 3.3): the permissive trio, and a list of origins with real preflights.

The trio is the reference's (http-service 2.1 b). The list is ours (design.md 8): an allowed origin is echoed with
``Vary: Origin``, so that a webmail on another host works without opening the server to everybody. Credentials are never
allowed, because none of ours are ambient.
"""

from __future__ import annotations

import re

from stalwart.web.answers import CORS_TRIO, Answer, Headers, no_content
from stalwart.web.exchange import Exchange

METHODS = (
    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PROPFIND, PROPPATCH, REPORT, MKCOL, MKCALENDAR, COPY, MOVE, LOCK,"
    " UNLOCK, ACL"
)
EXPOSED = "ETag, Location, DAV, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate, X-Request-Id"
MAX_AGE = "7200"
_FIELD_NAMES = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+( *, *[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*")


def is_preflight(exchange: Exchange) -> bool:
    """Whether this is a question of a browser before the request proper (Fetch 3.3.2)."""
    fields = exchange.head.fields
    return exchange.method == "OPTIONS" and "origin" in fields and "access-control-request-method" in fields


def preflight_answer(exchange: Exchange, origins: frozenset[str], permissive: bool) -> Answer | None:
    """The answer to a preflight; None if its origin is not allowed, so that it goes the way of any request.

    The headers that all answers get (``with_origin`` or the trio) come on top of it.
    """
    if permissive:
        return no_content(CORS_TRIO)
    if exchange.head.fields.get("origin") not in origins:
        return None
    wanted = exchange.head.fields.get("access-control-request-headers", "")
    headers = [("Access-Control-Allow-Methods", METHODS), ("Access-Control-Max-Age", MAX_AGE)]
    if _FIELD_NAMES.fullmatch(wanted):
        headers.insert(0, ("Access-Control-Allow-Headers", wanted))
    return no_content(tuple(headers))


def with_origin(headers: Headers, origin: str | None, origins: frozenset[str]) -> Headers:
    """The headers of any answer while a list of origins is set: it varies, and an allowed origin may read it."""
    varies = ", ".join([value for name, value in headers if name.lower() == "vary"] + ["Origin"])
    added: Headers = (("Vary", varies),)
    if origin is not None and origin in origins:
        added = (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", EXPOSED), *added)
    replaced = {name.lower() for name, _ in added}
    return (*(pair for pair in headers if pair[0].lower() not in replaced), *added)
