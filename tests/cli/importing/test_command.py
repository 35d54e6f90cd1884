"""Tests ``stalwart.cli.importing.command``; against real servers ``tests.live.test_importing``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing import command
from stalwart.cli.main import run


class CommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)
        self.patch(command.os, "environ", {"XDG_STATE_HOME": self.mktemp()})

    def test_a_rehearsal_needs_no_server(self) -> None:
        path = Path(self.mktemp())
        path.write_bytes(b"From x\nSubject: a\n\nb\n")
        self.assertEqual(run(["import", "mbox", str(path), "--dry-run"]), 0)
        self.assertIn("1 would be imported", self.out.getvalue())

    def test_wrong_usage(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        for words, said in (
            (["mbox", str(folder)], "no file"),
            (["files", str(folder), str(folder)], "one source at a time"),
            (["imap", "imap://127.0.0.1"], "--source-user"),
            (["jmap", "http://127.0.0.1", "--source-user", "x"], "STALWART_SOURCE_PASSWORD"),
            (["files", str(folder)], "which server"),
        ):
            self.patch(sys, "stdin", io.StringIO())
            self.assertEqual(run(["import", *words]), 2, words)
            self.assertIn(said, self.err.getvalue())

    def test_a_source_that_cannot_all_be_read(self) -> None:
        path = Path(self.mktemp()).with_suffix(".ics")
        path.write_text("nothing")
        self.assertEqual(run(["import", "ics", str(path), "--dry-run"]), 1)
        self.assertIn("1 failed", self.out.getvalue())
