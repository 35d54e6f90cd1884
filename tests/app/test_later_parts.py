"""What a start does not load is what the list says, and the list is of modules that are there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.later_parts import LIBRARIES, PARTS, import_parts

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0
LOOPBACK = ("--http", "tcp:0:interface=127.0.0.1", "--smtp", "tcp:0:interface=127.0.0.1")
NEVER = {
    "stalwart.app.first_setup": "a server that is set up",
    "stalwart.app.workers.supervisor": "several processes",
    "stalwart.cli": "another program",
}

START = """
import sys
from twisted.internet import reactor, task
from stalwart.app.tap import Options, makeService

options = Options()
options.parseOptions(sys.argv[1:])
service = makeService(options)
service.startService()
reactor.addSystemEventTrigger("before", "shutdown", service.stopService)

def look():
    if service._house is not None:
        print("\\n".join(sys.modules))
        looking.stop()
        reactor.stop()

looking = task.LoopingCall(look)
looking.start(0.02)
reactor.run()
"""


class LaterPartTests(SynchronousTestCase):
    """One start, in a process of its own, of a server that nobody has asked anything."""

    def test_a_start_does_not_load_them(self) -> None:
        loaded = started()
        self.assertIn("stalwart.app.house", loaded)
        for name, when in {**PARTS, **LIBRARIES, **NEVER}.items():
            found = sorted(each for each in loaded if each == name or each.startswith(f"{name}."))
            self.assertEqual(found, [], f"{name} is for {when}; python -X importtime tells who imports it")

    def test_they_can_be_imported_before(self) -> None:
        import_parts()
        self.assertLessEqual(PARTS.keys(), sys.modules.keys())


def started() -> set[str]:
    """The names of the modules of a server that has just started."""
    folder = Path(tempfile.mkdtemp(prefix="stalwart-test-"))
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("STALWART_", "RUN_AS_"))}
    try:
        done = subprocess.run(
            [sys.executable, "-c", START, "--data", str(folder / "data"), *LOOPBACK],
            cwd=ROOT,
            env=variables | {"STALWART_RECOVERY_ADMIN": "admin:secret"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    return set(done.stdout.split())
