"""Starting worker processes: the same Python and the same modules, a line to talk over, and the shared memory.

Standard output and error are those of the parent, for what must not be in the log (the password of bootstrap mode).
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from typing import Any, Protocol

from attrs import evolve
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from stalwart.app.startup import Startup
from stalwart.app.workers.channel import Channel, Heard, open_channel
from stalwart.app.workers.memory import SharedMemory
from stalwart.app.workers.plan import LINE, MEMORY, Plan

PATIENCE = 12.0
"""Seconds that a worker has to end after its line is closed."""

Ended = Callable[[str], object]
"""Called with how a process ended: ``status 1``, ``signal 9``."""

_CODE = "from stalwart.app.workers.process import main; main()"


class Running(Protocol):
    """A worker process as the supervisor sees it."""

    @property
    def is_full(self) -> bool:
        """Whether it does not keep up with what is said to it."""

    def send(self, do: str, *, descriptor: int | None = None, **members: Any) -> None:
        """Say something to it."""

    def signal(self, name: str) -> None:
        """Send it a signal: ``TERM``, ``KILL``."""


Launch = Callable[[int, bool, Heard, Ended], Running]
"""Starts worker ``number``; whether it is the first one; what takes its messages; what is called at its end."""


class Launcher:
    """``Launch`` for real processes."""

    def __init__(self, reactor: Any, startup: Startup, memory: SharedMemory) -> None:
        self._reactor = reactor
        self._startup = startup
        self._memory = memory

    def __call__(self, number: int, is_first: bool, heard: Heard, ended: Ended) -> Running:
        """See ``Launch``. Demonstration accounts are the first one's business."""
        startup = evolve(self._startup, demo=self._startup.demo and is_first)
        plan = Plan(number, self._memory.workers, is_first, type(self._reactor).__module__, startup)
        ours, theirs = socket.socketpair()
        process = WorkerProcess(self._reactor, ended)
        process.channel = open_channel(self._reactor, ours, Channel(heard, process.line_lost))
        with theirs:
            self._reactor.spawnProcess(
                process,
                sys.executable,
                [sys.executable, "-c", _CODE, plan.to_json()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                childFDs={0: 0, 1: 1, 2: 2, LINE: theirs.fileno(), MEMORY: self._memory.descriptor},
            )
        return process


class WorkerProcess(ProcessProtocol):
    """One process. It has ended when it is reaped and everything that it said has been heard."""

    channel: Channel

    def __init__(self, reactor: Any, ended: Ended) -> None:
        self._reactor = reactor
        self._ended = ended
        self._how: str | None = None
        self._is_line_lost = False
        self._killing: Any = None

    def send(self, do: str, *, descriptor: int | None = None, **members: Any) -> None:
        """See ``Running``."""
        self.channel.send(do, descriptor=descriptor, **members)

    @property
    def is_full(self) -> bool:
        """See ``Running``."""
        return self.channel.is_full

    def signal(self, name: str) -> None:
        """See ``Running``."""
        transport: Any = self.transport
        try:
            transport.signalProcess(name)
        except ProcessExitedAlready:
            return  # processEnded is on its way

    def line_lost(self) -> None:
        """The channel calls this. Without a line a worker is no use."""
        self._is_line_lost = True
        if self._how is not None:
            self._ended(self._how)
        elif self.transport is not None:  # else it could not be started at all
            self._killing = self._reactor.callLater(PATIENCE, self.signal, "KILL")

    def processEnded(self, reason: Failure) -> None:
        """Twisted calls this."""
        value: Any = reason.value
        if reason.check(ProcessDone):
            self._how = "status 0"
        else:
            self._how = f"signal {value.signal}" if value.signal is not None else f"status {value.exitCode}"
        if self._killing is not None and self._killing.active():
            self._killing.cancel()
        if self._is_line_lost:
            self._ended(self._how)
