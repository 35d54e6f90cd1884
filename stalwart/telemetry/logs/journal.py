"""Writes events to the systemd journal, over its datagram socket (settings C.10, x:Tracer of the kind Journal).

Nothing waits for the journal. While it is full or absent, entries wait in memory up to a number of bytes and are tried
again in a moment, or are dropped at once if the tracer may lose events (``lossy``). What is dropped is counted; an
event tells of it, at most one a minute.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stalwart.codec.journal_entry import PRIORITIES, field_name, journal_entry
from stalwart.telemetry.events import TELEMETRY_JOURNAL_ERROR, Event
from stalwart.telemetry.fields import plain
from stalwart.telemetry.spans import inside
from stalwart.telemetry.stream import line_of

SOCKET = Path("/run/systemd/journal/socket")
IDENTIFIER = "stalwart"
ROOM = 4 << 20
RETRY, RETRY_FULL = 1.0, 0.05  # seconds; its queue may be as short as ten entries
QUIET = 60.0
"""Seconds between two events that tell of the journal."""


class Journal:
    """Feeds the socket at ``path``. ``emit`` (see ``Telemetry.emit``) is told of faults; ``dropped`` counts entries."""

    def __init__(
        self,
        reactor: Any,
        emit: Callable[..., None],
        *,
        lossy: bool = False,
        path: Path = SOCKET,
        room: int = ROOM,
    ) -> None:
        self.dropped = 0
        self._reactor = reactor
        self._emit = emit
        self._path = path
        self._room = 0 if lossy else room
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._retrying: Any = None
        self._socket: socket.socket | None = None
        self._told_at: float | None = None
        self._told_dropped = 0

    def note(self, event: Event, values: Mapping[str, Any]) -> None:
        """Have an event written; returns at once."""
        entry = entry_of(event, values)
        problem = None if self._waiting else self._send(entry)
        if self._waiting or problem is not None:
            self._keep(entry)
        if problem is not None:
            self._failed(problem)

    def close(self) -> None:
        """Write what the journal takes now, and let go of it."""
        self._flow()
        if self._retrying is not None:
            self._retrying.cancel()
            self._retrying = None
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._hang_up()

    def _keep(self, entry: bytes) -> None:
        if self._size + len(entry) > self._room:
            self.dropped += 1
            return
        self._waiting.append(entry)
        self._size += len(entry)

    def _failed(self, problem: OSError) -> None:
        if self._waiting and self._retrying is None:
            pause = RETRY_FULL if isinstance(problem, BlockingIOError) else RETRY
            self._retrying = self._reactor.callLater(pause, self._retry)
        now = self._reactor.seconds()
        if self._told_at is None or now - self._told_at >= QUIET:
            self._told_at = now
            dropped, self._told_dropped = self.dropped - self._told_dropped, self.dropped
            with inside(0):  # it has nothing to do with what is being told
                self._emit(TELEMETRY_JOURNAL_ERROR, path=str(self._path), reason=reason_of(problem), dropped=dropped)

    def _retry(self) -> None:
        self._retrying = None
        problem = self._flow()
        if problem is not None:
            self._failed(problem)

    def _flow(self) -> OSError | None:
        """Send what waits; why not all of it."""
        while self._waiting:
            problem = self._send(self._waiting[0])
            if problem is not None:
                return problem
            self._size -= len(self._waiting.popleft())
        return None

    def _send(self, entry: bytes) -> OSError | None:
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                self._socket.connect(os.fspath(self._path))
            self._socket.send(entry)
        except BlockingIOError as problem:
            return problem
        except OSError as problem:  # not there, or another one since it was restarted
            self._hang_up()
            return problem
        return None

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def entry_of(event: Event, values: Mapping[str, Any]) -> bytes:
    """The entry of an event: the line of the log, its level and id, and each value as a field of its own."""
    head = {
        "MESSAGE": line_of(event, dict(values)),
        "PRIORITY": str(PRIORITIES[event.level.name.lower()]),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "STALWART_EVENT": event.id,
    }
    told = {field_name(name): _text(value) for name, value in plain(values).items()}
    return journal_entry([*head.items(), *told.items()])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def reason_of(problem: OSError) -> str:
    """What the system says."""
    if isinstance(problem, BlockingIOError):
        return "It does not keep up"
    return problem.strerror or str(problem)
