"""A real daemon: what it writes, who gets in, which signals it obeys, and how it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart import __version__
from stalwart.config.network.http import Http
from stalwart.config.network.listener import NetworkListener
from tests.live.daemon import ENDED, LOOPBACK, PATIENCE, ROOT, Daemon, basic, new_folder
from tests.live.small_world import pause, store_settings


class DaemonCase(SynchronousTestCase):
    """A folder for data."""

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)

    def running(self, *arguments: str, **environment: str) -> Daemon:
        """A daemon over the data folder that listens."""
        daemon = Daemon.with_data(self.data, *arguments, **environment)
        self.addCleanup(daemon.close)
        return daemon

    def started(self, *arguments: str, **environment: str) -> Daemon:
        """A daemon that may do anything."""
        daemon = Daemon(*arguments, **environment)
        self.addCleanup(daemon.close)
        return daemon


class StartTests(DaemonCase):
    """design 1."""

    def test_first_start_creates_config_and_defaults_and_token_outlives_kill_9(self) -> None:
        daemon = self.running()
        self.assertEqual(stat.S_IMODE((self.data / "config.json").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.data.stat().st_mode), 0o700)
        self.assertEqual([daemon.get(path, {})[0] for path in ("/healthz/live", "/healthz/ready")], [200, 200])
        self.assertGreater(len(daemon.json("/api/account")["permissions"]), 500)
        self.assertEqual(daemon.get("/api/account", basic("admin", "wrong"))[0], 401)
        _, _, token = daemon.get("/api/token/delivery")
        config = (self.data / "config.json").read_bytes()
        daemon.signal(signal.SIGKILL)
        daemon.wait()

        again = self.running()
        self.assertEqual((self.data / "config.json").read_bytes(), config)
        # a good token gets as far as the target, which is none
        self.assertEqual(again.get(f"/api/live/delivery/192.0.2.1?token={token.decode()}", {})[0], 400)
        self.assertEqual(again.get(f"/api/live/delivery/192.0.2.1?token=x{token.decode()}", {})[0], 401)
        status, seconds = again.terminate()
        self.assertIn(status, ENDED)
        self.assertLess(seconds, 10)
        self.assertNotIn("Traceback", again.log + again.errors)

    def test_bootstrap_writes_nothing_and_prints_a_password_that_opens_two_permissions(self) -> None:
        self.data.mkdir()
        daemon = self.started("stalwart", "--config", str(self.data / "config.json"), *LOOPBACK)
        daemon.wait_for_port()
        found = re.findall(r"Log in as (\S+) with the password ([A-Za-z0-9]{16})\n", daemon.errors)
        self.assertEqual(len(found), 1, daemon.errors)
        expected = ["sys-bootstrap-get", "sys-bootstrap-update"]
        self.assertEqual(daemon.json("/api/account", basic(*found[0]))["permissions"], expected)
        self.assertNotIn(found[0][1], daemon.log)
        self.assertIn(daemon.terminate()[0], ENDED)
        self.assertEqual(list(self.data.iterdir()), [])

    def test_demo_prints_accounts_that_can_sign_in_and_keeps_them(self) -> None:
        first = self.running("--demo", *LOOPBACK)
        credentials = (self.data / "demo-credentials.txt").read_text()
        login, password = credentials.splitlines()[0].split(" ")
        self.assertEqual(first.get("/api/account", basic(login, password))[0], 200)
        self.assertEqual(first.get("/api/token/delivery", basic(login, password))[0], 200)
        self.assertNotIn(password, first.log.split("Stalwart is running.")[0])
        self.assertIn(first.terminate()[0], ENDED)
        second = self.running("--demo", *LOOPBACK)
        self.assertEqual((self.data / "demo-credentials.txt").read_text(), credentials)
        self.assertEqual(second.get("/api/account", basic(login, password))[0], 200)

    def test_port_in_use_is_one_line_and_the_other_listener_serves(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as holder:
            taken = f"tcp:{holder.getsockname()[1]}:interface=127.0.0.1"
            daemon = self.running("--http", taken, *LOOPBACK)
        lines = [line for line in daemon.log.splitlines() if taken in line]
        self.assertEqual(len(lines), 1, daemon.log)
        self.assertIn("reason='Address already in use'", lines[0])
        self.assertEqual(daemon.get("/healthz/live")[0], 200)
        self.assertNotIn("Traceback", daemon.log)

    def test_submission_asks_for_a_login(self) -> None:
        daemon = self.running(*LOOPBACK, "--submission", "tcp:0:interface=127.0.0.1")
        port = int(daemon.wait_for(re.compile(r"listening submission 127\.0\.0\.1:(\d+)"))[1])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            self.assertEqual(client.recv(1000)[:4], b"220 ")
            client.sendall(b"EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nQUIT\r\n")
            self.assertIn(b"\r\n530 5.7.0 ", client.makefile("rb").read())


class RefusedStartTests(DaemonCase):
    """A start that cannot be: status 1 and a sentence."""

    def refused(self, *arguments: str, **environment: str) -> str:
        daemon = self.started("stalwart", *arguments, **environment)
        self.assertEqual(daemon.wait(), 1)
        said = daemon.log + daemon.errors
        self.assertNotIn("Traceback", said)
        return said

    def test_malformed_variable_is_named(self) -> None:
        said = self.refused("--data", str(self.data), STALWART_RECOVERY_ADMIN="nonsense")
        self.assertEqual(said, "stalwart: STALWART_RECOVERY_ADMIN must be user:secret, both not empty.\n")

    def test_data_folder_that_is_a_file_is_named(self) -> None:
        self.data.write_text("")
        said = self.refused("--data", str(self.data), *LOOPBACK)
        self.assertIn(f"server.startup-error) reason='The data folder {self.data} cannot be used", said)

    def test_no_store_is_a_usage_error(self) -> None:
        self.assertIn("Give --data FOLDER", self.refused(*LOOPBACK))


class EndTests(DaemonCase):
    """Signals."""

    def test_sigterm_while_it_starts_ends_it_without_a_traceback(self) -> None:
        daemon = self.started("stalwart", "--data", str(self.data), *LOOPBACK)
        daemon.wait_for(re.compile("reactor class"))
        status, seconds = daemon.terminate()
        self.assertIn(status, ENDED)
        self.assertLess(seconds, 10)
        self.assertNotIn("Traceback", daemon.log + daemon.errors)

    def test_sigint_ends_it_too(self) -> None:
        daemon = self.running()
        daemon.signal(signal.SIGINT)
        self.assertIn(daemon.wait(), (0, -signal.SIGINT))
        self.assertNotIn("Traceback", daemon.log + daemon.errors)

    def test_connection_that_is_kept_alive_does_not_hold_it_up(self) -> None:
        daemon = self.running()
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE) as client:
            client.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200", client.recv(4096))
            self.assertLess(daemon.terminate()[1], 5)


class UserTests(DaemonCase):
    """RUN_AS_USER."""

    def test_root_is_dropped_and_the_store_still_writes(self) -> None:
        if os.geteuid() != 0:
            raise SkipTest("only root can become somebody else")
        os.chmod(self.data.parent, 0o711)
        daemon = self.running(RUN_AS_USER="nobody")
        self.assertEqual(daemon.get("/healthz/ready")[0], 200)  # it is root when it says that it listens
        status = Path(f"/proc/{daemon.process.pid}/status").read_text()
        uids = re.findall(r"^Uid:\s+(.*)$", status, re.M)[0].split()
        self.assertNotIn("0", uids)
        self.assertEqual(self.data.stat().st_uid, int(uids[0]))


class ModuleTests(SynchronousTestCase):
    """``python -m``."""

    def test_command_line_runs_as_a_module(self) -> None:
        command = [sys.executable, "-m", "stalwart.cli", "--version"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertEqual(found.stdout, f"stalwart-cli {__version__}\n")


class StoredTests(TestCase):
    """Settings that another process wrote."""

    timeout = 60

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)

    async def store(self, declaration: Any, members: Any) -> None:
        await store_settings(reactor, self.data, declaration, members)

    async def test_sighup_reloads_settings(self) -> None:
        daemon = await deferToThread(Daemon.with_data, self.data)
        self.addCleanup(daemon.close)
        before = (await deferToThread(daemon.get, "/", {}))[1]["location"]
        await self.store(Http, {"redirectRoot": "/elsewhere"})
        between = (await deferToThread(daemon.get, "/", {}))[1]["location"]
        daemon.signal(signal.SIGHUP)
        after, until = between, time.monotonic() + PATIENCE
        while after == between and time.monotonic() < until:
            await pause(reactor, 0.02)
            after = (await deferToThread(daemon.get, "/", {}))[1]["location"]
        self.assertEqual((before, between, after), ("/account", "/account", "/elsewhere"))

    async def test_run_tac_serves_the_stored_listeners_of_the_folder_in_the_environment(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        listener = {"name": "http", "bind": {f"127.0.0.1:{port}": True}, "protocol": "http", "useTls": False}
        await self.store(NetworkListener, listener)
        daemon = Daemon("-y", str(ROOT / "run.tac"), STALWART_DATA=str(self.data))
        self.addCleanup(daemon.close)
        self.assertEqual(await deferToThread(daemon.wait_for_port), port)
        self.assertEqual((await deferToThread(daemon.get, "/healthz/ready", {}))[0], 200)
        status, _ = await deferToThread(daemon.terminate)
        self.assertIn(status, ENDED)
        self.assertNotIn("Traceback", daemon.log + daemon.errors)
