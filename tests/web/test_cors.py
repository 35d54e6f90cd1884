"""Origins and preflights."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.connection import Connection
from stalwart.web.cors import is_preflight, preflight_answer, with_origin
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head

ORIGINS = frozenset(("https://app.example.org",))


def preflight(origin: str, wanted: str = "authorization") -> Exchange:
    head = (
        f"OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: PUT\r\n"
        f"Access-Control-Request-Headers: {wanted}"
    )
    return Exchange(parse_head(head.encode()), Connection("x", "192.0.2.1", 1, "::", 80, False), None, "x", 1, 0)


class CorsTests(SynchronousTestCase):
    """Fetch 3.3."""

    def test_options_with_origin_and_method_is_a_preflight(self) -> None:
        self.assertTrue(is_preflight(preflight("https://app.example.org")))

    def test_listed_origins_get_what_they_ask_for(self) -> None:
        answer = preflight_answer(preflight("https://app.example.org", "depth, if-match"), ORIGINS, False)
        assert answer is not None
        headers = dict(answer.headers)
        self.assertEqual(headers["Access-Control-Allow-Headers"], "depth, if-match")
        self.assertIn("PROPFIND", headers["Access-Control-Allow-Methods"])

    def test_what_is_no_list_of_names_is_not_echoed(self) -> None:
        answer = preflight_answer(preflight("https://app.example.org", "a b;c"), ORIGINS, False)
        assert answer is not None
        self.assertNotIn("Access-Control-Allow-Headers", dict(answer.headers))

    def test_other_origins_get_nothing(self) -> None:
        self.assertIsNone(preflight_answer(preflight("https://app.example.org.evil.example"), ORIGINS, False))

    def test_permissive_is_for_everybody(self) -> None:
        answer = preflight_answer(preflight("https://evil.example"), ORIGINS, True)
        assert answer is not None
        self.assertEqual(dict(answer.headers)["Access-Control-Allow-Origin"], "*")

    def test_vary_is_extended_and_the_trio_replaced(self) -> None:
        headers = (("Vary", "Accept-Encoding"), ("access-control-allow-origin", "*"), ("X", "y"))
        found = with_origin(headers, "https://app.example.org", ORIGINS)
        self.assertEqual(dict(found)["Vary"], "Accept-Encoding, Origin")
        self.assertEqual(
            next(value for name, value in found if name.lower() == "access-control-allow-origin")[:5], "https"
        )
        self.assertEqual(with_origin((("X", "y"),), None, ORIGINS), (("X", "y"), ("Vary", "Origin")))
