"""One daemon at a time on an SQLite file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.sole_use import PATIENCE, PAUSE, SoleUse
from stalwart.errors import Unavailable

HOLDS = """
import sys
from pathlib import Path
from stalwart.app.sole_use import SoleUse
use = SoleUse(Path(sys.argv[1]), "77 other")
print(use._take(), flush=True)
sys.stdin.read()
"""


class SoleUseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.database = Path(self.mktemp()) / "deep" / "store.sqlite3"
        self.clock = Clock()

    def use(self, daemon: str) -> tuple[SoleUse, Deferred[None]]:
        use = SoleUse(self.database, daemon)
        self.addCleanup(use.close)
        return use, Deferred.fromCoroutine(use.begin(self.clock))

    def test_workers_of_one_daemon_hold_it_together_and_another_daemon_does_not(self) -> None:
        first, begun = self.use("12 a")
        self.successResultOf(begun)
        second, begun = self.use("12 a")
        self.successResultOf(begun)
        for other in ("13 b", "12 b"):  # in another container it may have the same number
            _, waiting = self.use(other)
            self.assertNoResult(waiting)
            self.clock.pump([PAUSE] * int(PATIENCE / PAUSE + 2))
            said = self.failureResultOf(waiting, Unavailable).value.detail
            self.assertIn("process id 12.", said)
            self.assertIn(str(self.database), said)
        _, waiting = self.use("13 b")
        first.close()
        self.clock.advance(PAUSE)
        self.assertNoResult(waiting)
        second.close()
        self.clock.advance(PAUSE)
        self.successResultOf(waiting)
        self.assertEqual(self.database.with_name("store.sqlite3.lock").stat().st_mode & 0o777, 0o600)

    def test_the_kernel_takes_it_back(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-c", HOLDS, str(self.database)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        ) as process:
            assert process.stdout is not None
            self.assertEqual(process.stdout.readline(), "None\n")
            use = SoleUse(self.database, "1 here")
            self.addCleanup(use.close)
            self.assertEqual(use._take(), "77")
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertIsNone(use._take())

    def test_a_folder_that_cannot_be_written_has_no_lock(self) -> None:
        self.database = Path("/proc/nope/store.sqlite3")
        self.successResultOf(self.use("1 a")[1])

    def test_a_file_system_without_locks_has_none(self) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(95, "Operation not supported")

        self.patch(sys.modules["stalwart.app.sole_use"].fcntl, "flock", refuse)
        self.successResultOf(self.use("1 a")[1])
        self.successResultOf(self.use("2 b")[1])
