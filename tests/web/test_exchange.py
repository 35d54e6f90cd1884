"""What a route function sees."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head


def exchange(target: str = "/", host: str = "mail.example.test") -> Exchange:
    head = parse_head(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\nX-A: 2".encode())
    return Exchange(head, Connection("front", "192.0.2.1", 4711, "::", 443, True), None, "ab", 255, 0)


class ExchangeTests(SynchronousTestCase):
    """Reading a request."""

    def test_the_connection_shows_through(self) -> None:
        found = exchange()
        self.assertEqual(
            (found.listener, found.client_ip, found.client_port, found.is_tls, found.request_id),
            ("front", "192.0.2.1", 4711, True, "abff"),
        )

    def test_empty_values_are_dropped_and_the_last_one_counts(self) -> None:
        self.assertEqual(exchange("/?a=1&b=&a=2&c&d=%20+x").query, {"a": "2", "d": "  x"})

    def test_broken_utf_8_in_the_query_is_replaced(self) -> None:
        self.assertEqual(exchange("/?a=%ff").query, {"a": "\ufffd"})

    def test_headers_are_found_in_lower_case(self) -> None:
        self.assertEqual((exchange().header("x-a"), exchange().header("x-b")), ("1, 2", None))

    def test_the_host_is_without_port(self) -> None:
        hosts = {"Mail.Example:8080": "mail.example", "mail": "mail", "[::1]:80": "[::1]", "[::1]": "[::1]", "": None}
        self.assertEqual({host: exchange("/", host).host for host in hosts}, hosts)

    def test_path_values_are_decoded_one_by_one(self) -> None:
        found = exchange()
        found.path_values = {"a": "x%2Fy%20", "b": "%ff"}
        self.assertEqual((found.path_value("a"), found.raw_path_value("a")), ("x/y ", "x%2Fy%20"))
        self.assertRaises(Invalid, found.path_value, "b")

    def test_no_body_is_an_empty_one(self) -> None:
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(exchange().body())), b"")
        self.failureResultOf(Deferred.fromCoroutine(exchange().json()), Invalid)
