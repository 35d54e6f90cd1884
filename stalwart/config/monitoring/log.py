"""x:Log: the lines of the newest log file (settings C.10).

Read from the file when somebody asks, never a row of the settings. An id is a place in the file.
"""

from __future__ import annotations

from stalwart.config.monitoring.event_names import EVENT_TYPE
from stalwart.config.monitoring.levels import TRACING_LEVEL
from stalwart.schema import Enum, Object, String, UtcDateTime, prop


class Log(Object, label="event", snapshot=False, stored=False):
    """A line of the newest log file."""

    timestamp: int = prop(UtcDateTime(), None, "When it was written.", update="serverSet")
    level: str = prop(Enum(TRACING_LEVEL), None, "Severity.", update="serverSet")
    event: str = prop(Enum(EVENT_TYPE), None, "Kind of event.", update="serverSet")
    details: str = prop(String("text"), None, "What is told of it.", update="serverSet", index="words")
