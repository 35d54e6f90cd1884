"""Several processes on one SQLite file, from its first moment on: nothing is lost, nothing is given out twice."""

from __future__ import annotations

import subprocess
import sys
from itertools import count, islice, pairwise
from pathlib import Path
from subprocess import PIPE

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import lettered
from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.sqlite.engine import SqliteEngine

ROOT = Path(__file__).parent.parent.parent.parent
PROCESSES, WORKS = 3, 60


class ProcessTests(SynchronousTestCase):
    """Real processes, started at the same time."""

    def test_processes_that_begin_and_write_at_once_lose_nothing(self) -> None:
        path = Path(self.mktemp()).absolute()
        command = [sys.executable, "-m", "tests.store.sqlite.process_writer", str(path)]
        running = [
            subprocess.Popen([*command, f"p{number}", str(WORKS)], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)
            for number in range(PROCESSES)
        ]
        for process in running:
            assert process.stdout is not None
            process.stdout.readline()
        told = [answer.splitlines() for answer in self.communicate(running)]
        self.assertEqual([process.returncode for process in running], [0] * PROCESSES)
        self.assertEqual([failed for _, failed in told], [""] * PROCESSES)
        ids = [[int(id) for id in given.split()] for given, _ in told]
        self.assertEqual([len(each) for each in ids], [WORKS] * PROCESSES)
        wanted = list(islice(filter(lambda number: lettered(number) == number, count(1)), PROCESSES * WORKS))
        self.assertEqual(sorted(id for each in ids for id in each), wanted)
        owners = [number for _, number in sorted((id, number) for number, each in enumerate(ids) for id in each)]
        turns = sum(one != other for one, other in pairwise(owners))
        self.assertGreater(turns, WORKS, "they do not take turns")

        session = SqliteEngine(path).open_reader()
        self.addCleanup(session.close)
        stored = SqlTransaction(session, MemoryBlobFiles())
        self.assertEqual(stored.counters.value("all"), PROCESSES * WORKS)
        rows = stored.registry.list("Thing")
        self.assertEqual({row.id: row.data["by"] for row in rows}, {id: f"p{n}" for n in range(3) for id in ids[n]})
        self.assertEqual(session.all("PRAGMA integrity_check"), [("ok",)])

    def communicate(self, running: list[subprocess.Popen[str]]) -> list[str]:
        """Let all go at once; what each of them says."""
        for process in running:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        return [process.communicate(timeout=60)[0] for process in running]
