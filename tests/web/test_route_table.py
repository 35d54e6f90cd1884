"""Finding routes by raw path and method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import MethodNotAllowed, NotFound
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.route_table import RouteTable, UnknownServiceError
from stalwart.web.routes import Route, route


def declared(methods: str | Iterable[str], pattern: str) -> Route:
    @route(methods, pattern, needs=None, spec="x")
    def handler(exchange: Exchange) -> Answer:
        return Answer()

    return handler


@route("GET", "/served", needs=None, spec="x")
def served(exchange: Exchange, *, store: str) -> Any:
    return store


EXACT = declared("GET", "/exact")
ANY = declared("*", "/any")
RULE = declared("GET", "/rule/<name>")
RULE_PUT = declared("PUT", "/rule/<name>")
RULE_ANY = declared("*", "/every/<name>")
DEEP = declared(("PROPFIND", "MKCALENDAR"), "/dav/<kind>/<path:rest>")
NAMES = declared("*", "/names/<names:rest>")
BOTH = declared("POST", "/rule/exact")


class FindTests(SynchronousTestCase):
    """``RouteTable.find``."""

    def setUp(self) -> None:
        self.table = RouteTable([EXACT, ANY, RULE, RULE_PUT, RULE_ANY, DEEP, BOTH, NAMES], {})

    def _found(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        bound, values = self.table.find(method, path)
        return bound.route, dict(values)

    def _allowed(self, method: str, path: str) -> tuple[str, ...]:
        return self.assertRaises(MethodNotAllowed, self.table.find, method, path).allow

    def test_exact_paths_are_found(self) -> None:
        self.assertEqual(self._found("GET", "/exact"), (EXACT, {}))

    def test_head_is_served_where_get_is(self) -> None:
        self.assertIs(self._found("HEAD", "/exact")[0], EXACT)
        self.assertIs(self._found("HEAD", "/rule/x")[0], RULE)

    def test_any_method_is_any_method(self) -> None:
        self.assertIs(self._found("BREW", "/any")[0], ANY)
        self.assertIs(self._found("brew", "/every/x")[0], RULE_ANY)

    def test_values_are_cut_raw(self) -> None:
        self.assertEqual(self._found("GET", "/rule/a%2Fb%20%ff")[1], {"name": "a%2Fb%20%ff"})

    def test_the_method_chooses_among_rules_of_one_path(self) -> None:
        self.assertIs(self._found("PUT", "/rule/x")[0], RULE_PUT)

    def test_an_exact_path_leaves_its_other_methods_to_the_rules(self) -> None:
        self.assertIs(self._found("POST", "/rule/exact")[0], BOTH)
        self.assertIs(self._found("GET", "/rule/exact")[0], RULE)

    def test_dav_methods_and_deep_paths_are_found(self) -> None:
        self.assertEqual(self._found("MKCALENDAR", "/dav/cal/a/b%20c/"), (DEEP, {"kind": "cal", "rest": "a/b%20c/"}))

    def test_names_may_begin_with_slashes(self) -> None:
        for rest in ("a", "/a", "///a//b/", "a%2Fb"):
            self.assertEqual(self._found("PROPFIND", f"/names/{rest}"), (NAMES, {"rest": rest}))
        for path in ("/names/", "/names", "//names/a", "/names//"):
            self.assertRaises(NotFound, self.table.find, "GET", path)
        self.assertRaises(NotFound, self.table.find, "PROPFIND", "/dav/cal//a")

    def test_what_is_below_a_segment_is_found_by_it_unless_other_routes_are_there(self) -> None:
        options, other = declared("OPTIONS", "/names/<names:rest>"), declared("GET", "/names/x/<name>")
        for more, is_direct in (((), True), ((other,), False)):
            table = RouteTable([options, NAMES, *more], {})
            self.assertEqual(bool(table.below), is_direct)
            for method, found in (("OPTIONS", options), ("GET", NAMES), ("options", NAMES)):
                self.assertIs(table.find(method, "/names/a/")[0].route, found)
        self.assertIs(table.find("GET", "/names/x/y")[0].route, other)

    def test_a_wrong_method_names_the_right_ones(self) -> None:
        self.assertEqual(self._allowed("DELETE", "/exact"), ("GET", "HEAD", "OPTIONS"))
        self.assertEqual(self._allowed("DELETE", "/rule/x"), ("GET", "HEAD", "OPTIONS", "PUT"))
        self.assertEqual(self._allowed("DELETE", "/rule/exact"), ("GET", "HEAD", "OPTIONS", "POST", "PUT"))

    def test_methods_are_case_sensitive(self) -> None:
        self._allowed("get", "/exact")
        self._allowed("get", "/rule/x")

    def test_paths_are_neither_merged_nor_redirected_nor_decoded(self) -> None:
        for path in ("/exact/", "//exact", "/./exact", "/ex%61ct", "/EXACT", "/rule//x", "//rule/x", "/rule/", "/rule"):
            self.assertRaises(NotFound, self.table.find, "GET", path)


class ServiceTests(SynchronousTestCase):
    """Binding keyword-only parameters."""

    def test_services_are_bound_by_name(self) -> None:
        bound, _ = RouteTable([served], {"store": "the store", "other": 1}).find("GET", "/served")
        self.assertEqual(bound.call(None), "the store")

    def test_an_unknown_service_is_an_error_that_names_route_and_service(self) -> None:
        error = self.assertRaises(UnknownServiceError, RouteTable, [served], {"clock": 1})
        self.assertIn("served asks for store; services are: clock", str(error))
