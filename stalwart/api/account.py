"""``GET /api/account``: what the signed-in account may do, for interfaces that tailor themselves (auth-api 10)."""

from __future__ import annotations

from stalwart.directory.permissions import account_permissions
from stalwart.web.answers import NO_STORE, Answer, json_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

EDITION = "oss"


@route("GET", "/api/account", needs="authenticated", spec="auth-api 10")
async def account(exchange: Exchange) -> Answer:
    """The effective permissions, the edition and the preferred language of the account."""
    access = exchange.access
    assert access is not None  # the route says so
    return json_answer(
        {
            "permissions": account_permissions(access),
            "edition": EDITION,
            "locale": access.locale.replace("_", "-"),
        },
        headers=(NO_STORE,),
    )
