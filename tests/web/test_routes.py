"""Declarations of endpoints."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import SMALL_BODY, Route, route, routes_markdown


@route(("GET", "PROPFIND"), "/b/<name>", needs="liveDeliveryTest", spec="x 1")
def pattern(exchange: Exchange, *, store: object, clock: object) -> Answer:
    """Reads a | thing
    of two lines.

    More.
    """
    return Answer()


@route("*", "/a", needs=None, spec="x 2", body_limit=5)
def anybody(exchange: Exchange) -> Answer:
    return Answer()


class RouteTests(SynchronousTestCase):
    """What a declaration says."""

    def test_a_declared_function_is_a_value(self) -> None:
        self.assertIsInstance(pattern, Route)
        self.assertEqual((pattern.methods, pattern.services), (("GET", "PROPFIND"), ("store", "clock")))
        self.assertEqual((pattern.made_in, pattern.name), (__name__, f"{__name__}.pattern"))

    def test_whose_rate_is_charged_follows_from_who_may_come(self) -> None:
        self.assertEqual((anybody.limit, pattern.limit), ("anonymous", "authenticated"))

    def test_bodies_are_small_unless_declared(self) -> None:
        self.assertEqual((pattern.body_limit, anybody.body_limit), (SMALL_BODY, 5))

    def test_the_table_is_ordered_by_path_and_quotes_bars(self) -> None:
        rows = routes_markdown([pattern, anybody]).splitlines()[2:]
        expected = [
            "| `/a` | any | anybody | anonymous | 5 |  | x 2 |",
            "| `/b/<name>` | GET PROPFIND | liveDeliveryTest | authenticated | 65536 "
            "| Reads a \\| thing of two lines. | x 1 |",
        ]
        self.assertEqual(rows, expected)
