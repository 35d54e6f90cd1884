"""A daemon of several workers, and connections to the very worker that a test wants.

Workers accept from one socket, so the others are stopped (SIGSTOP) while a client of one of them connects. Linux only.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live.daemon import ADMIN, PATIENCE, Daemon, basic
from tests.live.people import USING


class Crew(Daemon):
    """``Daemon`` with workers; start it with ``with_data(folder, "--workers", "2", *LOOPBACK)``."""

    def pids(self) -> list[int]:
        """The worker processes, the eldest first."""
        parent = self.process.pid
        try:
            return sorted(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))
        except FileNotFoundError:
            return []

    def wait_for_workers(self, count: int, starts: int | None = None) -> list[int]:
        """Until ``count`` workers serve, and so many starts (by default as many) are in the log; their pids."""
        started = re.compile(r"(?s)" + r"Server started .*?worker=\d+.*?" * (starts or count))
        self.wait_for(started)
        until = time.monotonic() + PATIENCE
        while len(self.pids()) != count and time.monotonic() < until:
            time.sleep(0.02)
        return self.pids()

    @contextmanager
    def only(self, pid: int) -> Iterator[None]:
        """While the other workers are stopped."""
        others = [each for each in self.pids() if each != pid]
        for each in others:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in others:
                os.kill(each, signal.SIGCONT)

    def client(self, pid: int, port: int | None = None) -> Client:
        """A connection that stays open to one worker."""
        with self.only(pid):
            client = Client(port or self.port)
            assert client.get("/healthz/live", {})[0] == 200
        return client


class Client:
    """A connection that is kept, at first of the recovery administrator."""

    def __init__(self, port: int, login: str = ADMIN[0], password: str = ADMIN[1]) -> None:
        self._headers = basic(login, password)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.connect()
        self._socket = self.connection.sock

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, body."""
        return self.request("GET", path, None, self._headers if headers is None else headers)

    def status(self, headers: dict[str, str]) -> int:
        """What who has these credentials gets for his account."""
        return self.get("/api/account", headers)[0]

    def request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """The same for any request; it is an error if the server has closed the connection."""
        assert self.connection.sock is self._socket, "another connection would be of any worker"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def call(self, name: str, arguments: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        """The arguments of the one response to a JMAP call."""
        body = json.dumps({"using": USING, "methodCalls": [[name, arguments, "0"]]}).encode()
        fields = {**(headers or self._headers), "Content-Type": "application/json"}
        status, _, text = self.request("POST", "/jmap/", body, fields)
        assert status == 200, (status, text)
        ((answered, found, _),) = json.loads(text)["methodResponses"]
        assert answered == name, (answered, found)
        return found

    def change(self, type: str, patch: dict[str, Any], id: str = "singleton") -> None:
        """Patch an object."""
        answer = self.call(f"x:{type}/set", {"update": {id: patch}})
        assert id in (answer["updated"] or {}), answer

    def close(self) -> None:
        """Leave."""
        self.connection.close()
