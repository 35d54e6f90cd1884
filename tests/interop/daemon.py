"""The daemon inside the test network, as a person starts it, and a small HTTP client for its streams."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.interop.internet import ROOT, Internet

LOGIN = ("admin", "secret")
AUTHORIZATION = {"Authorization": "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode("ascii")}
PATIENCE = 20.0
LISTENING = re.compile(r"listening http 127\.0\.0\.1:(\d+)")


class Daemon:
    """A running ``twistd stalwart``; ``diagnosis`` are members of ``x:Diagnosis``, ``options`` further ones of the
    command line. ``folder`` is for one that is started again, and stays.
    """

    def __init__(
        self,
        internet: Internet,
        *options: str,
        hostname: str = "client.test",
        folder: Path | None = None,
        **diagnosis: Any,
    ) -> None:
        self._internet = internet
        self._is_own = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="test-daemon-"))
        self.log = self._folder / "log"
        chosen = {"allowPrivateTargets": True, **diagnosis}
        environment = {
            "STALWART_RECOVERY_ADMIN": ":".join(LOGIN),
            "STALWART_DIAGNOSIS": json.dumps(chosen),
            "STALWART_HOSTNAME": hostname,
            "SSL_CERT_FILE": str(internet.authorities),
            "PYTHONPATH": str(ROOT),
        }
        twistd = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile="]
        usual = ["stalwart", "--data", str(self._folder / "data"), "--http", "tcp:0:interface=127.0.0.1:backlog=1024"]
        with open(self.log, "wb") as log:
            self.process = internet.start(
                *twistd,
                *usual,
                *options,
                env={**os.environ, **environment},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.port = self._wait()

    @property
    def url(self) -> str:
        """Its base inside the network."""
        return f"http://127.0.0.1:{self.port}"

    def connection(self, timeout: float = 60.0) -> http.client.HTTPConnection:
        """A connection to it."""
        opened = self._internet.socket()
        opened.settimeout(timeout)
        opened.connect(("127.0.0.1", self.port))
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        client.sock = opened
        return client

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, body."""
        client = self.connection()
        try:
            client.request("GET", path, headers=AUTHORIZATION if headers is None else headers)
            answer = client.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            client.close()

    def open_stream(self, target: str, query: str = "") -> Stream:
        """A diagnosis of ``target``; refusals are answers with a status."""
        return Stream(self.connection(), f"/api/live/delivery/{quote(target, safe='')}?{query}")

    def stages(self, target: str, query: str = "") -> list[dict[str, Any]]:
        """All stages of the diagnosis of ``target``."""
        stream = self.open_stream(target, query)
        try:
            return list(stream)
        finally:
            stream.close()

    def terminate(self, patience: float = 15.0) -> tuple[int, float]:
        """SIGTERM; the exit status and the seconds until then."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience), time.monotonic() - began

    def close(self) -> None:
        """End it, whatever it does, and remove its folder."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._is_own:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self) -> int:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            text = self.log.read_text(errors="replace")
            found = LISTENING.search(text)
            if found:
                return int(found[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.close_with(f"the daemon does not listen:\n{self.log.read_text(errors='replace')[-4000:]}")
        raise AssertionError

    def close_with(self, message: str) -> None:
        """Close and fail with ``message``."""
        self.close()
        raise RuntimeError(message)


class Stream:
    """An open diagnosis: iterates over its stages as they arrive."""

    def __init__(self, client: http.client.HTTPConnection, path: str) -> None:
        self._client = client
        client.request("GET", path, headers=AUTHORIZATION)
        self._answer = client.getresponse()
        self.status = self._answer.status
        self.headers = {name.lower(): value for name, value in self._answer.getheaders()}

    def body(self) -> bytes:
        """What an answer that is no stream says."""
        return self._answer.read()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        name = None
        while line := self._answer.readline():
            text = line.decode("utf-8").rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: "):
                assert name == "event", name
                (stage,) = json.loads(text.removeprefix("data: "))
                yield stage

    def close(self) -> None:
        """Leave."""
        self._answer.close()
        self._client.close()
