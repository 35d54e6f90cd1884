"""Tests ``stalwart.cli.importing.targets``."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.dav import CALDAV, CARDDAV, DavClient
from stalwart.cli.importing.items import Item
from stalwart.cli.importing.targets import DavTarget, FileTarget, Loaded, MailTarget, file_name
from stalwart.cli.settings.connection import Reply
from tests.cli.importing.fakes import FakeServer
from tests.cli.importing.test_dav import CALENDAR, listed


def message(text: str, *place: str, **members: Any) -> Loaded:
    return Loaded(Item("email", text, place, bytes, **members), text.encode())


class MailTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.boxes = [{"id": "in", "name": "Inbox", "parentId": None, "role": "inbox"}]
        self.held: dict[str, str] = {}
        self.imported: list[dict[str, Any]] = []
        self.refused: dict[str, str] = {}
        self.server = FakeServer(
            {
                "Mailbox/get": lambda given: {"list": self.boxes},
                "Mailbox/set": self.new_box,
                "Blob/lookup": lambda given: {
                    "list": [
                        {"id": id, "matchedIds": {"Email": [id] if id in self.held else []}} for id in given["ids"]
                    ]
                },
                "Email/get": lambda given: {
                    "list": [{"id": id, "mailboxIds": {self.held[id]: True}} for id in given["ids"]]
                },
                "Email/import": self.take,
            }
        )
        self.target = MailTarget(self.server.jmap(), None)

    def new_box(self, given: dict[str, Any]) -> dict[str, Any]:
        box = given["create"]["k"]
        if box["name"] == "bad":
            return {"created": None, "notCreated": {"k": {"type": "invalidProperties", "properties": ["name"]}}}
        self.boxes.append({"id": f"box{len(self.boxes)}", **box})
        return {"created": {"k": {"id": self.boxes[-1]["id"]}}}

    def take(self, given: dict[str, Any]) -> dict[str, Any]:
        created, refused = {}, {}
        for key, each in given["emails"].items():
            type = self.refused.get(each["blobId"])
            if type is None:
                self.imported.append(each)
                created[key] = {"id": "x"}
            else:
                refused[key] = {"type": type}
        return {"created": created or None, "notCreated": refused or None}

    def stored(self, *loaded: Loaded) -> list[str]:
        return [outcome.what for outcome in self.target.store(loaded)]

    def test_mail_goes_into_its_folders(self) -> None:
        found = self.stored(
            message("1", "INBOX", role="inbox", keywords=("$seen",), received_at="2026-01-01T00:00:00Z"),
            message("2", "Work", "Projects"),
            message("3", "work", "PROJECTS"),
            message("4", "INBOX", "Sub"),
        )
        self.assertEqual(found, ["imported"] * 4)
        self.assertEqual(
            [(box["name"], box["parentId"]) for box in self.boxes[1:]],
            [("Work", None), ("Projects", "box1"), ("Sub", "in")],
        )
        self.assertEqual(
            self.imported[0],
            {
                "blobId": "B1",
                "mailboxIds": {"in": True},
                "keywords": {"$seen": True},
                "receivedAt": "2026-01-01T00:00:00Z",
            },
        )
        self.assertEqual(self.imported[1]["mailboxIds"], self.imported[2]["mailboxIds"])

    def test_what_is_there_stays_alone(self) -> None:
        self.held = {"B1": "in", "B2": "elsewhere"}
        found = self.stored(*(message(text, "Inbox") for text in ("1", "2", "3", "3")))
        self.assertEqual(found, ["present", "imported", "imported", "present"])

    def test_one_failure_leaves_the_others(self) -> None:
        self.refused = {"B1": "invalidEmail", "B2": "alreadyExists"}
        found = self.stored(*(message(text, "Inbox") for text in "123"), message("4", "bad"))
        self.assertEqual(found, ["failed", "present", "imported", "failed"])


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.nodes: dict[tuple[str | None, str], dict[str, Any]] = {}
        self.server = FakeServer({"FileNode/set": self.make, "FileNode/get": self.get})
        self.target = FileTarget(self.server.jmap(), None)

    def make(self, given: dict[str, Any]) -> dict[str, Any]:
        node = given["create"]["k"]
        key = node["parentId"], node["name"]
        if key in self.nodes and given.get("onExists") != "rename":
            return {
                "created": None,
                "notCreated": {"k": {"type": "alreadyExists", "existingId": self.nodes[key]["id"]}},
            }
        key = (key[0], f"{key[1]} (2)") if key in self.nodes else key
        self.nodes[key] = {"id": f"n{len(self.nodes)}", **node}
        return {"created": {"k": self.nodes[key]}}

    def get(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"list": [node for node in self.nodes.values() if node["id"] in given["ids"]]}

    def stored(self, kind: str, name: str, content: bytes = b"", *place: str) -> str:
        item = Item(kind, name, place, bytes, name=name, media_type="text/plain")  # type: ignore[arg-type]
        return self.target.store([Loaded(item, content)])[0].what

    def test_files_and_their_folders(self) -> None:
        self.assertEqual(self.stored("folder", "docs"), "imported")
        self.assertEqual(self.stored("folder", "docs"), "imported")  # by the same run
        self.assertEqual(self.stored("file", "a", b"1", "docs", "deep"), "imported")
        self.assertEqual(self.stored("file", "a", b"1", "docs", "deep"), "present")
        self.assertEqual(self.stored("file", "a", b"2", "docs", "deep"), "imported")
        self.assertEqual([name for _, name in self.nodes], ["docs", "deep", "a", "a (2)"])
        again = FileTarget(self.server.jmap(), None)
        item = Item("folder", "docs", (), bytes, name="docs")
        self.assertEqual(again.store([Loaded(item, b"")])[0].what, "present")

    def test_names_that_the_server_would_refuse(self) -> None:
        for name, made in (
            ("a:b?", "a_b_"),
            ("con", "_con"),
            ("..", "_.."),
            ("\x01", "_"),
            ("", "_"),
            ("é.txt", "é.txt"),
        ):
            self.assertEqual(file_name(name), made)


EVENT = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


class DavTests(SynchronousTestCase):
    def target(self, *replies: Reply, service: Any = CALDAV) -> tuple[FakeServer, DavTarget]:
        path = "/dav/cal/jane%40example.org/work/"
        known = Reply(207, {}, listed(x=CALENDAR).body.replace(b">x<", f">{path}<".encode()))
        server = FakeServer(replies=[known, *replies])
        return server, DavTarget(DavClient(server.client()), service, "jane@example.org")

    def test_events_are_put_silently_and_once(self) -> None:
        taken = Reply(409, {}, b'<D:error xmlns:D="DAV:" xmlns:A="x"><A:no-uid-conflict/></D:error>')
        odd = Reply(403, {}, b'<D:error xmlns:D="DAV:" xmlns:A="x"><A:valid-calendar-data/></D:error>')
        replies = Reply(201, {}, b""), Reply(412, {}, b""), taken, odd
        server, target = self.target(*replies)
        event = Loaded(Item("event", "e", ("Work",), bytes), EVENT)
        outcomes = [target.store([event])[0] for _ in replies]
        self.assertEqual([outcome.what for outcome in outcomes], ["imported", "present", "present", "failed"])
        self.assertIn("valid-calendar-data", outcomes[3].reason)
        method, path, body, headers = server.asked[1]
        self.assertEqual((method, body), ("PUT", EVENT))
        self.assertTrue(path.startswith("/dav/cal/jane%40example.org/work/"))
        self.assertEqual((headers["If-None-Match"], headers["Schedule-Reply"]), ("*", "F"))
        self.assertEqual(server.asked[2][1], path)

    def test_an_event_that_is_in_another_calendar_is_there_already(self) -> None:
        server, _ = self.target()
        server.replies = [listed(x=CALENDAR)]
        target = DavTarget(DavClient(server.client()), CALDAV, "jane@example.org", {"u1"}.__contains__)
        before = len(server.asked)
        (outcome,) = target.store([Loaded(Item("event", "e", ("New",), bytes), EVENT)])
        self.assertEqual((outcome.what, len(server.asked)), ("present", before))

    def test_a_calendar_is_made_once(self) -> None:
        server, target = self.target(Reply(201, {}, b""), Reply(201, {}, b""), Reply(201, {}, b""))
        for _ in range(2):
            target.store([Loaded(Item("event", "e", ("Über <uns>",), bytes), EVENT)])
        made = [(path, body) for method, path, body, _ in server.asked if method == "MKCOL"]
        ((path, body),) = made
        self.assertIn(b"&lt;uns&gt;", body or b"")
        self.assertTrue(path.isascii() and path.endswith("/"))

    def test_what_is_no_object_fails_by_itself(self) -> None:
        _, target = self.target()
        self.assertEqual(target.store([Loaded(Item("event", "e", ("Work",), bytes), b"x")])[0].what, "failed")
        _, target = self.target(Reply(500, {}, b""), service=CARDDAV)
        card = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nEND:VCARD\r\n"
        (outcome,) = target.store([Loaded(Item("card", "c", ("New",), bytes), card)])
        self.assertIn("cannot be made", outcome.reason)
