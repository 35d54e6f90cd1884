"""The log of the process on standard output, in the form that the settings choose (settings C.10, x:Tracer Stdout).

By default twistd writes it, and that stays so: ``time [namespace#level] text``. Colours, several lines for an event,
JSON and writing several lines at once are ours: the observer of twistd that writes to standard output is replaced by
``ProcessLog``. Where twistd was told to write elsewhere (``--logfile``, ``--syslog``, ``--logger``) nothing is changed.
``twistd --logger stalwart.app.process_log.json_lines`` writes JSON from the first line on, before settings are read.

Where systemd takes standard output for its journal, each line begins with its priority (sd-daemon(3)).
"""

from __future__ import annotations

import os
import re
import sys
from threading import RLock, get_ident
from typing import IO, Any

from attrs import evolve, frozen
from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    formatEventAsClassicLogText,
    formatTime,
    globalLogPublisher,
)
from zope.interface import implementer

from stalwart.codec.journal_entry import PRIORITIES
from stalwart.codec.log_lines import coloured, coloured_event, json_line
from stalwart.telemetry.events import Event
from stalwart.telemetry.fields import plain
from stalwart.telemetry.stream import pairs_of

PAUSE = 0.1
"""Seconds that lines wait for others when several are written at once."""

MOST_WAITING = 64 << 10  # characters
_SYSTEM = re.compile(r"(\S+ )(\[[^\]\n]*\])")


@frozen
class LogForm:
    """What x:Tracer Stdout says of the form; by default it is twistd's own."""

    ansi: bool = False
    multiline: bool = False
    json: bool = False
    buffered: bool = False


def form_of(tracer: Any) -> LogForm:
    """The form that a tracer of the kind Stdout asks for."""
    return LogForm(tracer.ansi, tracer.multiline, tracer.json, tracer.buffered)


def text_of(event: LogEvent, form: LogForm) -> str | None:
    """What is written of an event of twisted.logger, with the line end; None for nothing."""
    if form.json:
        return _json_text(event)
    ours = _ours(event)
    if form.multiline and ours is not None:
        lines = (f"{ours.doc} ({ours.id})", *pairs_of(_values(event)))
        event = {**event, "log_format": "{line}", "line": "\n".join(lines)}
    text = formatEventAsClassicLogText(event, formatTime)
    return _with_colours(text, event) if text is not None and form.ansi else text


def level_of(event: LogEvent) -> str:
    """The level of an event of twisted.logger, by our names."""
    ours = _ours(event)
    if ours is not None:
        return ours.level.name.lower()
    level = event.get("log_level") or LogLevel.info
    return "error" if level is LogLevel.critical else str(level.name)


def _ours(event: LogEvent) -> Event | None:
    """The event of ``Telemetry`` that an event of twisted.logger tells of."""
    return event.get("stalwart_event")


def _values(event: LogEvent) -> dict[str, Any]:
    values: dict[str, Any] = event["stalwart_values"]
    return values | {"worker": event["worker"]} if "worker" in event else values


def _json_text(event: LogEvent) -> str | None:
    moment = int(event.get("log_time", 0.0) * 1000)
    ours = _ours(event)
    if ours is not None:
        return json_line(moment, level_of(event), ours.doc, ours.id, plain(_values(event)))
    text = event.get("relayed") or eventAsText(event, includeTimestamp=False, includeSystem=False)
    if not text:
        return None
    sentence, _, further = text.partition("\n")
    values = {"namespace": event.get("log_namespace"), "details": further or None, "worker": event.get("worker")}
    return json_line(moment, level_of(event), sentence, None, plain(values))


def _with_colours(text: str, event: LogEvent) -> str:
    text = _SYSTEM.sub(lambda found: found[1] + coloured(level_of(event), found[2]), text, count=1)
    ours = _ours(event)
    return text if ours is None else text.replace(f"({ours.id})", coloured_event(ours.id), 1)


@implementer(ILogObserver)
class ProcessLog:
    """Writes to ``stream``. ``is_json``: whatever the settings say. ``has_priorities``: for systemd's journal."""

    def __init__(self, stream: IO[str], *, is_json: bool = False, has_priorities: bool = False) -> None:
        self._stream = stream
        self._is_json = is_json
        self._has_priorities = has_priorities
        self._form = LogForm(json=is_json)
        self._reactor: Any = None
        self._thread: int | None = None  # that of the reactor
        self._lock = RLock()  # threads log as well
        self._waiting: list[str] = []
        self._size = 0
        self._flushing: Any = None

    def shape(self, form: LogForm, reactor: Any) -> None:
        """Write in this form from now on."""
        with self._lock:
            self.flush()
            self._form = evolve(form, json=True) if self._is_json else form
            self._reactor, self._thread = reactor, get_ident()

    def __call__(self, event: LogEvent) -> None:
        """twisted.logger calls this."""
        text = text_of(event, self._form)
        if text is None:
            return
        if self._has_priorities:
            text = _with_priority(text, PRIORITIES[level_of(event)])
        with self._lock:
            self._waiting.append(text)
            self._size += len(text)
            if not self._form.buffered or self._size > MOST_WAITING or get_ident() != self._thread:
                self.flush()
            elif self._flushing is None:
                self._flushing = self._reactor.callLater(PAUSE, self._flush_later)

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            text, self._size = "".join(self._waiting), 0
            self._waiting.clear()
            encoding = getattr(self._stream, "encoding", None) or "utf-8"
            text = text.encode(encoding, "backslashreplace").decode(encoding)
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):
                return  # who read it is gone, and there is nowhere else to tell

    def _flush_later(self) -> None:
        self._flushing = None
        self.flush()


def _with_priority(text: str, priority: int) -> str:
    return "".join(f"<{priority}>{line}\n" for line in text.splitlines())


def json_lines() -> ProcessLog:
    """For ``twistd --logger``: standard output as JSON, one object a line."""
    return ProcessLog(sys.stdout, is_json=True, has_priorities=is_journal(sys.stdout))


def is_journal(stream: IO[str] | None) -> bool:
    """Whether systemd has connected ``stream`` with its journal (systemd.exec(5), JOURNAL_STREAM)."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    if stream is None or not device:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return (str(found.st_dev), str(found.st_ino)) == (device, inode)


def shape_log(form: LogForm, reactor: Any) -> None:
    """Give the log of this process a form, if it is written to standard output."""
    observers = _observers()
    ours = next((each for each in observers if isinstance(each, ProcessLog)), None)
    stream = sys.__stdout__
    if ours is None and stream is not None and (form != LogForm() or is_journal(stream)):
        theirs = next((each for each in observers if _writes_to(each, stream)), None)
        if theirs is not None:
            ours = ProcessLog(stream, has_priorities=is_journal(stream))
            observer: Any = ours
            globalLogPublisher.removeObserver(theirs)
            globalLogPublisher.addObserver(observer)
    if ours is not None:
        ours.shape(form, reactor)


def _observers() -> list[Any]:
    """Who observes the log: twisted.logger notes it in an event that asks for it, and this one has no text."""
    trace: list[tuple[Any, Any]] = []
    globalLogPublisher({"log_trace": trace, "log_level": LogLevel.debug, "log_namespace": "stalwart", "log_time": 0.0})
    return [observer for _, observer in trace]


def _writes_to(observer: Any, stream: IO[str]) -> bool:
    return isinstance(observer, FileLogObserver) and getattr(observer, "_outFile", None) is stream
