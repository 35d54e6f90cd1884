"""Requests as events."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import HTTP_REQUEST_URL, Level
from stalwart.web.access_log import log_exchange
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head


class LogTests(SynchronousTestCase):
    """``log_exchange``."""

    def test_what_is_told(self) -> None:
        telemetry, told = Telemetry(threshold=Level.INFO), []
        telemetry.observe(lambda event, values: told.append(values))
        connection = Connection("x", "192.0.2.1", 1, "::", 80, False, span=77)
        exchange = Exchange(parse_head(b"GET /a?Token=abc HTTP/1.0"), connection, None, "x", 1, 0)
        log_exchange(telemetry, exchange, 200, 5, 1.5)
        (values,) = told
        self.assertEqual((values["url"], values["spanId"], values["elapsed"]), ("/a?Token=***", 77, 1500))

    def test_it_is_only_counted_while_nobody_listens(self) -> None:
        telemetry = Telemetry(threshold=Level.INFO)
        head = parse_head(b"GET / HTTP/1.0")
        exchange = Exchange(head, Connection("x", "192.0.2.1", 1, "::", 80, False), None, "x", 1, 0)
        log_exchange(telemetry, exchange, 200, 5, 1.0)
        self.assertEqual(telemetry.counters[HTTP_REQUEST_URL.id], 1)
