"""``GET /api/live/tracing``: events of the server as they happen, as an event stream (telemetry 2).

A reader who falls behind loses events, never memory: a ``ping`` with ``dropped`` says how many he has lost so far.
"""

from __future__ import annotations

from stalwart.api.live_streams import LiveStreams
from stalwart.codec import sse
from stalwart.codec.trace_query import trace_query
from stalwart.telemetry.fields import FIELDS, REFERENCE_KEYS
from stalwart.telemetry.tracing.subscriptions import Subscription, Subscriptions
from stalwart.web.answers import EventStream, Outlet
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

INTERVAL = 30
"""Seconds between pings while nothing happens."""
FRAME = 60_000
"""Bytes of events in one frame, about."""

_KEYS = {name.lower(): name for name in (*REFERENCE_KEYS, *FIELDS)}


@route("GET", "/api/live/tracing", needs="liveTracing", spec="telemetry 2")
async def tracing(exchange: Exchange, *, subscriptions: Subscriptions, live_streams: LiveStreams) -> EventStream:
    """Events as they happen. Query: ``filter`` and ``<key>`` (literal text in any value, in that value), ``events``
    (ids, ``*`` globs), ``level`` (the least, ``debug``), ``sample`` (share of connections, 0 to 1), ``token``."""
    return _stream(exchange, subscriptions, live_streams)


@route("GET", "/api/live/tracing/<path:ignored>", needs="liveTracing", spec="telemetry 2")
async def tracing_with_more(
    exchange: Exchange, *, subscriptions: Subscriptions, live_streams: LiveStreams
) -> EventStream:
    """As without the further segments, which are ignored."""
    return _stream(exchange, subscriptions, live_streams)


def ping(dropped: int) -> bytes:
    """Sent at the beginning, while nothing happens, and when events were lost."""
    if dropped:
        return sse.event(b'{"interval": %d, "dropped": %d}' % (INTERVAL * 1000, dropped), "ping")
    return sse.event(b'{"interval": %d}' % (INTERVAL * 1000), "ping")


def _stream(exchange: Exchange, subscriptions: Subscriptions, live_streams: LiveStreams) -> EventStream:
    access = exchange.access
    assert access is not None  # the routes say so
    query = trace_query(exchange.query, _KEYS)
    live_streams.admit(access.account_id)
    reader = live_streams.reader(access, "liveTracing", exchange.client_ip)

    async def run(send: Outlet) -> None:
        with live_streams.open(access.account_id, "tracing"):
            subscription = subscriptions.subscribe(query)
            try:
                send(ping(0))
                while True:
                    await subscription.wait(INTERVAL)
                    await send.ready()
                    if not await reader.may_read():
                        return
                    await _tell(send, subscription, subscriptions)
            finally:
                subscription.close()

    return EventStream(run)


async def _tell(send: Outlet, subscription: Subscription, subscriptions: Subscriptions) -> None:
    """What has happened since the last time, in frames that leave one after the other."""
    end = subscription.end
    if subscription.has_lost or not subscription.is_due:
        with subscriptions.quiet():
            send(ping(subscription.told()))
    while data := subscription.take(FRAME, end):
        with subscriptions.quiet():
            send(sse.event(data, "trace"))
        await send.ready()
