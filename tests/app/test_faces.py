"""Every endpoint is collected, says what it needs, and is served."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.faces import routes
from stalwart.config.permissions import PERMISSIONS


class RouteTests(SynchronousTestCase):
    """What is built now."""

    def test_endpoints_that_are_built(self) -> None:
        paths = {route.pattern for route in routes()}
        expected = {
            "/",
            "/api/account",
            "/api/live/delivery/<target>",
            "/api/token/<kind>",
            "/assets/<name>",
            "/diagnose",
            "/healthz/live",
            "/healthz/ready",
            "/.well-known/jmap",
            "/jmap",
            "/jmap/session",
            "/robots.txt",
        }
        self.assertEqual(paths & expected, expected)

    def test_no_method_of_a_path_is_declared_twice(self) -> None:
        declared = [(method, route.pattern) for route in routes() for method in route.methods]
        self.assertEqual(len(declared), len(set(declared)))

    def test_needed_permissions_exist(self) -> None:
        needed = {route.needs for route in routes()} - {None, "authenticated"}
        self.assertEqual(needed - set(PERMISSIONS), set())

    def test_each_names_its_specification_and_says_what_it_is(self) -> None:
        self.assertEqual([route.name for route in routes() if not route.spec or not route.doc], [])
