"""Forms of the log and web hooks of a real daemon, with a receiver that fails in every way and recovers."""

from __future__ import annotations

import hmac
import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.live.daemon import ENDED, LOOPBACK, PATIENCE, basic
from tests.live.people import Administrator
from tests.live.test_daemon import DaemonCase
from tests.live.test_workers import CrewCase

KEY = "a-key-for-signatures"


class Receiver:
    """A web hook on loopback. ``mode``: the status that it answers, 0 for silence; ``stop`` has it refuse."""

    def __init__(self) -> None:
        self.mode = 200
        self.attempts: list[int] = []
        self.events: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.hear(body, self.headers["X-Signature"])
                if receiver.mode == 0:
                    time.sleep(3)
                    self.close_connection = True
                    return
                self.send_response(receiver.mode)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        HTTPServer.allow_reuse_address = True
        self._server = HTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def hear(self, body: bytes, signature: str | None) -> None:
        """A request has come."""
        if signature != b64encode(hmac.digest(KEY.encode(), body, "sha256")).decode():
            self.wrong.append(str(signature))
        self.attempts.append(self.mode)
        if self.mode == 200:
            self.events += json.loads(body)["events"]

    def stop(self) -> None:
        """Refuse from now on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)


def until(condition: Callable[[], Any], what: str) -> Any:
    """What ``condition`` says once it says something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} does not come")


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


class LogTests(DaemonCase):
    def test_files_and_standard_output_as_json(self) -> None:
        daemon, folder = self.running(), self.data.parent / "log"
        administrator = Administrator(daemon)
        administrator.create("Tracer", {"@type": "Log", "path": str(folder), "json": True})
        daemon.get("/api/account", basic("mallory", "wrong"))
        until(lambda: list(folder.iterdir()), "file")
        administrator.create("Tracer", {"@type": "Stdout", "json": True})
        before = len(daemon.log)
        daemon.get("/api/account", basic("mallory\x1b[31m", "wrong"))
        until(lambda: "mallory\\u001b" in daemon.log[before:], "line")
        found = administrator.call("x:Log/query", {"filter": {"text": "auth.failed mallory\\x1b"}})["ids"]
        (entry,) = administrator.call("x:Log/get", {"ids": found})["list"]
        self.assertIn(r"accountName='mallory\x1b[31m'", entry["details"])
        self.assertIn(daemon.terminate()[0], ENDED)
        shown = json_lines(daemon.log[before:])
        self.assertEqual([line["level"] for line in shown if line.get("event") == "auth.failed"], ["info"])
        self.assertEqual(shown[-1]["message"], "Server Shut Down.")
        self.assertIn("server.shutdown", [line.get("event") for line in shown])
        (path,) = folder.iterdir()
        written = json_lines(path.read_text())
        self.assertIn("auth.failed", [line["event"] for line in written])
        self.assertTrue(all(line["message"] and line["timestamp"].endswith("Z") for line in written))

    def test_json_from_the_first_line_on(self) -> None:
        arguments = ("--logger=stalwart.app.process_log.json_lines", "stalwart", "--data", str(self.data), *LOOPBACK)
        daemon = self.started(*arguments)
        daemon.wait_for_port()
        daemon.terminate()
        lines = json_lines(daemon.log)
        self.assertIn("starting up", lines[0]["message"])
        self.assertIn("server.startup", [line.get("event") for line in lines])

    def test_by_default_lines_are_those_of_twistd(self) -> None:
        daemon = self.running()
        Administrator(daemon).create("Tracer", {"@type": "Stdout"})
        daemon.terminate()
        for line in daemon.log.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \[.*\] ")


class CrewLogTests(CrewCase):
    def test_form_of_all_workers(self) -> None:
        here, there = self.clients
        answer = here.call("x:Tracer/set", {"create": {"a": {"@type": "Stdout", "json": True}}})
        self.assertTrue(answer["created"], answer)
        before = len(self.crew.log)
        for client in (here, there):
            client.get("/api/account", basic("mallory", "wrong"))
        lines = until(lambda: self.failed(self.crew.log[before:], 2), "lines")
        self.assertEqual(sorted(line["worker"] for line in lines), [1, 2])
        self.assertEqual({line["accountName"] for line in lines}, {"mallory"})
        self.assert_clean()

    @staticmethod
    def failed(text: str, count: int) -> list[dict[str, Any]]:
        """The failed sign-ins, once there are so many; a line from before the change may come late, in the old form."""
        whole = text[: text.rfind("\n") + 1].splitlines()
        told = [json.loads(line) for line in whole if line.startswith("{")]
        found = [line for line in told if line.get("event") == "auth.failed"]
        return found if len(found) >= count else []


class WebHookTests(DaemonCase):
    def setUp(self) -> None:
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)
        self.daemon = self.running()
        hook = {
            "url": f"http://127.0.0.1:{self.receiver.port}/hook",
            "signatureKey": {"@type": "Value", "secret": KEY},
            "events": {"auth.failed": True},
            "eventsPolicy": "include",
            "throttle": 100,
            "timeout": 1000,
        }
        Administrator(self.daemon).create("WebHook", hook)

    def sign_in(self, *logins: str) -> None:
        """In vain."""
        for login in logins:
            self.daemon.get("/api/account", basic(login, "wrong"))

    def logins(self) -> list[str]:
        return [event["data"]["accountName"] for event in self.receiver.events]

    def attempt(self, mode: int) -> None:
        """Until the hook was told in vain."""
        until(lambda: mode in self.receiver.attempts, f"attempt with {mode}")

    def test_hook_that_fails_in_every_way_loses_nothing(self) -> None:
        receiver = self.receiver
        self.sign_in("a", "b")
        until(lambda: len(receiver.events) == 2, "first events")
        (event, _) = receiver.events
        self.assertEqual((event["type"], event["data"]["remoteIp"]), ("auth.failed", "127.0.0.1"))
        self.assertRegex(event["createdAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

        receiver.mode = 500
        self.sign_in("c")
        self.attempt(500)
        receiver.mode = 0
        self.sign_in("d")
        self.attempt(0)
        receiver.stop()
        self.sign_in("e")
        time.sleep(3.5)
        receiver.mode = 200
        receiver.start()
        self.sign_in("f")
        until(lambda: len(receiver.events) >= 6, "all events")
        self.assertEqual((self.logins(), receiver.wrong), (list("abcdef"), []))
        ids = [int(each["id"]) for each in receiver.events]
        self.assertEqual(sorted(set(ids)), ids)
        told = re.findall(r"\(telemetry.webhook-error\) .*", self.daemon.log)
        self.assertEqual(len(told), 1, told)
        self.assertNotIn(KEY, self.daemon.log)
        self.assertNotIn("Traceback", self.daemon.log + self.daemon.errors)

    def test_end_of_the_daemon_sends_what_waits(self) -> None:
        Administrator(self.daemon).call("x:WebHook/set", {"update": {self.hook(): {"throttle": 60_000}}})
        self.sign_in("a")
        until(lambda: self.receiver.events, "first event")
        self.sign_in("b")
        status, seconds = self.daemon.terminate()
        self.assertEqual((status in ENDED, self.logins()), (True, ["a", "b"]))
        self.assertLess(seconds, 10)

    def hook(self) -> str:
        """That of the hook."""
        (found,) = Administrator(self.daemon).call("x:WebHook/query", {})["ids"]
        return str(found)
