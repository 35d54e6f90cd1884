"""``twistd stalwart`` in a process of its own, on loopback, ended whatever happens; and a client for it.

The methods block: call them in a thread where the reactor has to go on.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stalwart.store.config_file import write_store_config
from tests.live.nursery import Child, Nursery
from tests.postgresql import server

ROOT = Path(__file__).parent.parent.parent
USUAL = "from twisted.scripts.twistd import run; run()"
TWISTD = (sys.executable, "-c", USUAL, "-n", "--pidfile=")
NURSERY = Nursery(ROOT)
COLD = bool(os.environ.get("SOAK")) or sys.platform != "linux"
LOOPBACK = ("--http", "tcp:0:interface=127.0.0.1", "--smtp", "tcp:0:interface=127.0.0.1")
ADMIN = ("admin", "secret")
PATIENCE = 30.0
LISTENING = re.compile(r"listening http 127\.0\.0\.1:(\d+)")


def basic(login: str, password: str) -> dict[str, str]:
    """The header of a login."""
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode("ascii")}


def new_folder(prefix: str = "stalwart-test-") -> Path:
    """A folder of the test's own, outside the tree."""
    return Path(tempfile.mkdtemp(prefix=prefix))


def end(process: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
    """End a program, by force if it does not listen, and wait until it is gone."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(patience)


class Daemon:
    """A running daemon. ``arguments`` follow ``twistd -n --pidfile=``; ``environment`` joins the one of the test, from
    which every variable that the daemon obeys is taken out. It starts from nothing unless ``warm``."""

    process: subprocess.Popen[bytes] | Child
    host = "127.0.0.1"
    port: int

    def __init__(self, *arguments: str, warm: bool = False, **environment: str) -> None:
        self.folder = new_folder()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STALWART_", "RUN_AS_"))}
        inherited["PYTHONPATH"] = str(ROOT)
        with open(self.folder / "out", "wb") as out, open(self.folder / "err", "wb") as err:
            env = inherited | environment
            if warm and not COLD and TWISTD[2] == USUAL:
                self.process = NURSERY.start([*TWISTD[3:], *arguments], env, self.folder, out, err)
            else:
                self.process = subprocess.Popen(
                    [*TWISTD, *arguments],
                    env=env,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                )

    @classmethod
    def with_data(cls, data: Path, *arguments: str, **environment: str) -> Daemon:
        """A daemon over ``data`` with the recovery administrator ``ADMIN``, listening; its modules are loaded.

        ``STORE=postgresql`` in the environment of the tests has each keep its data in a database of its own.
        """
        if os.environ.get("STORE") == "postgresql" and not (data / "config.json").exists():
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_store_config(data / "config.json", server().config())
        environment = {"STALWART_RECOVERY_ADMIN": ":".join(ADMIN)} | environment
        daemon = cls("stalwart", "--data", str(data), *(arguments or LOOPBACK), warm=True, **environment)
        daemon.wait_for_port()
        return daemon

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "out").read_text(errors="replace")

    @property
    def errors(self) -> str:
        """What it has said to the person at the terminal."""
        return (self.folder / "err").read_text(errors="replace")

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """The first match in the log; raises with the log if it ends or is silent."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = pattern.search(self.log)
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        problem = f"{pattern.pattern} does not come:\n{self.log[-4000:]}\n{self.errors[-4000:]}"
        self.close()
        raise AssertionError(problem)

    def wait_for_port(self) -> int:
        """The port of its first HTTP listener."""
        self.port = int(self.wait_for(LISTENING)[1])
        return self.port

    @property
    def url(self) -> str:
        """Its base."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, body; as the administrator unless ``headers`` say otherwise."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            client.request("GET", path, headers=basic(*ADMIN) if headers is None else headers)
            answer = client.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            client.close()

    def json(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """The body of a 200."""
        status, _, body = self.get(path, headers)
        assert status == 200, (status, body)
        return json.loads(body)

    def stream(self, target: str, query: str = "timeout=60") -> RawStream:
        """A diagnosis of ``target`` on a socket."""
        return RawStream(self.port, f"/api/live/delivery/{target}?{query}")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit status, negative for a signal."""
        return self.process.wait(patience)

    def terminate(self) -> tuple[int, float]:
        """SIGTERM: the exit status and the seconds until then."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.wait(), time.monotonic() - began

    def close(self) -> None:
        """End it and remove what it wrote down."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


ENDED = (0, -signal.SIGTERM)  # in good order, or by the signal as twistd does after its own end


class RawStream:
    """A request on a plain socket, read byte by byte as it comes: nothing in between buffers."""

    def __init__(self, port: int, path: str, login: tuple[str, str] = ADMIN) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: localhost",
            *(f"{name}: {value}" for name, value in basic(*login).items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        self.received = b""
        self.status = int(self.read_until(b"\r\n\r\n").split(b" ")[1])

    def read_until(self, wanted: bytes) -> bytes:
        """Everything received once ``wanted`` is in it; raises ConnectionError if the stream ends before."""
        while wanted not in self.received:
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError(f"{wanted!r} did not come: {self.received[-1000:]!r}")
            self.received += more
        return self.received

    def rest(self) -> bytes:
        """Everything received once the server has closed."""
        while more := self._socket.recv(65536):
            self.received += more
        return self.received

    def close(self) -> None:
        """Leave."""
        self._socket.close()
