"""Answers by method, route and status."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import HTTP_REQUEST_DURATION, HTTP_REQUESTS
from stalwart.web.answer_count import AnswerCount
from stalwart.web.answers import no_content
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head
from stalwart.web.route_table import BoundRoute
from stalwart.web.routes import route


def bound(pattern: str) -> BoundRoute:
    declared = route("GET", pattern, needs=None, spec="x")
    return BoundRoute(declared(lambda exchange: no_content()), {})


class AnswerCountTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry = Telemetry()
        self.count = AnswerCount(self.telemetry)
        self.routes: dict[str | None, Any] = {None: None, "/a/<b>": bound("/a/<b>"), "/": bound("/")}

    def answered(self, method: str, pattern: str | None, status: int, seconds: float = 0.0) -> None:
        connection = Connection("x", "192.0.2.1", 1, "::", 80, False, span=5)
        exchange = Exchange(parse_head(f"{method} /x HTTP/1.0".encode()), connection, None, "x", 1, 100.0)
        exchange.route = self.routes[pattern]
        self.count.count(exchange, status, 100.0 + seconds)

    def requests(self) -> dict[tuple[str, ...], float]:
        found = self.telemetry.book.read([HTTP_REQUESTS])[HTTP_REQUESTS]
        return {labels: numbers[0] for labels, numbers in found.items()}

    def test_by_method_route_and_status(self) -> None:
        self.answered("GET", "/a/<b>", 200)
        self.answered("GET", "/a/<b>", 200)
        self.answered("GET", "/a/<b>", 404)
        self.answered("POST", None, 404)
        self.assertEqual(
            self.requests(),
            {("GET", "/a/<b>", "200"): 2, ("GET", "/a/<b>", "404"): 1, ("POST", "none", "404"): 1},
        )

    def test_methods_that_strangers_think_of_share_a_series(self) -> None:
        for number in range(500):
            self.answered(f"M{number}", None, 405)
        self.assertEqual(self.requests(), {("other", "none", "405"): 500})
        self.assertLess(len(self.count._series), 10)

    def test_durations_with_exemplars(self) -> None:
        self.answered("GET", "/", 200, 0.02)
        self.answered("GET", "/", 500, -1.0)  # the clock was set back
        ((total, *counts),) = self.telemetry.book.read([HTTP_REQUEST_DURATION])[HTTP_REQUEST_DURATION].values()
        self.assertEqual((round(total, 6), sum(counts)), (0.02, 2))
        (exemplars,) = self.telemetry.book.exemplars(HTTP_REQUEST_DURATION).values()
        self.assertEqual([round(each[1], 6) for each in exemplars if each is not None], [0.0, 0.02])
