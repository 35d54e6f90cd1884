"""litmus, which tries what servers of WebDAV have to do, against a real daemon: all of its five groups pass.

``tests/interop/clients/unpack`` gets it where it is not installed; without it the test is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import Daemon, new_folder
from tests.live.people import Administrator

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".cache/litmus/usr"
PROGRAM = shutil.which("litmus") or shutil.which("litmus", path=str(UNPACKED / "bin"))
GROUPS = ("basic", "copymove", "props", "locks", "http")
PATIENCE = 120
_SUMMARY = re.compile(r"summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed")


class LitmusTests(SynchronousTestCase):
    """A user without any files."""

    def setUp(self) -> None:
        self.work = new_folder("stalwart-litmus-")
        self.addCleanup(shutil.rmtree, self.work, True)
        self.administrator = self.served()
        self.daemon = self.administrator.daemon
        self.login, self.password = self.administrator.new_user("testuser")

    def served(self) -> Administrator:
        """Of a new server."""
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        daemon = Daemon.with_data(data)
        self.addCleanup(daemon.close)
        return Administrator(daemon)

    def run_litmus(self, *groups: str) -> str:
        """What it says."""
        environment = {**os.environ, "TESTS": " ".join(groups)}
        if PROGRAM is not None and PROGRAM.startswith(str(UNPACKED)):
            libraries = [str(folder) for folder in (UNPACKED / "lib").glob("*-linux-gnu*")]
            environment["TESTROOT"] = str(UNPACKED / "libexec/litmus")
            environment["HTDOCS"] = str(UNPACKED / "share/litmus/htdocs")
            environment["LD_LIBRARY_PATH"] = ":".join(libraries)
        url = f"{self.daemon.url}/dav/file/{self.login.replace('@', '%40')}/"
        done = subprocess.run(
            [str(PROGRAM), "-k", url, self.login, self.password],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.work,
            env=environment,
            timeout=PATIENCE,
        )
        return done.stdout.decode("latin-1")

    def test_all_groups_pass(self) -> None:
        said = self.run_litmus(*GROUPS)
        told = {group: (run, failed) for group, run, _, failed in _SUMMARY.findall(said)}
        self.assertEqual(set(told), set(GROUPS), said)
        self.assertEqual([group for group, (_, failed) in told.items() if failed != "0"], [], said)
        self.assertNotIn("SKIPPED", said)

    if PROGRAM is None:
        test_all_groups_pass.skip = "litmus is neither installed nor unpacked"  # type: ignore[attr-defined]
