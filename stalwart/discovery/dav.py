"""``/.well-known/caldav`` and ``/.well-known/carddav``: where calendars and address books begin (RFC 6764 5).

307 keeps the method, so that a PROPFIND goes on as one. What lies below redirects alike; a body is read first, because
some clients take a connection that is closed before for a failure.
"""

from __future__ import annotations

from functools import partial

from stalwart.web.answers import NO_CACHE, Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

_declared = partial(route, ANY_METHOD, needs=None, limit="none", spec="discovery 5; RFC 6764 5")


async def _calendars(exchange: Exchange) -> Answer:
    """Where calendars are."""
    return await _at("/dav/cal", exchange)


async def _address_books(exchange: Exchange) -> Answer:
    """Where address books are."""
    return await _at("/dav/card", exchange)


async def _at(place: str, exchange: Exchange) -> Answer:
    await exchange.body()
    return redirect(place, 307, (NO_CACHE,))


caldav = _declared("/.well-known/caldav")(_calendars)
caldav_slash = _declared("/.well-known/caldav/")(_calendars)
caldav_below = _declared("/.well-known/caldav/<path:rest>")(_calendars)
carddav = _declared("/.well-known/carddav")(_address_books)
carddav_slash = _declared("/.well-known/carddav/")(_address_books)
carddav_below = _declared("/.well-known/carddav/<path:rest>")(_address_books)


@route("PROPFIND", "/", needs=None, limit="none", spec="dav 1.1")
async def looked_for(exchange: Exchange) -> Answer:
    """Where clients look for themselves that know no other place: at what is known of principals."""
    return await _at("/dav/pal", exchange)


_elsewhere = partial(route, "PROPFIND", needs=None, limit="none", spec="dav 1.1")
principals = _elsewhere("/principals")(looked_for.handler)
principals_slash = _elsewhere("/principals/")(looked_for.handler)


@route("OPTIONS", "/", needs=None, limit="none", spec="dav 3")
def abilities(exchange: Exchange) -> Answer:
    """That there is WebDAV here; some ask above all folders before they ask for one."""
    return Answer(200, headers=(("DAV", "1, 2, 3"),))
