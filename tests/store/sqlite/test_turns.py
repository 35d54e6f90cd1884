"""Turns of processes that write: waiting for them, not getting them, and what a dead process leaves."""

from __future__ import annotations

import fcntl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sql.session import Session
from stalwart.store.sqlite.engine import SqliteEngine
from stalwart.store.sqlite.turns import Turns

WRITING = 1
_LOCK = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, {how}, 1, int(sys.argv[2]))"
_HOLD = _LOCK.format(how="fcntl.LOCK_EX") + "; print(flush=True); input()"
_ASK = _LOCK.format(how="fcntl.LOCK_EX | fcntl.LOCK_NB")


class TurnsTests(SynchronousTestCase):
    """One writer here, others in processes of their own: record locks do not keep out the process that has them."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.turns = Turns(self.path, 0.05)
        self.addCleanup(self.turns.close)

    @contextmanager
    def other(self) -> Iterator[subprocess.Popen[str]]:
        """Another process that writes and does not come to an end."""
        command = [sys.executable, "-I", "-S", "-c", _HOLD, str(self.path), str(WRITING)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield process
            finally:
                process.kill()

    def is_free(self) -> bool:
        """Whether another process could write."""
        command = [sys.executable, "-I", "-S", "-c", _ASK, str(self.path), str(WRITING)]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def test_turn_is_taken_and_passed_on(self) -> None:
        self.turns.take()
        self.assertFalse(self.is_free())
        self.turns.pass_on()
        self.assertTrue(self.is_free())
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_passing_on_what_one_has_not_is_nothing(self) -> None:
        self.turns.pass_on()
        self.turns.take()
        self.turns.pass_on()
        self.turns.pass_on()
        self.assertTrue(self.is_free())

    def test_who_gets_no_turn_goes_on_without_after_a_while(self) -> None:
        self.path.touch()
        with self.other():
            began = time.monotonic()
            self.turns.take()
            self.assertGreaterEqual(time.monotonic() - began, 0.05)
            self.turns.pass_on()
            self.assertFalse(self.is_free())

    def test_turn_of_a_dead_process_is_over(self) -> None:
        self.path.touch()
        with self.other() as process:
            process.kill()
            process.wait()
            self.turns.take()
        self.assertFalse(self.is_free())

    def test_closing_passes_on(self) -> None:
        self.turns.take()
        self.turns.close()
        self.assertTrue(self.is_free())

    def test_file_that_cannot_be_had_is_the_business_of_the_database(self) -> None:
        turns = Turns(self.path / "no" / "folder", 0.05)
        turns.take()
        turns.pass_on()
        turns.close()

    def test_file_system_without_locks_is_none_either(self) -> None:
        def refuse(*_: object) -> None:
            raise OSError("no locks")

        self.patch(fcntl, "lockf", refuse)
        self.turns.take()


class SessionTests(SynchronousTestCase):
    """When a writer has its turn."""

    def setUp(self) -> None:
        path = Path(self.mktemp())
        engine = SqliteEngine(path)
        engine.prepare(0)
        self.session: Session = engine.open_writer()
        self.addCleanup(self.session.close)
        self.told: list[str] = []
        self.patch(Turns, "take", lambda _turns: self.told.append("take"))
        self.patch(Turns, "pass_on", lambda _turns: self.told.append("pass on"))

    def test_from_the_beginning_of_a_transaction_to_its_end(self) -> None:
        for end in (self.session.commit, self.session.rollback, self.session.close):
            self.session.begin_write()
            self.assertEqual(self.told, ["take"])
            end()
            self.assertEqual(self.told, ["take", "pass on"])
            self.told.clear()
