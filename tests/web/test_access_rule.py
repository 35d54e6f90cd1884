"""Access expressions on real requests."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import EvaluationError
from stalwart.config.network.http import HTTP_VARIABLES, Http
from stalwart.web.access_rule import VARIABLES, AccessRule, access_rule
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head

CONNECTION = Connection("front", "203.0.113.5", 4711, "::", 443, True)


class Io:
    """Only ``is_local_domain`` is asked."""

    def __init__(self) -> None:
        self.answer: Deferred[Any] = Deferred()

    async def is_local_domain(self, domain: str) -> Any:
        return await self.answer


def expression(condition: str, then: str = "'403'", otherwise: str = "'200'") -> Any:
    wire = {"match": {"0": {"if": condition, "then": then}}, "else": otherwise}
    return Http.from_stored({"allowedEndpoints": wire}).allowed_endpoints


def exchange(head: bytes = b"GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Kind: \xe4\r\nX-Kind:  b") -> Exchange:
    return Exchange(parse_head(head), CONNECTION, None, "x", 1, 0.0)


class RuleTests(SynchronousTestCase):
    """From expression to status."""

    def status(self, condition: str, then: str = "'403'") -> Any:
        rule = access_rule(expression(condition, then), None)
        assert rule is not None
        return rule.status(exchange())

    def test_every_variable_of_the_setting_has_a_value(self) -> None:
        self.assertEqual(set(VARIABLES), set(HTTP_VARIABLES))

    def test_the_default_is_no_rule(self) -> None:
        self.assertIsNone(access_rule(Http.from_wire({}).allowed_endpoints, None))

    def test_several_slashes_are_one_where_they_are_served_as_one(self) -> None:
        rule = access_rule(expression("starts_with(path, '/dav/cal/')"), None)
        assert rule is not None
        for path, status in (("/dav/cal/a", 403), ("/dav//cal/a", 403), ("/dav///cal//a", 403), ("/dav/card/a", 200)):
            self.assertEqual(rule.status(exchange(f"GET {path} HTTP/1.1\r\nHost: x".encode())), status, path)
        other = access_rule(expression("path == '/a//b'"), None)
        assert other is not None
        self.assertEqual(other.status(exchange(b"GET /a//b HTTP/1.1\r\nHost: x")), 403)

    def test_a_condition_that_never_holds_is_no_rule(self) -> None:
        self.assertIsNone(access_rule(expression("1 == 2"), None))

    def test_variables_have_the_values_of_the_request(self) -> None:
        conditions = (
            "listener == 'front'",
            "remote_ip == '203.0.113.5'",
            "remote_port == 4711",
            "local_ip == '::'",
            "local_port == 443",
            "protocol == 'https'",
            "is_tls",
            "url == '/a%20b?c=d'",
            "path == '/a%20b'",
            "url_path == path",
            "method == 'GET'",
            "headers == ['host: x', 'x-kind: ', 'x-kind: b']",
        )
        self.assertEqual([self.status(condition) for condition in conditions], [403] * len(conditions))

    def test_what_is_no_status_denies(self) -> None:
        self.assertEqual(
            [self.status("is_tls", then) for then in ("''", "'x'", "1", "101", "'200'")], [403] * 4 + [200]
        )

    def test_a_rule_that_must_wait_denies_where_nobody_answers(self) -> None:
        self.assertEqual(self.status("is_local_domain('x')", "'200'"), 403)

    def _waiting(self) -> tuple[Io, Deferred[int]]:
        io = Io()
        rule = access_rule(expression("is_local_domain('x')", "'404'"), io)  # type: ignore[arg-type]
        assert isinstance(rule, AccessRule)
        status = rule.status(exchange())
        assert not isinstance(status, int)
        return io, Deferred.fromCoroutine(status)

    def test_a_rule_may_wait(self) -> None:
        io, status = self._waiting()
        self.assertNoResult(status)
        io.answer.callback(1)
        self.assertEqual(self.successResultOf(status), 404)

    def test_a_rule_that_waits_in_vain_denies(self) -> None:
        io, status = self._waiting()
        io.answer.errback(EvaluationError("no answer"))
        self.assertEqual(self.successResultOf(status), 403)
