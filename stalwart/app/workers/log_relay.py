"""Log events of workers on their way to the log of the parent, which has one form and one place for all.

A worker sends text, level and time, and the values of an event; the parent adds ``worker=2`` to the first line and logs
it as its own. A worker that logs faster than the parent takes keeps a thousand lines and says how many are missing
after that.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from twisted.logger import ILogObserver, LogLevel, eventAsText, globalLogPublisher
from zope.interface import implementer

from stalwart.app.workers.channel import Channel, Message
from stalwart.telemetry.events import Event, Level
from stalwart.telemetry.fields import plain

KEPT = 1000
_LONGEST = 60_000
_LONGEST_WITH_VALUES = 20_000  # characters of the text, which has all values in it


@implementer(ILogObserver)
class LogRelay:
    """The observer in a worker. Give it a ``channel`` as soon as there is one; what is logged before is kept."""

    def __init__(self) -> None:
        self.channel: Channel | None = None
        self._waiting: deque[Message] = deque()
        self._missing = 0

    def __call__(self, event: Any) -> None:
        """twisted.logger calls this."""
        text = eventAsText(event, includeTimestamp=False, includeSystem=False)
        if not text:
            return
        if len(self._waiting) >= KEPT:
            self._missing += 1
            return
        level = event.get("log_level") or LogLevel.info
        namespace = event.get("log_namespace") or "stalwart"
        line: Message = {"text": text[:_LONGEST], "level": level.name, "namespace": namespace}
        line |= {"system": event.get("log_system"), "time": event["log_time"]}
        if "stalwart_event" in event and len(text) <= _LONGEST_WITH_VALUES:
            line["event"] = _event_message(event["stalwart_event"], event["stalwart_values"])
        self._waiting.append(line)
        self.flow()

    def flow(self) -> None:
        """Send what waits, as far as the channel takes it."""
        channel = self.channel
        while channel is not None and channel.is_open and not channel.is_full and self._waiting:
            channel.send("log", **self._waiting.popleft())
            if self._missing and not self._waiting:
                missing, self._missing = self._missing, 0
                self._waiting.append(
                    {"text": f"{missing} lines of the log are missing here", "level": "warn", "namespace": "stalwart"}
                )


def _event_message(event: Event, values: dict[str, Any]) -> Message:
    return {"id": event.id, "level": event.level.name, "doc": event.doc, "values": plain(values)}


def log_for(worker: int, message: Message) -> None:
    """Log what a worker has sent."""
    first, newline, rest = message["text"].partition("\n")
    event = {
        "log_level": LogLevel.lookupByName(message["level"]),
        "log_namespace": message["namespace"],
        "log_format": "{text}",
        "log_time": message.get("time", time.time()),
        "text": f"{first} worker={worker}{newline}{rest}",
        "relayed": message["text"],
        "worker": worker,
    }
    told = message.get("event")
    if told is not None:
        event["stalwart_event"] = Event(told["id"], Level[told["level"]], told["doc"])
        event["stalwart_values"] = told["values"]
    if message.get("system") is not None:
        event["log_system"] = message["system"]
    globalLogPublisher(event)
