"""Rules that would shut out whoever saves them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.http import Http
from stalwart.web.lockout import refusals
from tests.web.test_access_rule import Io, exchange, expression


class LockoutTests(SynchronousTestCase):
    """The rule is asked about the paths that settings are changed by."""

    def refusals(self, rule: Any, client_ip: str = "203.0.113.5", io: Any = None) -> Any:
        asking = exchange()
        asking.client_ip = client_ip
        found: Deferred[Any] = Deferred.fromCoroutine(refusals(rule, asking, io))
        return self.successResultOf(found)

    def test_a_rule_that_refuses_the_client_is_found(self) -> None:
        found = self.refusals(expression("remote_ip != '198.51.100.1'", "'404'"))
        self.assertEqual(found, [("POST", "/jmap/", 404), ("GET", "/jmap/session", 404)])

    def test_the_paths_are_those_of_the_interface_not_of_the_request(self) -> None:
        self.assertEqual(self.refusals(expression("path == '/jmap/session'")), [("GET", "/jmap/session", 403)])
        self.assertEqual(self.refusals(expression("starts_with(path, '/robots')")), [])

    def test_this_host_always_passes(self) -> None:
        self.assertEqual(self.refusals(expression("1 == 1"), "127.0.0.1"), [])

    def test_the_default_refuses_nobody(self) -> None:
        self.assertEqual(self.refusals(Http.from_wire({}).allowed_endpoints), [])

    def test_what_has_to_be_looked_up_is_waited_for(self) -> None:
        io = Io()
        io.answer.callback(1)
        self.assertEqual(len(self.refusals(expression("is_local_domain('a.test')"), io=io)), 2)
