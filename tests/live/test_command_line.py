"""``stalwart-cli`` in a process of its own: exit codes, pipes, interruption, and against a real daemon."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.live.daemon import ADMIN, PATIENCE, ROOT, Daemon, new_folder
from tests.live.small_world import SmallWorld

CLI = (sys.executable, "-m", "stalwart.cli")


def environment(**more: str) -> dict[str, str]:
    """Without what would lead the command elsewhere."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STALWART_")}
    return inherited | {"PYTHONPATH": str(ROOT)} | more


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    return subprocess.run(
        [*CLI, *arguments], env=environment(**more), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


class DemoTests(SynchronousTestCase):
    """``diagnose --demo`` needs no network."""

    def setUp(self) -> None:
        self.temporary = Path(tempfile.mkdtemp(prefix="test-cli-"))
        self.addCleanup(shutil.rmtree, self.temporary, True)

    def demo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run("diagnose", "--demo", *arguments, TMPDIR=str(self.temporary))

    def test_healthy_domain_is_0_and_the_last_json_line_is_completed(self) -> None:
        found = self.demo("--json")
        lines = [json.loads(line) for line in found.stdout.splitlines()]
        self.assertEqual((found.returncode, lines[-1]), (0, {"type": "completed"}))
        self.assertEqual((lines[0]["type"], lines[-2]["verdict"]), ("mxLookupStart", "ok"))
        self.assertEqual(os.listdir(self.temporary), [])

    def test_domain_that_cannot_be_delivered_to_is_1_and_piped_output_is_plain(self) -> None:
        found = self.demo("stsbad.demo.test")
        self.assertEqual(found.returncode, 1, found.stderr)
        self.assertIn("Verdict: fail", found.stdout)
        self.assertNotIn("\x1b", found.stdout)

    def test_target_that_is_none_is_2_and_leaves_no_folder(self) -> None:
        found = self.demo("192.0.2.1")
        self.assertEqual((found.returncode, os.listdir(self.temporary)), (2, []))

    def test_closed_pipe_is_not_a_traceback(self) -> None:
        with subprocess.Popen(
            [*CLI, "diagnose", "--demo"],
            env=environment(TMPDIR=str(self.temporary)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.close()
            errors = process.stderr.read().decode()
            self.assertEqual(process.wait(PATIENCE), 2)
        self.assertNotIn("Traceback", errors)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_resolver_that_is_not_there_is_2(self) -> None:
        found = run("diagnose", "x.test", "--resolver", "127.0.0.1:1")
        self.assertEqual(found.returncode, 2)
        self.assertIn("the name server gives no answer", found.stderr)


class DaemonTests(TestCase):
    """``--url``: the daemon runs it."""

    timeout = 60

    async def setUp(self) -> None:
        self.world = SmallWorld(reactor)
        self.world.start()
        self.addCleanup(self.world.stop)
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        await self.world.prepare(data)
        self.daemon = await deferToThread(Daemon.with_data, data, **self.world.environment)
        self.addCleanup(self.daemon.close)

    async def run_it(self, *arguments: str, password: str = ADMIN[1]) -> Any:
        login = ("--url", self.daemon.url, "--user", ADMIN[0], "--password", password)
        return await deferToThread(run, *login, "diagnose", *arguments)

    async def test_stages_of_the_daemon_refusals_and_interruption(self) -> None:
        found = await self.run_it("silent.test", "--timeout", "1", "--json")
        kinds = [json.loads(line)["type"] for line in found.stdout.splitlines()]
        self.assertEqual((found.returncode, kinds[0], kinds[-1]), (1, "mxLookupStart", "completed"))

        found = await self.run_it("silent.test", password="wrong")
        self.assertEqual(found.returncode, 2)
        self.assertEqual(found.stderr, "stalwart-cli: the daemon answered 401: Invalid or missing credentials.\n")

        found = await self.run_it("192.0.2.1")
        self.assertEqual((found.returncode, found.stderr[:38]), (2, "stalwart-cli: the daemon answered 400: "[:38]))

        status, errors = await deferToThread(self.interrupted)
        self.assertEqual((status, errors), (2, "stalwart-cli: interrupted\n"))

    def interrupted(self) -> tuple[int, str]:
        """Ctrl-C in the middle of a run."""
        login = ("--url", self.daemon.url, "--user", ADMIN[0], "--password", ADMIN[1])
        with subprocess.Popen(
            [*CLI, *login, "diagnose", "silent.test"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            return process.wait(PATIENCE), process.stderr.read()


class NobodyTests(SynchronousTestCase):
    """No daemon at all."""

    def test_daemon_that_is_not_there_is_2_and_nothing_runs_here_instead(self) -> None:
        found = run("diagnose", "x.test", STALWART_URL="http://127.0.0.1:1", STALWART_USER="a", STALWART_PASSWORD="b")
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertIn("no answer from http://127.0.0.1:1", found.stderr)
