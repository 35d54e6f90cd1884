"""Finding the route of a request: fixed paths in a dictionary, and so the first segment of what only one kind of reader
has all below of; the rest by Klein's rule table.

Paths are matched raw (http-service 1.3): the rule table sees them percent-encoded, slashes are never merged and nothing
is redirected; only what ``<names:rest>`` stands for may begin with slashes. Klein's own resource is not used, because
it decodes before it matches and answers in HTML; of Klein the declaration of rules and their matching are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from klein import Klein
from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.exceptions import NotFound as NoRule
from werkzeug.routing import PathConverter

from stalwart.errors import MethodNotAllowed, NotFound
from stalwart.web.routes import ANY_METHOD, Route

NO_VALUES: Mapping[str, str] = {}
_BELOW = re.compile(r"(/[^/<>]+/)<names:rest>")


class _Names(PathConverter):
    """The rest of a path whose reader makes nothing of empty segments, not even of a first one (spec/dav.md 11)."""

    regex = "/*[^/].*?"


class UnknownServiceError(LookupError):
    """A route asks for a service that nobody offers."""


class BoundRoute:
    """A route with its services filled in: ``call(exchange)`` gives an answer or a coroutine of one."""

    __slots__ = ("body_limit", "call", "limit", "needs", "otherwise", "route", "suits")

    def __init__(self, route: Route, services: Mapping[str, Any]) -> None:
        missing = [name for name in route.services if name not in services]
        if missing:
            known = ", ".join(sorted(services)) or "none"
            raise UnknownServiceError(f"{route.name} asks for {', '.join(missing)}; services are: {known}")
        chosen = {name: services[name] for name in route.services}
        self.call: Callable[..., Any] = partial(route.handler, **chosen) if chosen else route.handler
        self.suits = partial(route.suits, **chosen) if route.suits is not None else None
        self.otherwise = partial(route.otherwise, **chosen) if route.otherwise is not None else None
        self.route = route
        self.needs = route.needs
        self.limit = route.limit
        self.body_limit = route.body_limit


class RouteTable:
    """All routes of a site, bound to ``services`` (name -> object).

    :raises UnknownServiceError: a route asks for a service that is not there.
    """

    def __init__(self, routes: Iterable[Route], services: Mapping[str, Any]) -> None:
        self.exact: dict[str, dict[str, BoundRoute]] = {}
        self.below: dict[str, dict[str, BoundRoute]] = {}
        self._by_endpoint: dict[str, BoundRoute] = {}
        self._rest: BoundRoute | None = None
        klein = Klein()
        klein.url_map.converters["names"] = _Names
        klein.url_map.strict_slashes = False
        klein.url_map.merge_slashes = False
        klein.url_map.redirect_defaults = False
        for each in routes:
            bound = BoundRoute(each, services)
            if each.pattern == "*":
                self._rest = bound
            elif "<" in each.pattern:
                self._add_rule(klein, each, bound)
            else:
                self._add_exact(each, bound)
        self._adapter = klein.url_map.bind("")
        self._fill_below()

    def find(self, method: str, path: str) -> tuple[BoundRoute, Mapping[str, str]]:
        """The route for a request and the raw values cut out of its path.

        :raises NotFound: no route has this path.
        :raises MethodNotAllowed: some have, with other methods.
        """
        methods = self.exact.get(path)
        if methods is not None:
            bound = methods.get(method) or methods.get(ANY_METHOD)
            if bound is not None:
                return bound, NO_VALUES
        folder = path[: path.find("/", 1) + 1]
        if folder in self.below and path.strip("/") != folder.strip("/"):
            below = self.below[folder]
            bound = below.get(method) or below.get(ANY_METHOD)
            if bound is not None:
                return bound, {"rest": path[len(folder) :]}
        allowed = set(methods or ())
        if not path.startswith("//"):  # the rule table would drop the empty first segment
            try:
                # methods are case-sensitive (RFC 9110 9.1), the rule table thinks otherwise
                rule, values = self._adapter.match(path, method if method.isupper() else "-", return_rule=True)
                return self._by_endpoint[rule.endpoint], values
            except WrongMethod as error:
                allowed.update(error.valid_methods or ())
            except NoRule:
                pass
        if allowed:
            raise MethodNotAllowed(sorted(allowed | {"OPTIONS"}))
        if self._rest is not None and self._rest.suits is not None and self._rest.suits(path):
            return self._rest, NO_VALUES
        raise NotFound

    def _fill_below(self) -> None:
        bound = self._by_endpoint.values()
        for folder in {found[1] for each in bound if (found := _BELOW.fullmatch(each.route.pattern))}:
            inside = [each for each in bound if each.route.pattern.startswith((folder, "/<"))]
            if all(_BELOW.fullmatch(each.route.pattern) for each in inside):
                self.below[folder] = {method: each for each in inside for method in each.route.methods}

    def _add_exact(self, route: Route, bound: BoundRoute) -> None:
        methods = self.exact.setdefault(route.pattern, {})
        for method in route.methods:
            methods[method] = bound
        if "GET" in methods:
            methods.setdefault("HEAD", methods["GET"])  # RFC 9110 9.3.2

    def _add_rule(self, klein: Klein, route: Route, bound: BoundRoute) -> None:
        endpoint = f"{route.name} {' '.join(route.methods)} {route.pattern}"
        methods = None if ANY_METHOD in route.methods else route.methods
        klein.route(route.pattern, methods=methods, endpoint=endpoint)(route.handler)
        self._by_endpoint[endpoint] = bound
