"""How many requests are answered how, and how fast: by method, route and status, never by what strangers make up."""

from __future__ import annotations

from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import HTTP_REQUEST_DURATION, HTTP_REQUESTS, OTHER
from stalwart.telemetry.series import Series
from stalwart.web.exchange import Exchange
from stalwart.web.route_table import BoundRoute

NO_ROUTE = "none"
_PLAIN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_DAV = ("PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL")
_METHODS = frozenset((*_PLAIN, *_DAV))
_Kind = tuple[str, BoundRoute | None, int]


class AnswerCount:
    """Counts answers. A route is named by its pattern; requests that no route took are of the route ``none``."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._series: dict[_Kind, tuple[Series, Series]] = {}

    def count(self, exchange: Exchange, status: int, now: float) -> None:
        """A request has been answered ``now``, or its stream has begun."""
        kind = exchange.method, exchange.route, status
        held = self._series.get(kind)
        if held is None:
            held = self._made(*kind)
        seconds = now - exchange.arrived
        held[1].observe_in(exchange.connection.span, seconds if seconds > 0 else 0.0, now, held[0])

    def _made(self, method: str, bound: BoundRoute | None, status: int) -> tuple[Series, Series]:
        """The series of such answers; kept only for methods that are known, since anybody can think of more."""
        route = bound.route.pattern if bound is not None else NO_ROUTE
        shown = method if method in _METHODS else OTHER
        measured = self._telemetry.series
        made = measured(HTTP_REQUESTS, shown, route, str(status)), measured(HTTP_REQUEST_DURATION, shown, route)
        if shown is method:
            self._series[method, bound, status] = made
        return made
