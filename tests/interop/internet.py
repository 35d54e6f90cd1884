"""A network of the tests' own: signed DNS, a validating resolver, Postfix, MTA-STS and hosts that misbehave.

It lives in new network, mount and PID namespaces, so ports 25, 53 and 443 are free, nothing leaves the
machine and nothing outlives it. For a person:

python -m tests.interop.internet up FOLDER python -m tests.interop.internet run FOLDER COMMAND... python -m
tests.interop.internet down FOLDER

Needs root and the Debian packages of docs/interop.md.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.programs import lacking

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("ip", "unshare", "nsenter", "mount", "knotd", "keymgr", "unbound", "/usr/lib/postfix/sbin/master")
NEW_NAMESPACES = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child")
PATIENCE = 15.0
CLONE_NEWNET = 0x40000000  # sched.h
LIBC = ctypes.CDLL(None, use_errno=True)


class InternetFailed(Exception):
    """The network does not come up; the text has the end of the logs."""


def missing(programs: Sequence[str] = (), own: Sequence[str] = PROGRAMS) -> str | None:
    """Why the network cannot be had here, ``None`` if it can; ``programs`` are wanted besides its ``own``."""
    if not sys.platform.startswith("linux"):
        return "needs Linux namespaces"
    if os.geteuid() != 0:
        return "needs root for namespaces and low ports"
    absent = [name for name in own if shutil.which(name, path=_search_path()) is None]
    lacks = [Path(name).name for name in absent] + [each for name in programs if (each := lacking(name))]
    if lacks:
        return "not installed: " + ", ".join(lacks)
    tried = subprocess.run([*NEW_NAMESPACES, "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "namespaces are not permitted here"


class Internet:
    """The network in ``folder``; a context manager that makes a folder of its own if it is given none."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="test-internet-"))

        self._unshare: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Internet:
        try:
            self.up(tied=True)
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def authorities(self) -> Path:
        """PEM of the authority of every good certificate: the value for SSL_CERT_FILE."""
        return self.folder / "ca.pem"

    @property
    def anchor(self) -> Path:
        """The DS record of its DNS root."""
        return self.folder / "root.ds"

    def up(self, tied: bool = False) -> None:
        """Bring it up; the folder is emptied first. Tied, it goes down with this process at the latest.

        :raises InternetFailed: with the end of the logs.
        """
        if any(self.folder.iterdir()) if self.folder.exists() else False:
            if not (self.folder / "holder.log").exists():
                raise InternetFailed(f"{self.folder} holds something else")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)  # Postfix serves as a user of its own
        tie = ["--tied"] if tied else []
        with open(self.folder / "holder.log", "wb") as log:
            self._unshare = subprocess.Popen(
                [*NEW_NAMESPACES, "--", sys.executable, "-m", "tests.interop.holder", str(self.folder), *tie],
                cwd=ROOT,
                env=_environment(),
                stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.folder / "pid").write_text(str(self._unshare.pid))
        self._wait(self._unshare)

    def command(self, *words: str) -> list[str]:
        """The command line that runs ``words`` inside."""
        return ["nsenter", "-t", (self.folder / "inside").read_text(), "-n", "-m", "--", *words]

    def run(self, *words: str, **named: Any) -> subprocess.CompletedProcess[str]:
        """Run a command inside and wait for it; ``named`` goes to ``subprocess.run``."""
        named = {"capture_output": True, "text": True, "timeout": 60, "check": False, **named}
        return subprocess.run(self.command(*words), **named)

    def start(self, *words: str, **named: Any) -> subprocess.Popen[bytes]:
        """Start a command inside; the caller ends it."""
        return subprocess.Popen(self.command(*words), **named)

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of the network for this process: it stays inside wherever it is used."""
        inside = (self.folder / "inside").read_text()
        with open(f"/proc/{inside}/ns/net") as there, entered(there.fileno()):
            return socket.socket(family, kind)

    def down(self) -> None:
        """End it; a folder of its own is removed."""
        inside, outside = self._pid("inside"), self._pid("pid")
        if inside is not None:
            _end(inside, signal.SIGTERM)
            _wait_gone(inside, 5.0)
        if outside is not None:
            _end(outside, signal.SIGKILL)
        if self._unshare is not None:
            self._unshare.communicate()
            self._unshare = None
        for name in ("inside", "pid", "ready"):
            (self.folder / name).unlink(missing_ok=True)
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, unshare: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + PATIENCE
        while not (self.folder / "ready").exists():
            if unshare.poll() is not None or time.monotonic() > until:
                raise InternetFailed(self._last_words())
            time.sleep(0.05)
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
        (self.folder / "inside").write_text(children[0])

    def _last_words(self) -> str:
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def _pid(self, name: str) -> int | None:
        path = self.folder / name
        return int(path.read_text()) if path.exists() else None


@contextmanager
def entered(namespace: int) -> Iterator[None]:
    """This thread belongs to the network of a descriptor meanwhile: what it makes then, sockets and processes, stays
    there.
    """
    with open("/proc/thread-self/ns/net") as home:
        _enter(namespace)
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot change to another network")


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _search_path(), "PYTHONPATH": str(ROOT)}


def _search_path() -> str:
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def _end(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_gone(pid: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.02)


def main(arguments: Sequence[str]) -> int:
    """The command line above."""
    if len(arguments) < 2 or arguments[0] not in ("up", "run", "down"):
        print(__doc__, file=sys.stderr)
        return 2
    internet = Internet(Path(arguments[1]).resolve())
    if arguments[0] == "run":
        return subprocess.run(internet.command(*arguments[2:]), check=False).returncode
    if arguments[0] == "down":
        internet.down()
        return 0
    reason = missing()
    if reason:
        print(reason, file=sys.stderr)
        return 2
    internet.up()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
