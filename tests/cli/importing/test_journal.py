"""Tests ``stalwart.cli.importing.journal``."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.journal import Journal, default_path
from stalwart.cli.settings.problems import Problem

WHAT = {"kind": "mbox", "to": "https://mail.example.org"}


class JournalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def done(self, what: dict[str, str] = WHAT) -> set[str]:
        with Journal(self.path, what) as journal:
            return set(journal.done)

    def test_what_is_done_stays_done(self) -> None:
        with Journal(self.path, WHAT) as journal:
            journal.note(["a", "b\n"])
            journal.note(["a", "c"])
            journal.note(["c"])
        self.assertEqual(self.done(), {"a", "b\n", "c"})
        self.assertEqual(len(self.path.read_bytes().splitlines()), 3)

    def test_a_line_that_a_crash_has_cut_off(self) -> None:
        with Journal(self.path, WHAT) as journal:
            journal.note(["a"])
        whole = self.path.read_bytes()
        for end in range(len(whole) + 1):
            self.path.write_bytes(whole[:end])
            with Journal(self.path, WHAT) as journal:
                self.assertEqual(journal.done, {"a"} if end == len(whole) else set())
                journal.note(["b"])
            self.assertIn("b", self.done())

    def test_the_journal_of_something_else(self) -> None:
        self.done()
        self.assertRaises(Problem, self.done, {"kind": "imap"})
        self.path.write_bytes(b"shopping list\n")
        self.assertRaises(Problem, self.done)
        self.path.write_bytes(b'{"import":1}\n')
        self.assertRaises(Problem, self.done)

    def test_without_a_file_nothing_is_kept(self) -> None:
        with Journal(None, WHAT) as journal:
            journal.note(["a"])
        self.assertEqual(journal.done, {"a"})

    def test_a_place_that_cannot_be_written(self) -> None:
        with self.assertRaises(Problem), Journal(self.path / "no" / "where", WHAT):
            pass

    def test_each_import_has_a_place_of_its_own(self) -> None:
        self.patch(os, "environ", {**os.environ, "XDG_STATE_HOME": self.mktemp()})
        self.assertEqual(default_path(WHAT), default_path(dict(WHAT)))
        self.assertNotEqual(default_path(WHAT), default_path({"kind": "imap"}))
