"""``GET /api/export/{kind}``: all that an account has of a kind, as one file to be kept.

A browser saves it by itself when it is led there with a token of a minute (``/api/token/export-mail`` and so on), so
that no page has to hold what is downloaded.
"""

from __future__ import annotations

from contextlib import aclosing
from time import gmtime, strftime

from stalwart.codec.content_disposition import attachment
from stalwart.directory.live_tokens import PERMISSIONS
from stalwart.directory.places import Places
from stalwart.errors import Forbidden, NotFound
from stalwart.groupware.exporting import Export
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.web.answers import EventStream, Outlet
from stalwart.web.clock import Clock
from stalwart.web.exchange import Exchange
from stalwart.web.open_streams import OpenStreams
from stalwart.web.routes import route

MOST = 2
RETRY_AFTER = 30
_SILENCE = 300.0
_LARGEST_PIECE = 128 << 10


class Exports(OpenStreams):
    """Those that are under way."""

    def __init__(self, places: Places, telemetry: Telemetry) -> None:
        super().__init__(places, telemetry, "exports", MOST, "Wait until another export has ended.", RETRY_AFTER)


@route("GET", "/api/export/<kind>", needs="authenticated", spec="webui 3.3")
async def export(exchange: Exchange, *, store: Store, clock: Clock, exports: Exports) -> EventStream:
    """A zip file of `mail` (mbox), `calendars` (iCalendar), `contacts` (vCard) or `files`. Query: `token`."""
    access, kind = exchange.access, exchange.path_value("kind")
    assert access is not None  # the route says so
    permission = PERMISSIONS.get(f"export-{kind}")
    if permission is None:
        raise NotFound
    if not access.may(permission):
        raise Forbidden
    account_id, now = access.account_id, int(clock.seconds())
    exports.admit(account_id)

    async def run(send: Outlet) -> None:
        with exports.open(account_id, "export"):
            async with aclosing(Export(store, account_id, now).pieces(kind)) as pieces:
                async for piece in pieces:
                    for start in range(0, len(piece), _LARGEST_PIECE):
                        await send.ready()
                        send(piece[start : start + _LARGEST_PIECE])

    name = f"{kind} {access.login} {strftime('%Y-%m-%d', gmtime(now))}.zip"
    headers = (("Cache-Control", "no-store"), ("Content-Disposition", attachment(name)))
    return EventStream(run, headers, silence=_SILENCE, beat=b"", content_type="application/zip")
