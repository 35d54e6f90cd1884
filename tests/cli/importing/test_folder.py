"""Tests ``stalwart.cli.importing.folder``."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.folder import FolderSource
from stalwart.cli.importing.items import Unreadable
from stalwart.cli.settings.problems import Problem


class FolderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        (self.path / "a" / "b").mkdir(parents=True)
        (self.path / "a" / "x.txt").write_text("hello")
        os.utime(self.path / "a" / "x.txt", (86400, 86400))
        (self.path / "link").symlink_to(self.path / "a" / "x.txt")
        (self.path / "away").symlink_to(self.path / "a")
        os.mkfifo(self.path / "pipe")

    def test_folders_come_before_what_is_in_them(self) -> None:
        source = FolderSource(self.path, ("Documents",))
        found = [(item.kind, item.place, item.name) for item in source.items() if item.name]
        self.assertEqual(
            found,
            [
                ("folder", ("Documents",), "a"),
                ("folder", ("Documents", "a"), "b"),
                ("file", ("Documents", "a"), "x.txt"),
            ],
        )
        (file,) = (item for item in source.items() if item.name == "x.txt")
        self.assertEqual(
            (file.read(), file.media_type, file.modified), (b"hello", "text/plain", "1970-01-02T00:00:00Z")
        )
        self.assertEqual(source.count(), 6)
        (self.path / "a" / "x.txt").unlink()
        self.assertRaises(Unreadable, file.read)
        source.close()

    def test_what_is_no_file_is_told(self) -> None:
        told = {}
        for item in FolderSource(self.path, None).items():
            if not item.name:
                told[item.key] = str(self.assertRaises(Unreadable, item.read))
        link = "it is a link, and links are not followed"
        self.assertEqual(told, {"link": link, "away": link, "pipe": "it is no file"})

    def test_what_is_no_folder(self) -> None:
        self.assertRaises(Problem, FolderSource, self.path / "link", None)
