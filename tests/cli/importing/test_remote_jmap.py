"""Tests ``stalwart.cli.importing.remote_jmap``."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.remote_jmap import JmapSource
from tests.cli.importing.fakes import FakeServer

BOXES = [
    {"id": "in", "name": "Inbox", "parentId": None, "role": "inbox"},
    {"id": "w", "name": "Work", "parentId": None, "role": None},
    {"id": "p", "name": "Projects", "parentId": "w", "role": None},
]


def email(number: int, *boxes: str) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "blobId": f"B{number}",
        "mailboxIds": dict.fromkeys(boxes, True),
        "keywords": {"$seen": True, "gone": False},
        "receivedAt": f"2026-01-0{number}T00:00:00Z",
    }


NODES = [
    {"id": "n1", "name": "docs", "parentId": None, "blobId": None, "type": None, "modified": None},
    {
        "id": "n2",
        "name": "a.txt",
        "parentId": "n1",
        "blobId": "F1",
        "type": "text/plain",
        "modified": "2026-01-01T00:00:00Z",
    },
]


class SourceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.emails = [email(number, "in") for number in range(1, 6)] + [email(6, "p", "in"), email(7, "unknown")]
        self.nodes: list[dict[str, Any]] = []
        self.lost: str | None = None
        self.server = FakeServer(
            {
                "Mailbox/get": lambda given: {"list": BOXES},
                "Email/query": lambda given: self.query(self.emails, given),
                "Email/get": lambda given: self.get(self.emails, given),
                "FileNode/query": lambda given: self.query(self.nodes, given),
                "FileNode/get": lambda given: self.get(self.nodes, given),
            }
        )

    def query(self, objects: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
        ids = [each["id"] for each in objects]
        position = given.get("position", 0)
        if "anchor" in given:
            if given["anchor"] == self.lost:
                ids.remove(given["anchor"])
                self.lost = None
                return {"type": "anchorNotFound"}
            position = ids.index(given["anchor"]) + given["anchorOffset"]
        return {"ids": ids[position : position + given["limit"]], "position": position, "total": len(ids)}

    def get(self, objects: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
        return {"list": [each for each in objects if each["id"] in given["ids"]]}

    def test_each_email_in_each_of_its_folders(self) -> None:
        items = list(JmapSource(self.server.jmap(), None, ("Old",)).items())
        self.assertEqual([item.key for item in items], [*(f"e{n} in" for n in range(1, 6)), "e6 in", "e6 p"])
        self.assertEqual((items[0].role, items[0].keywords), ("inbox", ("$seen",)))
        self.assertEqual(items[-1].place, ("Old", "Work", "Projects"))
        self.assertIn(b"/a1/B6/", items[-1].read())

    def test_an_email_that_goes_meanwhile_does_not_end_it(self) -> None:
        self.lost = "e3"
        keys = [item.key for item in JmapSource(self.server.jmap(), None, None).items()]
        self.assertEqual(list(dict.fromkeys(keys)), [*(f"e{n} in" for n in range(1, 6)), "e6 in", "e6 p"])

    def test_files_come_with_their_folders(self) -> None:
        self.emails, self.nodes = [], NODES[::-1]
        folder, file = JmapSource(self.server.jmap(), None, None).items()
        self.assertEqual((folder.kind, folder.place, folder.name), ("folder", (), "docs"))
        self.assertEqual(
            (file.kind, file.place, file.name, file.media_type), ("file", ("docs",), "a.txt", "text/plain")
        )

    def test_how_many(self) -> None:
        self.assertIsNone(JmapSource(self.server.jmap(), None, None).count())
        source = JmapSource(self.server.jmap(), "staff@example.org", None)
        self.assertEqual(source.count(), 7)
        source.close()
