"""Follows x:Tracer and x:EventTracingLevel: log files, the log of the process, other levels (settings C.10).

A tracer of the kind Log has a file, a thread and an observer with its own level and events. A file that cannot be
written is an event, and the server goes on. What the process itself logs (standard output, or where twistd was told to
write) is there whatever the settings say: tracers of the kind Stdout that are enabled say how much of it, by level and
events; without one it is as if there were none. Errors are always in it, so no setting silences a server that fails.
Its form is twistd's. In recovery and bootstrap mode the environment says how much.

Tracers of the kinds OtelHttp, OtelGrpc and Journal are stored only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredList

from stalwart.codec.log_lines import LogLine, written
from stalwart.config.monitoring.event_level import EventTracingLevel
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.settings import Settings
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level
from stalwart.telemetry.log_file import RollingFile
from stalwart.telemetry.log_writer import LogWriter
from stalwart.telemetry.stream import pairs_of


class Writer(Protocol):
    """See ``stalwart.telemetry.log_writer.LogWriter``."""

    def put(self, moment: float, text: str) -> None: ...
    def close(self) -> Deferred[None]: ...


@frozen
class _Open:
    """A tracer that is at work, and how to end it: ``leave`` ends the events, ``writer`` is closed."""

    tracer: Any
    writer: Writer
    leave: Callable[[], None]


class Tracers:
    """From ``start`` to ``close``. With ``environment_decides`` tracers say nothing about the log of the process."""

    def __init__(
        self,
        settings: Settings,
        telemetry: Telemetry,
        reactor: Any,
        *,
        environment_decides: bool = False,
        open_writer: Callable[[Any], Writer] | None = None,
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._reactor = reactor
        self._environment_decides = environment_decides
        self._open_writer = open_writer if open_writer is not None else self._log_writer
        self._usual = telemetry.threshold
        self._open: dict[int, _Open] = {}
        self._closing: set[Deferred[None]] = set()
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Obey the settings from now on."""
        self._unwatch = self._settings.watch(self._follow)
        self._follow()

    async def close(self) -> None:
        """Write what waits and close the files; everything is as before ``start``. Takes seconds at the most."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
            self._telemetry.change_levels({})
            self._log_by([])
        for id in tuple(self._open):
            self._end(id)
        await DeferredList(list(self._closing))

    def _follow(self) -> None:
        """Have the telemetry be as the settings of now say."""
        levels = (each for _, each in self._settings.all(EventTracingLevel))
        self._telemetry.change_levels({each.event: _level(each.level) for each in levels})
        enabled = {id: tracer for id, tracer in self._settings.all(Tracer) if tracer.tag in _OBEYED and tracer.enable}
        self._log_by([tracer for tracer in enabled.values() if tracer.tag == "Stdout"])
        files = {id: tracer for id, tracer in enabled.items() if tracer.tag == "Log"}
        for id in self._open.keys() - files.keys():
            self._end(id)
        for id, tracer in files.items():
            self._begin(id, tracer)

    def _begin(self, id: int, tracer: Any) -> None:
        """Have the file tracer ``id`` at work as it is now; a file that stays the same stays open."""
        former = self._open.get(id)
        if former is not None and former.tracer == tracer:
            return
        if former is not None and _place(former.tracer) == _place(tracer):
            writer = former.writer
            former.leave()
        else:
            self._end(id)
            writer = self._open_writer(tracer)
        self._open[id] = _Open(tracer, writer, self._observe(tracer, writer))

    def _end(self, id: int) -> None:
        former = self._open.pop(id, None)
        if former is not None:
            former.leave()
            closing = former.writer.close()
            self._closing.add(closing)
            closing.addBoth(lambda _result: self._closing.discard(closing))

    def _observe(self, tracer: Any, writer: Writer) -> Callable[[], None]:
        takes = selection([tracer])
        clock, ansi, multiline = self._reactor, tracer.ansi, tracer.multiline

        def note(event: Event, values: dict[str, Any]) -> None:
            if takes(event):
                now = clock.seconds()
                level = event.level.name.lower()
                line = LogLine(int(now * 1000), level, event.doc, event.id, tuple(pairs_of(values)))
                writer.put(now, written(line, ansi=ansi, multiline=multiline))

        return self._telemetry.observe(note, level_of(tracer))

    def _log_by(self, tracers: Sequence[Any]) -> None:
        """Have the process log what any of ``tracers`` takes, and without any what it usually logs."""
        if self._environment_decides:
            return
        self._telemetry.threshold = min(map(level_of, tracers), default=self._usual)
        self._telemetry.selection = selection(tracers) if tracers else None

    def _log_writer(self, tracer: Any) -> Writer:
        file = RollingFile(Path(tracer.path), tracer.prefix, tracer.rotate)
        return LogWriter(file, self._reactor, self._telemetry.emit, lossy=tracer.lossy)


_OBEYED = ("Log", "Stdout")


def selection(tracers: Sequence[Any]) -> Callable[[Event], bool]:
    """Whether any of ``tracers`` takes an event, by its level and id."""
    rules = [(level_of(each), each.events_policy == "include", each.events) for each in tracers]

    def takes(event: Event) -> bool:
        return any(event.level >= least and (event.id in events) is wanted for least, wanted, events in rules)

    return takes


def level_of(tracer: Any) -> Level:
    """The least level that a tracer takes."""
    return Level[tracer.level.upper()]


def _level(name: str) -> Level | None:
    return None if name == "disable" else Level[name.upper()]


def _place(tracer: Any) -> tuple[Any, ...]:
    """What makes a file another one."""
    return tracer.path, tracer.prefix, tracer.rotate, tracer.lossy
