"""Writes a log file from a thread of its own, so that a slow or full disk never holds up the reactor.

Lines wait in memory, up to a number of bytes. What does not fit is dropped and counted: nothing ever waits for the
disk, also not when the tracer says that it is not to lose events (``lossy`` false) - then the room is larger, and an
event tells how many were lost. While the file cannot be written its lines are kept and tried again every second; one
event tells of the fault and one of the recovery.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.telemetry.events import TELEMETRY_LOG_DROPPED, TELEMETRY_LOG_ERROR, TELEMETRY_LOG_RECOVERED
from stalwart.telemetry.logs.log_file import Entry, RollingFile, reason_of

ROOM = 16 << 20
ROOM_LOSSY = 1 << 20
RETRY = 1.0  # seconds
PATIENCE = 5.0  # seconds that closing may take


class LogWriter:
    """Feeds ``file``. ``emit`` (see ``Telemetry.emit``) is told of faults, on the reactor's thread.

    ``room`` is how many bytes may wait, None for what ``lossy`` means. ``dropped`` counts lines.
    """

    def __init__(
        self,
        file: RollingFile,
        reactor: Any,
        emit: Callable[..., None],
        *,
        lossy: bool = False,
        room: int | None = None,
        retry: float = RETRY,
    ) -> None:
        self.dropped = 0
        self._file = file
        self._reactor = reactor
        self._emit = emit
        self._lossy = lossy
        self._room = room if room is not None else (ROOM_LOSSY if lossy else ROOM)
        self._retry = retry
        self._changed = Condition()  # guards the members that both threads use: the next four, and ``dropped``
        self._waiting: deque[Entry] = deque()
        self._waiting_size = 0
        self._held_size = 0
        self._closing = False
        self._held: deque[Entry] = deque()
        self._told_dropped = 0
        self._is_failing = False
        self._ended: Deferred[None] = Deferred()
        self._thread = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, moment: float, text: str) -> None:
        """Have ``text`` (whole lines) written to the file of ``moment``; returns at once."""
        data = text.encode("utf-8", "backslashreplace")
        with self._changed:
            if self._closing or self._waiting_size + self._held_size + len(data) > self._room:
                self.dropped += 1
                return
            self._waiting.append((moment, data))
            self._waiting_size += len(data)
            self._changed.notify()

    @property
    def is_idle(self) -> bool:
        """Whether all lines are written."""
        with self._changed:
            return not self._waiting and not self._held_size

    def close(self) -> Deferred[None]:
        """Write what waits, then close the file; fires also if the disk does not let us. To be called once."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        return self._ended.addTimeout(PATIENCE, self._reactor, lambda _result, _seconds: None)

    def _run(self) -> None:
        while self._collect():
            try:
                self._file.append(self._held)
            except (OSError, ValueError) as problem:
                self._failed(problem)
                if self._pause():
                    break
            else:
                self._succeeded()
        self._file.close()
        self._reactor.callFromThread(self._end)

    def _end(self) -> None:
        if not self._ended.called:
            self._ended.callback(None)

    def _collect(self) -> bool:
        """Wait for something to write; whether there is something."""
        held = sum(len(data) for _, data in self._held)
        with self._changed:
            self._held_size = held
            while not (self._waiting or self._held or self._closing):
                self._changed.wait()
            self._held.extend(self._waiting)
            self._held_size += self._waiting_size
            self._waiting.clear()
            self._waiting_size = 0
        return bool(self._held)

    def _pause(self) -> bool:
        """Wait before the next attempt; whether there shall be none, because the writer is being closed."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, self._retry)

    def _failed(self, problem: OSError | ValueError) -> None:
        self._file.close()
        if not self._is_failing:
            self._is_failing = True
            self._tell(TELEMETRY_LOG_ERROR, reason=reason_of(problem))

    def _succeeded(self) -> None:
        if self._is_failing:
            self._is_failing = False
            self._tell(TELEMETRY_LOG_RECOVERED)
        with self._changed:
            dropped, self._told_dropped = self.dropped - self._told_dropped, self.dropped
        if dropped and not self._lossy:
            self._tell(TELEMETRY_LOG_DROPPED, dropped=dropped)

    def _tell(self, event: Any, **keys: Any) -> None:
        path = str(self._file.folder / self._file.prefix)
        self._reactor.callFromThread(lambda: self._emit(event, path=path, **keys))
