"""Texts and secrets outside the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.kept_text import LONGEST, Unreadable, kept_text
from stalwart.schema import PublicText, SecretKeyOptional, SecretText


def at(path: str) -> Any:
    """A secret in a file."""
    return SecretText.from_wire({"@type": "File", "filePath": path})


class KeptTextTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = self.mktemp()

    def refusal(self, place: Any) -> str:
        """Why it cannot be read."""
        return str(self.assertRaises(Unreadable, kept_text, place))

    def test_in_the_settings(self) -> None:
        self.assertEqual(kept_text(SecretText.from_wire({"@type": "Text", "secret": "a\n"})), "a")
        self.assertEqual(kept_text(PublicText.from_wire({"@type": "Text", "value": "b"})), "b")

    def test_nowhere(self) -> None:
        self.assertEqual(kept_text(SecretKeyOptional.from_wire({"@type": "None"})), "")

    def test_in_a_file(self) -> None:
        Path(self.path).write_text("key\n\n")
        self.assertEqual(kept_text(at(self.path)), "key")

    def test_in_the_environment(self) -> None:
        place = SecretText.from_wire({"@type": "EnvironmentVariable", "variableName": "KEPT_TEXT"})
        self.assertEqual(self.refusal(place), "the environment variable is not there or empty")
        self.patch(os, "environ", {"KEPT_TEXT": "key"})
        self.assertEqual(kept_text(place), "key")

    def test_empty_file(self) -> None:
        Path(self.path).write_text(" \n")
        self.assertEqual(self.refusal(at(self.path)), "the file is not there or empty")

    def test_missing_file(self) -> None:
        self.assertEqual(self.refusal(at(self.path)), "the file cannot be read (No such file or directory)")

    def test_long_file(self) -> None:
        Path(self.path).write_text("x" * (LONGEST + 1))
        self.assertEqual(self.refusal(at(self.path)), "the file is too long")

    def test_binary_file(self) -> None:
        Path(self.path).write_bytes(b"\xff")
        self.assertEqual(self.refusal(at(self.path)), "the file is not text")

    def test_pipes_and_folders_are_not_waited_for(self) -> None:
        os.mkfifo(self.path)
        self.assertEqual(self.refusal(at(self.path)), "the path is not that of a file")
        self.assertIn("cannot be read", self.refusal(at("/")))
        self.assertEqual(self.refusal(at("/dev/zero")), "the path is not that of a file")
