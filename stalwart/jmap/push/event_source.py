"""``GET /jmap/eventsource/``: what has changed, as an event stream (RFC 8620 7.3).

The first frame is there at once: what has changed since the ``Last-Event-ID``, or a ping. Its id says up to where all
is told, so that a client which comes again misses nothing, even if nothing had happened before its connection broke.
Pings follow a time in which nothing was sent; they have no id. An idle stream holds no place among the requests of its
account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen
from twisted.internet.defer import Deferred

from stalwart.codec import sse
from stalwart.directory.access import Access
from stalwart.errors import Invalid
from stalwart.jmap.push.state_change import KNOWN, Change, Types, merged, read_vector, types_of
from stalwart.jmap.push.streams import PushStreams
from stalwart.web.answers import EventStream, Outlet
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

SHORTEST, LONGEST, DEFAULT = 30, 3600, 300
"""Seconds between pings."""
UNASKED = 300.0
"""Seconds of silence after which a stream without pings carries a comment: who is gone has to be noticed."""

_SECONDS = re.compile(r"[0-9]{1,15}", re.ASCII)


@frozen
class Wishes:
    """What the query asks for: ``ping`` in seconds, 0 for none; ``once`` ends the stream after the first event."""

    types: Types
    once: bool
    ping: int


def read_wishes(query: Mapping[str, str]) -> Wishes:
    """Raises Invalid."""
    names = query.get("types", "*").split(",")
    unknown = [name for name in names if name not in KNOWN and name != "*"]
    if unknown:
        raise Invalid(f'There is no data type "{unknown[0][:64]}".', ("types",))
    closeafter = query.get("closeafter", "no")
    if closeafter not in ("no", "state"):
        raise Invalid("The parameter closeafter is state or no.", ("closeafter",))
    given = query.get("ping", str(DEFAULT))
    if not _SECONDS.fullmatch(given):
        raise Invalid("The parameter ping is a number of seconds.", ("ping",))
    ping = int(given)
    return Wishes(
        None if "*" in names else types_of(names),
        closeafter == "state",
        min(max(ping, SHORTEST), LONGEST) if ping else 0,
    )


async def _event_source(exchange: Exchange, *, push_streams: PushStreams) -> EventStream:
    """What changes in the mail of the user and his groups, as it happens. Query: ``types`` (names or ``*``),
    ``closeafter`` (``state``, ``no``), ``ping`` (seconds, 0 for none), ``ticket``, ``lastEventId`` (for pages, which
    cannot send the field ``Last-Event-ID`` themselves)."""
    access = exchange.access
    assert access is not None  # the route says so
    wishes = read_wishes(exchange.query)
    push_streams.admit(access.account_id)
    last_id = exchange.header("last-event-id") or exchange.query.get("lastEventId")
    interval = b'{"interval":%d}' % wishes.ping

    async def run(send: Outlet) -> None:
        with push_streams.open(access.account_id, "eventsource"):
            reader = _Reader(send, wishes.once)
            watcher = push_streams.feed.watch(reader, access, wishes.types, push_streams.event_source_throttle)
            try:
                watcher.secured(await push_streams.standing.grant(access))
                change = await watcher.missed(read_vector(last_id)) if last_id else None
                if change is not None:
                    reader.take(change)
                else:
                    known = await watcher.mark()
                    send(sse.event(interval, "ping", known) if wishes.ping else sse.mark(known))
                await reader.finished()
            finally:
                watcher.close()

    silence, beat = (float(wishes.ping), sse.event(interval, "ping")) if wishes.ping else (UNASKED, sse.comment())
    return EventStream(run, silence=silence, beat=beat)


event_source = route("GET", "/jmap/eventsource", needs="authenticated", ticket=True, spec="jmap 9.1; RFC 8620 7.3")(
    _event_source
)
event_source_slash = route("GET", "/jmap/eventsource/", needs="authenticated", ticket=True, spec="jmap 9.1")(
    _event_source
)


class _Reader:
    """A stream as a listener: while its client does not read, what happens is gathered into one event."""

    __slots__ = ("_done", "_is_over", "_is_waiting", "_once", "_pending", "_send")

    def __init__(self, send: Outlet, once: bool) -> None:
        self._send = send
        self._once = once
        self._pending: Change | None = None
        self._is_waiting = False
        self._is_over = False
        self._done: Deferred[None] | None = None

    def take(self, change: Change) -> None:
        """See ``Listener``."""
        self._pending = merged(self._pending, change)
        if not self._is_waiting and not self._is_over:
            self._is_waiting = True
            self._send.ready().addCallbacks(self._write, lambda _: None)  # cancelled with the stream

    def renewed(self, access: Access) -> None:
        """See ``Listener``."""

    def end(self) -> None:
        """See ``Listener``."""
        self._is_over = True
        done, self._done = self._done, None
        if done is not None:
            done.callback(None)

    async def finished(self) -> None:
        """Wait for the end."""
        if not self._is_over:
            self._done = Deferred()
            await self._done

    def _write(self, _: object) -> None:
        self._is_waiting = False
        change, self._pending = self._pending, None
        if change is not None and not self._is_over:
            self._send(change.frame)
            if self._once and change.states:
                self.end()
