"""Redis and NATS servers as Debian has them, installed or unpacked into ``.cache``; by default on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import end
from tests.programs import found

_CACHE = Path(__file__).parents[2] / ".cache"
_PATIENCE = 20.0
PASSWORD = "the secret of the bus"


def path_of(program: str) -> str | None:
    """Where ``redis-server`` or ``nats-server`` is."""
    folder = _CACHE / program.partition("-")[0] / "usr"
    return found(program) or next((str(path) for path in folder.glob(f"*bin/{program}")), None)


def missing(program: str) -> str | None:
    """What has to be installed, as a sentence; None if nothing."""
    return None if path_of(program) else f"{program} is missing: run tests/interop/clients/unpack"


class BusServer:
    """A running server that wants ``PASSWORD`` (of the user ``node``, for NATS); it can be killed and started again."""

    def __init__(self, program: str, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = free_port()
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """For clients of Redis."""
        return f"redis://:{PASSWORD.replace(' ', '%20')}@{self.host}:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = path_of(self._program)
        assert program is not None
        libraries = _CACHE / "redis" / "usr" / "lib" / "x86_64-linux-gnu"
        self._process = subprocess.Popen(
            [program, *self._arguments()],
            env={**os.environ, "LD_LIBRARY_PATH": str(libraries)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        late = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > late:
                    self.close()
                    raise
                time.sleep(0.02)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it one: SIGSTOP for one that hangs."""
        if self._process is not None:
            self._process.send_signal(number)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self.signal(signal.SIGCONT)
            end(self._process)

    def _arguments(self) -> list[str]:
        if self._program == "nats-server":
            return ["--addr", self.host, "--port", str(self.port), "--user", "node", "--pass", PASSWORD]
        settings = {"port": self.port, "bind": self.host, "save": "", "appendonly": "no", "requirepass": PASSWORD}
        return [part for name, value in settings.items() for part in (f"--{name}", str(value))]
