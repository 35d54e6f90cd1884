"""Follows x:Tracer and x:EventTracingLevel: files, the journal, the log of the process, other levels (settings C.10).

A tracer of the kind Log has a file, a thread and an observer with its own level and events, one of the kind Journal the
same without a thread. A file or a journal that cannot be written is an event, and the server goes on. What the process
itself logs (standard output, or where twistd was told to write) is there whatever the settings say: tracers of the kind
Stdout that are enabled say how much of it, by level and events; without one it is as if there were none. Errors are
always in it, so no setting silences a server that fails. The first of them gives the form (``process_log``). In
recovery and bootstrap mode the environment says how much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import evolve, frozen
from twisted.internet.defer import Deferred, DeferredList

from stalwart.app.observing.wanted_events import level_of, selection
from stalwart.app.process_log import LogForm, form_of
from stalwart.codec.log_lines import LogLine, json_line, written
from stalwart.config.monitoring.event_level import EventTracingLevel
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.settings import Settings
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level
from stalwart.telemetry.fields import plain
from stalwart.telemetry.logs.journal import Journal
from stalwart.telemetry.logs.log_file import RollingFile
from stalwart.telemetry.logs.log_writer import LogWriter
from stalwart.telemetry.stream import pairs_of


class Writer(Protocol):
    """What ``LogWriter`` and ``Journal`` have in common; the one has ``put`` besides, the other one ``note``."""

    def close(self) -> Deferred[None] | None:
        """Write what waits, as far as that can be done."""


@frozen
class _Open:
    """A tracer that is at work, and how to end it: ``leave`` ends the events, ``writer`` is closed."""

    tracer: Any
    writer: Any
    leave: Callable[[], None]


class Tracers:
    """From ``start`` to ``close``. With ``environment_decides`` tracers do not say how much the process logs.

    ``shape_log`` gives its log a form.
    """

    def __init__(
        self,
        settings: Settings,
        telemetry: Telemetry,
        reactor: Any,
        *,
        environment_decides: bool = False,
        shape_log: Callable[[LogForm], object] = lambda form: None,
        open_writer: Callable[[Any], Writer] | None = None,
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._reactor = reactor
        self._environment_decides = environment_decides
        self._shape_log = shape_log
        self._form = LogForm()
        self._open_writer = open_writer if open_writer is not None else self._writer
        self._usual = telemetry.threshold
        self._open: dict[int, _Open] = {}
        self._closing: set[Deferred[None]] = set()
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Obey the settings from now on."""
        self._unwatch = self._settings.watch(self._follow)
        self._follow()

    async def close(self) -> None:
        """Write what waits and close the files; as much is logged as before ``start``. Takes seconds at the most.

        What the process logs until its end has the form of now.
        """
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
            self._telemetry.change_levels({})
            self._log_by([])
            self._shape(evolve(self._form, buffered=False))
        for id in tuple(self._open):
            self._end(id)
        await DeferredList(list(self._closing))

    def _follow(self) -> None:
        """Have the telemetry be as the settings of now say."""
        levels = (each for _, each in self._settings.all(EventTracingLevel))
        self._telemetry.change_levels({each.event: _level(each.level) for each in levels})
        enabled = {id: tracer for id, tracer in self._settings.all(Tracer) if tracer.tag in _OBEYED and tracer.enable}
        of_process = [enabled[id] for id in sorted(enabled) if enabled[id].tag == "Stdout"]
        self._log_by(of_process)
        self._shape(form_of(of_process[0]) if of_process else LogForm())
        written = {id: tracer for id, tracer in enabled.items() if tracer.tag != "Stdout"}
        for id in self._open.keys() - written.keys():
            self._end(id)
        for id, tracer in written.items():
            self._begin(id, tracer)

    def _begin(self, id: int, tracer: Any) -> None:
        """Have the tracer ``id`` at work as it is now; a file that stays the same stays open."""
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
            if closing is not None:
                self._closing.add(closing)
                closing.addBoth(lambda _result: self._closing.discard(closing))

    def _observe(self, tracer: Any, writer: Any) -> Callable[[], None]:
        takes = selection([tracer])
        note = writer.note if tracer.tag == "Journal" else self._line_writer(tracer, writer)

        def take(event: Event, values: dict[str, Any]) -> None:
            if takes(event):
                note(event, values)

        return self._telemetry.observe(take, level_of(tracer))

    def _line_writer(self, tracer: Any, writer: Any) -> Callable[[Event, dict[str, Any]], None]:
        """What writes an event to a file, in the form of the tracer."""
        clock, ansi, multiline, is_json = self._reactor, tracer.ansi, tracer.multiline, tracer.json

        def note(event: Event, values: dict[str, Any]) -> None:
            now = clock.seconds()
            moment, level = int(now * 1000), event.level.name.lower()
            if is_json:
                text = json_line(moment, level, event.doc, event.id, plain(values))
            else:
                line = LogLine(moment, level, event.doc, event.id, tuple(pairs_of(values)))
                text = written(line, ansi=ansi, multiline=multiline)
            writer.put(now, text)

        return note

    def _log_by(self, tracers: Sequence[Any]) -> None:
        """Have the process log what any of ``tracers`` takes, and without any what it usually logs."""
        if self._environment_decides:
            return
        self._telemetry.threshold = min(map(level_of, tracers), default=self._usual)
        self._telemetry.selection = selection(tracers) if tracers else None

    def _shape(self, form: LogForm) -> None:
        self._form = form
        self._shape_log(form)

    def _writer(self, tracer: Any) -> Writer:
        if tracer.tag == "Journal":
            return Journal(self._reactor, self._telemetry.emit, lossy=tracer.lossy)
        file = RollingFile(Path(tracer.path), tracer.prefix, tracer.rotate)
        return LogWriter(file, self._reactor, self._telemetry.emit, lossy=tracer.lossy)


_OBEYED = ("Log", "Stdout", "Journal")


def _level(name: str) -> Level | None:
    return None if name == "disable" else Level[name.upper()]


def _place(tracer: Any) -> tuple[Any, ...]:
    """What makes another writer necessary."""
    if tracer.tag == "Journal":
        return tracer.tag, tracer.lossy
    return tracer.path, tracer.prefix, tracer.rotate, tracer.lossy
