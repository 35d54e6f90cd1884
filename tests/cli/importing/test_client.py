"""Tests ``stalwart.cli.importing.client``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.client import JmapClient
from stalwart.cli.settings.connection import Reply
from stalwart.cli.settings.problems import CallFailed, Problem
from tests.cli.importing.fakes import SESSION, FakeServer, reply

MAIL = "urn:ietf:params:jmap:mail"


class ClientTests(SynchronousTestCase):
    def test_a_busy_server_is_asked_again(self) -> None:
        server = FakeServer(replies=[Reply(429, {"retry-after": "7"}, b""), Reply(503, {}, b""), Reply(200, {}, b"x")])
        self.assertEqual(server.client().send("GET", "/").body, b"x")
        self.assertEqual(server.pauses, [7.0, 2.0])

    def test_patience_has_an_end(self) -> None:
        server = FakeServer(replies=[Reply(429, {"retry-after": "9999"}, b"")] * 9)
        self.assertRaises(Problem, server.client().send, "GET", "/")
        self.assertEqual(server.pauses, [60.0] * 8)

    def test_errors_are_problems(self) -> None:
        for status in (401, 404, 500):
            server = FakeServer(replies=[Reply(status, {}, b"")])
            self.assertRaises(Problem, server.client().checked, "GET", "/")


class JmapTests(SynchronousTestCase):
    def test_the_session_may_be_elsewhere(self) -> None:
        moved = Reply(307, {"location": "https://x.test/there"}, b"")
        server = FakeServer(replies=[moved, reply(200, SESSION)])
        JmapClient(server.client())
        self.assertEqual([path for _, path, _, _ in server.asked], ["/.well-known/jmap", "/there"])
        self.assertRaises(Problem, JmapClient, FakeServer(replies=[reply(200, [])]).client())

    def test_accounts(self) -> None:
        jmap = FakeServer().jmap()
        self.assertEqual(jmap.account(None, MAIL), "a1")
        self.assertEqual(jmap.account("staff@example.org", MAIL), "a2")
        self.assertRaises(Problem, jmap.account, "staff@example.org", "urn:ietf:params:jmap:filenode")
        self.assertRaises(Problem, jmap.account, "nobody", MAIL)
        self.assertEqual((jmap.limit("maxObjectsInGet", 9), jmap.limit("other", 9)), (3, 9))
        self.assertTrue(jmap.has(MAIL))

    def test_calls_and_their_errors(self) -> None:
        server = FakeServer({"A/get": lambda given: {"got": given}, "B/get": lambda given: {"type": "forbidden"}})
        self.assertEqual(server.jmap().call([MAIL], "A/get", x=1), {"got": {"x": 1}})
        self.assertRaises(CallFailed, server.jmap().call, [], "B/get")

    def test_small_blobs_go_together(self) -> None:
        server = FakeServer()
        contents = [b"a", b"x" * 300_000, b"odd", *[b"y" * 200_000] * 20]
        ids = server.jmap().upload_all("a1", contents, "text/plain")
        self.assertEqual(ids[:3] + ids[-1:], ["Ba", "B" + "x" * 20, "Bodd", "B" + "y" * 20])
        self.assertEqual([path for _, path, _, _ in server.asked].count("/jmap/"), 2)
        self.assertEqual(server.jmap().upload_all("a1", [], "text/plain"), [])

    def test_blobs(self) -> None:
        server = FakeServer()
        jmap = server.jmap()
        self.assertEqual(jmap.upload("a1", b"hello", "text/plain"), "Bhello")
        path = jmap.download("a1", "B/x").decode()
        self.assertEqual(path, "/jmap/download/a1/B%2Fx/x?accept=application%2Foctet-stream")
