"""Where calendars and address books begin."""

from __future__ import annotations

from stalwart.discovery import dav
from tests.discovery.server import DiscoveryCase
from tests.web.client import request_bytes

PLACES = {"/.well-known/caldav": "/dav/cal", "/.well-known/carddav": "/dav/card"}
BELOW = {
    "/.well-known/caldav/": "/dav/cal",
    "/.well-known/caldav/x/y": "/dav/cal",
    "/.well-known/carddav/": "/dav/card",
    "/.well-known/carddav/%2F": "/dav/card",
}
FIND = b'<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


class RedirectTests(DiscoveryCase):
    def test_every_method_and_whatever_is_below(self) -> None:
        for path, place in {**PLACES, **BELOW}.items():
            for method in ("GET", "HEAD", "PROPFIND", "REPORT", "OPTIONS", "POST"):
                for query in ("", "?x=1"):
                    answer = self.ask(path + query, method)
                    self.assertEqual((answer.status, answer.headers["location"]), (307, place), (method, path))
                    self.assertEqual((answer.headers["cache-control"], answer.body), ("no-cache", b""))

    def test_connection_goes_on_after_a_body(self) -> None:
        connected = self.server.connect()
        asked = request_bytes("PROPFIND", "/.well-known/caldav", {"Depth": "0"}, FIND)
        connected.send(asked[:-20])
        self.assertEqual(connected.received(), b"")
        connected.send(asked[-20:] + asked)
        self.assertEqual([each.status for each in connected.responses()], [307, 307])
        self.assertFalse(connected.ended())

    def test_body_that_is_too_long_is_refused(self) -> None:
        self.assert_problem(self.ask("/.well-known/carddav", "PROPFIND", b"x" * (dav.caldav.body_limit + 1)), 413)

    def test_no_limit_of_strangers_applies(self) -> None:
        self.server.settings.change(Http={"rateLimitAnonymous": {"count": 1, "period": 60_000}})
        self.assertEqual({self.ask(path).status for path in (*PLACES, *PLACES)}, {307})

    def test_names_that_only_begin_so_are_not_there(self) -> None:
        self.assert_problem(self.ask("/.well-known/caldavx"), 404)


class ElsewhereTests(DiscoveryCase):
    def test_who_knows_no_other_place_is_led_to_principals(self) -> None:
        for path in ("/", "/principals", "/principals/"):
            answer = self.ask(path, "PROPFIND", FIND)
            self.assertEqual((answer.status, answer.headers["location"]), (307, "/dav/pal"))

    def test_abilities_are_told_above_all_folders(self) -> None:
        for path in ("/", "*"):
            answer = self.ask(path, "OPTIONS")
            self.assertEqual((answer.status, answer.headers["dav"], answer.body), (200, "1, 2, 3", b""))
