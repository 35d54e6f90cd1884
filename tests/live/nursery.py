"""Starts daemons without the seconds that every new interpreter spends on importing the same modules.

One process beside the tests imports what a daemon is made of, and waits. It forks for each daemon that is asked for;
the child goes on as ``twistd`` with arguments, environment, folder and files of its own, and imports nothing twice.
That a daemon also starts from nothing is shown by those who call ``Daemon`` themselves; with ``SOAK`` all of them do.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins

IMPORTED = (
    "stalwart.app.tap",
    "stalwart.app.house",
    "stalwart.app.service",
    "twisted.scripts.twistd",
    "twisted.scripts._twistd_unix",
    "twisted.internet.epollreactor",
)
WALKED = ("stalwart.config", *(f"stalwart.{face}" for face in ("api", "discovery", "jmap", "oauth", "site")))
"""What a daemon imports, and the packages of which it imports all."""
REACTOR = "twisted.internet.reactor"
LARGEST = 1 << 17
PATIENCE = 30.0


class Child:
    """A daemon that the nursery has made: what tests use of ``subprocess.Popen``."""

    def __init__(self, pid: int, end: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._end = end
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended."""
        until = None if timeout is None else time.monotonic() + timeout
        while (found := self._look(0.1)) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"daemon {self.pid}", timeout or 0.0)
        return found

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _look(self, patience: float) -> int | None:
        with self._lock:
            if self.returncode is None and select.select([self._end], [], [], patience)[0]:
                told = os.read(self._end, 64)
                os.close(self._end)
                self.returncode = int(told) if told else -signal.SIGKILL  # of a nursery that is gone itself
            return self.returncode


class Nursery:
    """The process that forks, started when the first daemon is asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, out: IO[bytes], err: IO[bytes]
    ) -> Child:
        """``twistd`` with ``arguments`` in ``folder``."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._begin()
            asked = json.dumps([list(arguments), dict(environment), str(folder)]).encode()
            told, telling = os.pipe()
            socket.send_fds(self._control, [asked], [out.fileno(), err.fileno(), telling])
            os.close(telling)
            return Child(int(self._control.recv(64)), told)

    def close(self) -> None:
        """Let it go; what it has forked goes on."""
        if self._process is not None:
            self._control.close()
            self._process.wait(PATIENCE)

    def _begin(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(PATIENCE)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.live.nursery", str(theirs.fileno())],
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        atexit.register(self.close)


def serve(control: socket.socket) -> None:
    """Fork for whoever asks over ``control``, and tell how the children end; in a child, be the daemon."""
    load()
    gc.collect()
    gc.freeze()
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking)
    ends: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            tell(ends)
        if control in ready:
            asked, given, _, _ = socket.recv_fds(control, LARGEST, 3)
            if not asked:  # the tests are over
                return
            out, err, telling = given
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (woken, waking, telling, *ends.values()):
                    os.close(each)
                control.close()
                become(json.loads(asked), out, err)
                return
            os.close(out)
            os.close(err)
            ends[pid] = telling
            control.send(b"%d" % pid)


def load() -> None:
    """Import what daemons import, all but the reactor: each has its own. (klein imports it for ``Klein.run`` only.)"""
    sys.modules[REACTOR] = ModuleType(REACTOR)
    for name in IMPORTED:
        importlib.import_module(name)
    for package in map(importlib.import_module, WALKED):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    list(getPlugins(IServiceMaker))
    del sys.modules[REACTOR]


def tell(ends: dict[int, int]) -> None:
    """Say of those that have ended how they did."""
    while ends:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with open(ends.pop(pid), "wb", buffering=0) as telling:
            telling.write(b"%d" % os.waitstatus_to_exitcode(status))


def become(asked: tuple[list[str], dict[str, str], str], out: int, err: int) -> None:
    """Be ``twistd``, as if it had been called."""
    arguments, environment, folder = asked
    for number, standard in ((out, 1), (err, 2)):
        os.dup2(number, standard)
        os.close(number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["twistd", *arguments]
    sys.path[:1] = ["", *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    from twisted.scripts.twistd import run  # not before the environment is there

    run()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
