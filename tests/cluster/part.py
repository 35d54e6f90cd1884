"""One program of a cluster: started, killed, stopped for a while, started again; what it says goes to a file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.live.daemon import PATIENCE, end


class Part:
    """``words`` run in ``folder``; ``user`` for who refuses to be root, and gets the folder.

    ``environment`` joins that of whoever starts it, from which is taken out what daemons obey. ``mounts`` are commands
    of root that nobody else sees the effect of.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        words: Sequence[str],
        environment: Mapping[str, str],
        user: str | None = None,
        mounts: str = "",
    ) -> None:
        self.name = name
        self.folder = folder
        self.words = [*_as(user), *words]
        if mounts:
            self.words = ["unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh", *self.words]
        self.environment = dict(environment)
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if user is not None and os.geteuid() == 0:
            shutil.chown(folder, user)

    @property
    def log(self) -> str:
        """What it has said since it was started first."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start it, or start it again."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STALWART_", "RUN_AS_"))}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.words,
                env=inherited | self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started it, who ends all of them in order
            )

    @property
    def pid(self) -> int:
        """Its process; 0 for none."""
        return self.process.pid if self.process is not None else 0

    @property
    def runs(self) -> bool:
        """Whether it does."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it one: SIGSTOP for one that hangs."""
        if self.process is not None and self.runs:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it as the loss of its machine would."""
        if self.process is not None and self.runs:
            self.process.kill()
            self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it in good order."""
        if self.process is not None and self.runs:
            self.process.send_signal(signal.SIGCONT)
            end(self.process)

    def until(self, condition: Callable[[], Any], what: str, patience: float = 60.0) -> Any:
        """What ``condition`` answers as soon as that is true. Raises RuntimeError with the end of the log."""
        late = time.monotonic() + patience
        while time.monotonic() < late and self.runs:
            if found := condition():
                return found
            time.sleep(0.05)
        raise RuntimeError(f"{self.name}: {what} does not come:\n{self.log[-3000:]}")


def _as(user: str | None) -> list[str]:
    """What goes before a program that is run as ``user``, who can read what root can: it may lie in a home."""
    if user is None or os.geteuid() != 0:
        return []
    reads = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *reads]


def answered(url: str, timeout: float = 2.0) -> bytes | None:
    """The body that is there with a status of 200; None for anything else."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:  # an address of this program's own
            return bytes(answer.read()) if answer.status == 200 else None
    except (OSError, urllib.error.URLError):
        return None
