"""``POST /jmap/ws/ticket``: for browsers, which open WebSockets and event streams without credentials (jmap.md 23)."""

from __future__ import annotations

from typing import Any

from stalwart.directory.directory import Directory
from stalwart.jmap.standard.dates import utc_date
from stalwart.web.answers import NO_STORE, PLAIN_JSON, Answer, json_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route


@route("POST", "/jmap/ws/ticket", needs="authenticated", spec="jmap 23")
async def ticket(exchange: Exchange, *, directory: Directory, clock: Any) -> Answer:
    """A ticket for ``?ticket=`` of ``/jmap/ws`` and ``/jmap/eventsource/``: good once, for a minute."""
    access = exchange.access
    assert access is not None  # the route says so
    await exchange.body()  # whatever it says
    value, ends_at = await directory.ticket(access)
    members = {
        "value": value,
        "validUntil": utc_date(ends_at),
        "generatedOn": utc_date(int(clock.seconds())),
    }
    return json_answer(members, headers=(NO_STORE,), content_type=PLAIN_JSON)
