"""The live trace of a server of several processes: readers at one of them see what happens in all.

A worker tells the parent the lowest level that its readers ask for (``TraceRelay``); the parent (``TraceExchange``)
tells the others, which send what they meet in batches; it passes them on to whoever reads, with its own. Encoded
events travel, so nothing is encoded twice. Whatever does not fit is left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from stalwart.telemetry.events import Level
from stalwart.telemetry.tracing.subscriptions import Subscriptions
from stalwart.telemetry.tracing.wire import Traced

PAUSE = 0.25
"""Seconds between batches."""
MOST_EVENTS = 2000
MOST_BYTES = 1 << 18
"""Of what waits; a batch with quotation marks escaped has room in a message of the channel."""

Send = Callable[..., None]


class Batches:
    """Events on their way to somebody: ``send`` takes a batch unless ``is_full()``."""

    def __init__(self, clock: Any, send: Send, is_full: Callable[[], bool]) -> None:
        self._clock = clock
        self._send = send
        self._is_full = is_full
        self._waiting: list[list[Any]] = []
        self._size = 0
        self._dropped = 0
        self._call: Any = None

    def add(self, event: Traced) -> None:
        """One more."""
        size = len(event.encoded)
        if len(self._waiting) >= MOST_EVENTS or self._size + size > MOST_BYTES:
            self._dropped += 1
        else:
            self._waiting.append(event.packed())
            self._size += size
        self._call = self._call or self._clock.callLater(PAUSE, self._flush)

    def clear(self) -> None:
        """Nobody wants them any more."""
        self._waiting, self._size, self._dropped = [], 0, 0
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _flush(self) -> None:
        self._call = None
        if self._is_full():
            self._call = self._clock.callLater(PAUSE, self._flush)
            return
        waiting, dropped = self._waiting, self._dropped
        self._waiting, self._size, self._dropped = [], 0, 0
        self._send("trace", events=waiting, dropped=dropped)


class TraceRelay:
    """A worker's side. ``send`` speaks to the parent; ``is_full`` says that it does not keep up."""

    def __init__(self, subscriptions: Subscriptions, clock: Any, send: Send, is_full: Callable[[], bool]) -> None:
        self._subscriptions = subscriptions
        self._send = send
        self._batches = Batches(clock, send, is_full)
        self._leave: Callable[[], None] = lambda: None
        subscriptions.changed = self._tell

    def heard(self, message: Mapping[str, Any]) -> None:
        """The parent says what others want to know, or what has happened elsewhere."""
        if message["do"] == "trace":
            self._subscriptions.receive(map(Traced.unpacked, message["events"]), message["dropped"])
        else:
            self._want(message["level"])

    def close(self) -> None:
        """Tell nothing any more, and ask for nothing."""
        self._subscriptions.changed = lambda level: None
        self._tell(None)
        self._want(None)

    def _tell(self, level: Level | None) -> None:
        self._send("listen", level=level)

    def _want(self, level: int | None) -> None:
        self._leave()
        if level is None:
            self._leave = lambda: None
            self._batches.clear()
        else:
            self._leave = self._subscriptions.tap(Level(level), self._batches.add)


class Line(Protocol):
    """The line to a worker."""

    @property
    def is_full(self) -> bool:
        """Whether it does not keep up."""

    def send(self, do: str, **members: Any) -> None:
        """Say something to it."""


class TraceExchange:
    """The parent's side. ``subscriptions`` are over its own telemetry; ``lines`` gives the lines there are now by
    number."""

    def __init__(self, subscriptions: Subscriptions, clock: Any, lines: Callable[[], Mapping[int, Line]]) -> None:
        self._subscriptions = subscriptions
        self._lines = lines
        self._wanted: dict[int, int] = {}  # the lowest level that a worker's readers ask for
        self._told: dict[int, int | None] = {}
        self._missing: dict[int, int] = {}
        self._batches = Batches(clock, lambda _do, **batch: self.passed(0, batch), lambda: False)
        self._leave: Callable[[], None] = lambda: None

    def listens(self, number: int, level: int | None) -> None:
        """Readers at a worker want to know, or with None there are none."""
        if level is None:
            self._wanted.pop(number, None)
        else:
            self._wanted[number] = level
        self._tell()

    def began(self, number: int) -> None:
        """A worker begins: others may want to know what happens there."""
        self._told.pop(number, None)
        self._tell()

    def gone(self, number: int) -> None:
        """A worker has ended."""
        self._missing.pop(number, None)
        self._told.pop(number, None)
        self.listens(number, None)

    def passed(self, number: int, batch: Mapping[str, Any]) -> None:
        """What has happened at worker ``number`` (0: here): to all the others that have readers."""
        lines = self._lines()
        for other in self._wanted:
            line = lines.get(other)
            if other == number or line is None:
                continue
            if line.is_full:
                self._missing[other] = self._missing.get(other, 0) + len(batch["events"]) + batch["dropped"]
            else:
                dropped = batch["dropped"] + self._missing.pop(other, 0)
                line.send("trace", events=batch["events"], dropped=dropped)

    def _tell(self) -> None:
        """Tell each worker what the others ask for, if that is not what it knows."""
        for number, line in self._lines().items():
            level = min((each for other, each in self._wanted.items() if other != number), default=None)
            if self._told.get(number) != level:
                self._told[number] = level
                line.send("listen", level=level)
        self._leave()
        least = min(self._wanted.values(), default=None)
        if least is None:
            self._leave = lambda: None
            self._batches.clear()
        else:
            self._leave = self._subscriptions.tap(Level(least), self._batches.add)
