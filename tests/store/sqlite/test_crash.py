"""What the store has acknowledged survives ``kill -9``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.store.opened import opened

ROOT = Path(__file__).parents[3]
ENOUGH = 100


def acknowledged_until_killed(path: str) -> list[int]:
    """Let it write, kill it in the middle of it, and read what it had been told by then."""
    command = [sys.executable, "-m", "tests.store.sqlite.crash_writer", path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(ENOUGH)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines(keepends=True)
    return [int(line) for line in lines if line.endswith("\n")]


class CrashTests(TestCase):
    timeout = 60

    async def test_everything_acknowledged_is_there(self) -> None:
        path = os.path.join(os.getcwd(), self.mktemp())
        acknowledged = await deferToThread(acknowledged_until_killed, path)
        self.assertGreaterEqual(len(acknowledged), ENOUGH)
        store = await opened(self, path)
        stored = {row.id for row in await store.read(lambda tx: tx.registry.list("Domain"))}
        self.assertEqual(set(acknowledged) - stored, set())
        self.assertEqual(await store.read(lambda tx: tx.registry.get("Domain", 0).data), {"n": 0})
