"""Several real processes that serve together (design 5): what one changes holds on the others at the next request."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.crew import Client, Crew
from tests.live.daemon import ADMIN, ENDED, LOOPBACK, PATIENCE, basic, new_folder
from tests.live.people import Administrator
from tests.live.test_sign_in import FORM, carried

NEW_PASSWORD = "another-horse-battery-8"
BEHIND = "203.0.113.5"  # said by a proxy on loopback


class CrewCase(SynchronousTestCase):
    """A daemon of ``workers`` processes, and one client of each."""

    workers = 2

    def setUp(self) -> None:
        if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
            raise SkipTest("who is whose child is read in /proc")
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        self.crew = Crew.with_data(folder / "data", "--workers", str(self.workers), *LOOPBACK)
        self.addCleanup(self.end)
        self.pids = self.crew.wait_for_workers(self.workers)
        self.clients = [self.client(pid) for pid in self.pids]

    def end(self) -> None:
        """Nobody is left over, whatever a test has done."""
        pids = self.crew.pids()
        self.crew.close()
        self.assertEqual(self.gone(pids), [])

    def gone(self, pids: list[int], patience: float = 12.0) -> list[int]:
        """Those that are still there after a while."""
        until = time.monotonic() + patience
        while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return left

    def client(self, pid: int, port: int | None = None) -> Client:
        client = self.crew.client(pid, port)
        self.addCleanup(client.close)
        return client

    def assert_clean(self) -> None:
        self.assertNotIn("Traceback", self.crew.log + self.crew.errors)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class ChangeTests(CrewCase):
    """A change made through one worker, and the very next request at the other."""

    def test_accounts_and_credentials(self) -> None:
        here, there = self.clients
        login, password = Administrator(self.crew).new_user("alice")
        basic_old, basic_new = basic(login, password), basic(login, NEW_PASSWORD)
        account = here.call("x:Account/query", {"filter": {"text": "alice"}})["ids"][0]
        made = here.call("x:ApiKey/set", {"create": {"a": {"description": "test"}}}, basic_old)["created"]["a"]
        key = {"Authorization": f"Bearer {made['secret']}"}
        first, second = self.token(login, password), self.token(login, password)
        for credentials in (basic_old, key, first, second):
            self.assertEqual([client.status(credentials) for client in self.clients], [200, 200])

        here.call("x:ApiKey/set", {"destroy": [made["id"]]}, basic_old)
        self.assertEqual(there.status(key), 401)
        sessions = here.call("x:Session/get", {}, basic_old)["list"]
        self.assertEqual(len(sessions), 2)
        here.call("x:Session/set", {"destroy": [sessions[0]["id"]]}, basic_old)
        self.assertEqual(sorted([there.status(first), there.status(second)]), [200, 401])

        patch = {"currentSecret": password, "secret": NEW_PASSWORD}
        there.call("x:AccountPassword/set", {"update": {"singleton": patch}}, basic_old)
        self.assertEqual([here.status(each) for each in (basic_old, basic_new, first, second)], [401, 200, 401, 401])
        self.assertEqual(there.status(basic_new), 200)

        without = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        here.change("Account", {"permissions": without}, account)
        self.assertEqual(there.status(basic_new), 403)
        self.assert_clean()

    def test_settings_rules_and_whole_domains(self) -> None:
        here, there = self.clients
        login, password = Administrator(self.crew).new_user("alice")
        alice = basic(login, password)
        self.assertEqual([client.status(alice) for client in self.clients], [200, 200])
        for number, (one, other) in enumerate(((here, there), (there, here), (here, there))):
            one.change("Http", {"responseHeaders": {"X-Test": str(number)}})
            self.assertEqual(other.get("/healthz/live", {})[1]["x-test"], str(number))
        here.change("Http", {"useXForwarded": True})
        rule = {"match": {"0": {"if": f"remote_ip == '{BEHIND}'", "then": "'404'"}}, "else": "200"}
        there.change("Http", {"allowedEndpoints": rule})
        behind = {"X-Forwarded-For": BEHIND}
        self.assertEqual([client.get("/healthz/live", behind)[0] for client in self.clients], [404, 404])
        domain = here.call("x:Domain/query", {})["ids"][0]
        here.change("Domain", {"isEnabled": False}, domain)
        self.assertEqual(there.status(alice), 401)
        self.assert_clean()

    def test_listeners_come_and_go_everywhere(self) -> None:
        here, there = self.clients
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        listener = {"name": "more", "bind": {f"127.0.0.1:{port}": True}, "protocol": "http", "useTls": False}
        created = here.call("x:NetworkListener/set", {"create": {"a": listener}})["created"]["a"]
        there.get("/healthz/live")
        kept = [self.client(pid, port) for pid in self.pids]
        here.change("NetworkListener", {"maxConnections": 2}, created["id"])
        self.assertEqual([client.get("/healthz/live")[0] for client in kept], [200, 200])
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            Client(port).get("/healthz/live")  # two are open, whoever of the workers has them
        there.call("x:NetworkListener/set", {"destroy": [created["id"]]})
        self.assertRaises(ConnectionRefusedError, Client, port)
        self.assertEqual([client.get("/healthz/live")[0] for client in kept], [200, 200])
        self.assertEqual(self.crew.log.count(f"listening http 127.0.0.1:{port}"), 1)
        self.assert_clean()

    def token(self, login: str, password: str) -> dict[str, str]:
        """The header of an access token, got by the device flow from whatever workers answer."""
        begun = json.loads(self.post("/auth/device", {"client_id": "a-program", "scope": "openid"}))
        page = self.post("/device", {"user_code": begun["user_code"]})
        self.post("/device", {**carried(page), "username": login, "password": password})
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
        token = json.loads(self.post("/auth/token", {"client_id": "a-program", **grant}))["access_token"]
        return {"Authorization": f"Bearer {token}"}

    def post(self, path: str, fields: dict[str, str]) -> str:
        client = Client(self.crew.port)
        try:
            status, _, body = client.request("POST", path, urlencode(fields).encode(), FORM)
            self.assertEqual(status, 200, body)
            return body.decode()
        finally:
            client.close()


class CountTests(CrewCase):
    """What is counted over all workers."""

    def test_rates_bans_and_places(self) -> None:
        here, there = self.clients
        login, password = Administrator(self.crew).new_user("alice")
        alice = basic(login, password)
        here.change("Http", {"useXForwarded": True, "rateLimitAnonymous": {"count": 4, "period": 86_400_000}})
        turns = [client.get("/healthz/live", {"X-Forwarded-For": BEHIND})[0] for client in (here, there) * 3]
        self.assertEqual(turns, [200] * 4 + [429] * 2)
        here.change("Http", {"rateLimitAnonymous": None})

        here.change("Security", {"authBanRate": {"count": 3, "period": 86_400_000}})
        wrong = basic(login, "wrong") | {"X-Forwarded-For": BEHIND}
        self.assertEqual([client.status(wrong) for client in (here, there) * 2], [401, 401, 401, 429])
        self.assertEqual([client.status(alice | {"X-Forwarded-For": BEHIND}) for client in self.clients], [403, 403])
        self.assertEqual([client.status(alice) for client in self.clients], [200, 200])

        here.change("Jmap", {"maxConcurrentUploads": 1})
        head = "".join(f"{name}: {value}\r\n" for name, value in alice.items())
        account = here.call("x:Account/query", {"filter": {"text": "alice"}})["ids"][0]
        path = f"/jmap/upload/{account}/"
        begun = f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n{head}\r\n"
        here.connection.sock.sendall(begun.encode())
        self.assertIn(b" 100 ", here.connection.sock.recv(100))  # it has its place, and waits for the file
        self.assertEqual(there.request("POST", path, b"x", alice)[0], 400)
        os.kill(self.pids[0], signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while there.request("POST", path, b"x", alice)[0] != 200 and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(there.request("POST", path, b"x", alice)[0], 200)
        self.assert_clean()


class EndTests(CrewCase):
    """Processes that end."""

    def test_killed_workers_are_replaced_and_the_port_keeps_answering(self) -> None:
        leader, other = self.pids
        os.kill(leader, signal.SIGKILL)
        for _ in range(20):
            self.assertEqual(self.crew.get("/healthz/live")[0], 200)
        task = {"@type": "StoreMaintenance", "maintenanceType": "purgeData", "status": {"@type": "Pending"}}
        made = self.clients[1].call("x:Task/set", {"create": {"a": task}})["created"]["a"]["id"]
        until = time.monotonic() + PATIENCE
        while made in self.clients[1].call("x:Task/query", {})["ids"] and time.monotonic() < until:
            time.sleep(0.05)
        self.assertNotIn(made, self.clients[1].call("x:Task/query", {})["ids"])
        pids = self.crew.wait_for_workers(2, starts=3)
        self.assertIn(other, pids)
        self.assertNotIn(leader, pids)
        lines = re.findall(r"server\.worker-ended\) worker=1 reason='signal 9' again='(.+)'", self.crew.log)
        self.assertEqual(len(lines), 1, self.crew.log)
        self.assertEqual(self.client(max(pids)).status(basic(*ADMIN)), 200)
        status, seconds = self.crew.terminate()
        self.assertIn(status, ENDED)
        self.assertLess(seconds, 10)
        self.assertEqual(self.gone(pids, 0), [])
        self.assertRaises(ConnectionRefusedError, Client, self.crew.port)
        self.assert_clean()

    def test_workers_end_with_their_parent(self) -> None:
        with socket.create_connection(("127.0.0.1", self.crew.port)):
            self.crew.signal(signal.SIGKILL)
            self.crew.wait()
            self.assertEqual(self.gone(self.pids), [])

    def test_sighup_reaches_everybody(self) -> None:
        self.crew.signal(signal.SIGHUP)
        for number in (1, 2):
            self.crew.wait_for(re.compile(rf"server\.reload\) worker={number}"))
        self.assertEqual([client.get("/healthz/live")[0] for client in self.clients], [200, 200])


class StartTests(SynchronousTestCase):
    """Where there is no store yet."""

    def test_bootstrap_has_one_worker_and_the_server_that_is_set_up_has_all(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        config = str(folder / "config.json")
        crew = Crew(
            *("stalwart", "--config", config, *LOOPBACK),
            STALWART_RECOVERY_ADMIN=":".join(ADMIN),
            STALWART_WORKERS="2",
        )
        self.addCleanup(crew.close)
        crew.wait_for_port()
        crew.wait_for(re.compile(r"mode=bootstrap .*worker=1"))
        self.assertEqual(len(crew.pids()), 1)
        answers: dict[str, Any] = {
            "serverHostname": "mail.example.org",
            "defaultDomain": "example.org",
            "dataStore": {"@type": "Sqlite", "path": "store.sqlite3"},
            "tracer": {"@type": "Log", "path": str(folder / "log")},
        }
        told = Administrator(crew).call("x:Bootstrap/set", {"update": {"singleton": answers}})["updated"]["singleton"]
        for number in (1, 2):
            crew.wait_for(re.compile(rf"mode=normal .*worker={number}"))
        crew.port = int(re.findall(r"listening http 127\.0\.0\.1:(\d+)", crew.log)[-1])
        client = crew.client(max(crew.pids()))
        self.addCleanup(client.close)
        self.assertEqual(client.status(basic(told["username"], told["secret"])), 200)
        self.assertIn(crew.terminate()[0], ENDED)
        self.assertNotIn("Traceback", crew.log + crew.errors)

    def test_root_is_dropped_everywhere_or_it_does_not_start(self) -> None:
        if os.geteuid() != 0:
            raise SkipTest("only root can become somebody else")
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        os.chmod(folder, 0o711)
        crew = Crew("stalwart", "--data", str(folder / "data"), "--workers", "2", *LOOPBACK, RUN_AS_USER="nobody")
        self.addCleanup(crew.close)
        test = f"os.setuid({pwd.getpwnam('nobody').pw_uid}); os.execv({sys.executable!r}, ['python', '-c', ''])"
        if subprocess.run(
            [sys.executable, "-c", f"import os; {test}"], stderr=subprocess.DEVNULL, check=False
        ).returncode:
            self.assertEqual(crew.wait(), 1)
            self.assertIn("nobody (RUN_AS_USER) has no access to", crew.log)
            return
        pids = crew.wait_for_workers(2)
        for pid in (crew.process.pid, *pids):
            uids = re.findall(r"^Uid:\s+(.*)$", Path(f"/proc/{pid}/status").read_text(), re.M)[0].split()
            self.assertNotIn("0", uids)
        os.kill(pids[0], signal.SIGKILL)
        crew.wait_for_workers(2, starts=3)
        self.assertIn(crew.terminate()[0], ENDED)

    def test_first_worker_that_cannot_start_ends_all_with_status_1(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        (folder / "data").write_text("")
        crew = Crew("stalwart", "--data", str(folder / "data"), "--workers", "2", *LOOPBACK)
        self.addCleanup(crew.close)
        self.assertEqual(crew.wait(), 1)
        self.assertEqual(crew.log.count("server.startup-error"), 1)
        self.assertIn("cannot be used", crew.log)
        self.assertNotIn("Traceback", crew.log + crew.errors)
