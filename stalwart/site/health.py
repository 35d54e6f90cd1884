"""Health checks and ``robots.txt`` (http-service 3).

``/healthz/live`` says that the process answers, ``/healthz/ready`` that its store does too, and can be written: on a
full disk mail would be refused. A write that waits for its turn only is no reason to look elsewhere. Before the server
stops it says no, so that a balancer looks elsewhere in time.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.errors import StalwartError
from stalwart.store import Store
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.problems import problem, status_problem
from stalwart.web.routes import route

_LIVE = status_problem(200)
_LEAVING = problem(503, "Service Unavailable", "The server is stopping.")
_ROBOTS = Answer(200, b"User-agent: *\nDisallow: /\n", "text/plain")


@route("GET", "/healthz/live", needs=None, spec="http-service 3")
def live(exchange: Exchange) -> Answer:
    """The process is up and answers."""
    return _LIVE


@route("GET", "/healthz/ready", needs=None, spec="http-service 3")
async def ready(exchange: Exchange, *, store: Store, is_leaving: Callable[[], bool]) -> Answer:
    """Requests can be served: the data store answers, and can be written, and the server is not about to stop."""
    if is_leaving():
        return _LEAVING
    try:
        await store.ping()
    except (StalwartError, DeferredTimeout):
        return status_problem(503)
    return status_problem(200)


@route("GET", "/robots.txt", needs=None, spec="http-service 3")
def robots(exchange: Exchange) -> Answer:
    """Crawlers find nothing here."""
    return _ROBOTS
