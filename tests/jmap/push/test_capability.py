"""What the session says of the WebSocket and of the key for push services."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.capabilities import Audience, collected
from stalwart.jmap.push.capability import VAPID, WEBSOCKET, vapid_members, websocket_members
from tests.jmap.desk import access
from tests.jmap.push.push_desk import PushDesk
from tests.web.fakes import FakeSettings

AUDIENCE = Audience(FakeSettings(), "https://mail.example.test", access(), 7, "BKey")


class MemberTests(SynchronousTestCase):
    def test_urls_of_the_socket_follow_the_base(self) -> None:
        expected = {
            "url": "wss://mail.example.test/jmap/ws",
            "supportsPush": True,
            "ticketUrl": "https://mail.example.test/jmap/ws/ticket",
        }
        self.assertEqual(websocket_members(AUDIENCE), expected)
        plain = evolve(AUDIENCE, base_url="http://localhost:8080")
        self.assertEqual(websocket_members(plain)["url"], "ws://localhost:8080/jmap/ws")
        self.assertEqual(websocket_members(evolve(AUDIENCE, base_url=""))["url"], "/jmap/ws")

    def test_the_key(self) -> None:
        self.assertEqual(vapid_members(AUDIENCE), {"applicationServerKey": "BKey"})
        self.assertIsNone(vapid_members(evolve(AUDIENCE, push_key=None)))

    def test_both_are_found(self) -> None:
        self.assertLessEqual({WEBSOCKET, VAPID}, {each.urn for each in collected()})


class SessionTests(PushDesk):
    def test_they_are_announced_for_the_server_only_the_key(self) -> None:
        session = self.get("/jmap/session").json()
        self.assertEqual(session["capabilities"][VAPID], {"applicationServerKey": "BPublic"})
        self.assertEqual(session["capabilities"][WEBSOCKET]["url"], "wss://mail.example.test/jmap/ws")
        for account in session["accounts"].values():
            self.assertNotIn(VAPID, account["accountCapabilities"])
        expected = "https://mail.example.test/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}"
        self.assertEqual(session["eventSourceUrl"], expected)
