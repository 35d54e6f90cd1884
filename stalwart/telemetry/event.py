"""What an event is: an id, a default level, one sentence, and the names of the fields that tell more."""

from __future__ import annotations

from enum import IntEnum

from attrs import field, frozen


class Level(IntEnum):
    """Severity, ascending."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4


def _names(fields: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fields.split()) if isinstance(fields, str) else fields


@frozen
class Event:
    """A kind of event: ``id``, its default ``level``, the sentence that a log line opens with, names of fields."""

    id: str
    level: Level
    doc: str
    fields: tuple[str, ...] = field(default="", converter=_names)

    @property
    def category(self) -> str:
        """What comes before the full stop."""
        return self.id.partition(".")[0]
