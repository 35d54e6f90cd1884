"""The words of ``stalwart-cli store``."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from typing import Any

from stalwart.cli.store import command
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.cli.store.case import StoreCase


class CommandTests(StoreCase):
    def ran(self, work: command.Work) -> int:
        self.patch(sys, "stderr", io.StringIO())
        return command.run(argparse.Namespace(), work)

    def test_a_store_that_is_not_there_is_said(self) -> None:
        self.assertEqual(self.run_cli("check", self.target), 1)
        self.assertIn("stalwart-cli: ", self.said)

    def test_an_error_of_the_disk_is_said(self) -> None:
        def full(*_: object) -> int:
            raise OSError(28, "No space left on device", "/backup/x")

        self.assertEqual(self.ran(full), 2)

    def test_whoever_breaks_it_off_is_told_what_that_means(self) -> None:
        def broken(*_: object) -> int:
            raise KeyboardInterrupt

        self.assertEqual(self.ran(broken), 2)

    def test_a_signal_leaves_nothing_behind(self) -> None:
        rows = SqliteBulk.rows

        def ended(database: SqliteBulk, table: Any) -> Any:
            os.kill(os.getpid(), wanted)
            return rows(database, table)

        before, ignored = signal.getsignal(signal.SIGTERM), signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, ignored)
        self.patch(SqliteBulk, "rows", ended)
        wanted = signal.SIGHUP
        self.assertEqual(self.run_cli("backup", self.source, self.file.with_name("nohup.tar")), 0, self.said)
        wanted = signal.SIGTERM
        self.assertEqual(self.run_cli("backup", self.source, self.file), 2)
        self.assertIn("interrupted", self.said)
        self.assertEqual(list(self.file.parent.glob("backup*")), [])
        self.assertEqual(signal.getsignal(signal.SIGTERM), before)

    def test_words_are_needed(self) -> None:
        for words in ((), ("copy",), ("restore", "x"), ("backup", "x")):
            self.assertRaises(SystemExit, self.run_cli, *words)
