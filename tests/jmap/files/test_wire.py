"""Tests ``stalwart.jmap.files.wire``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.files import wire
from stalwart.store.collection_rows import FileNode


def node(is_folder: bool = False, **data: object) -> FileNode:
    return FileNode(5, -15, "a", is_folder, 3, 100, 200, b"\x01" * 32, data)


class WireTests(SynchronousTestCase):
    def test_media_types(self) -> None:
        for text, is_one in (
            ("text/plain", True),
            ("application/vnd.x+json", True),
            ("text", False),
            ("text/plain; charset=utf-8", False),
            ("text/", False),
            ("täxt/plain", False),
            ("a" * 128 + "/b", False),
        ):
            self.assertEqual(wire.is_media_type(text), is_one, text)
        self.assertEqual(wire.media_type(node(type="text/html; charset=x")), "text/html")
        self.assertEqual(wire.media_type(node()), "application/octet-stream")
        self.assertEqual(wire.media_type(node(type=";")), "application/octet-stream")
        self.assertIsNone(wire.media_type(node(True, type="text/plain")))

    def test_times(self) -> None:
        self.assertEqual((wire.created_at(node()), wire.modified_at(node()), wire.accessed_at(node())), (100, 200, 100))
        said = node(created=1, modified=2, accessed=3)
        self.assertEqual((wire.created_at(said), wire.modified_at(said), wire.accessed_at(said)), (1, 2, 3))
        self.assertEqual(wire.seconds("1970-01-01T00:00:01Z"), 1)
        self.assertEqual(wire.seconds("0001-01-01T00:00:00Z"), -62135596800)
        self.assertIsNone(wire.seconds(None))
