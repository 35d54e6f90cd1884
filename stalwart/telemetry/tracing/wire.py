"""An event as the live trace shows it (telemetry 2): encoded once, whoever reads it.

What needles are looked for in is read back from the encoded form, and only if somebody looks for something. So an event
of another process, which arrives encoded, is not different from one of this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stalwart.codec.trace_query import Subject
from stalwart.telemetry.events import Event
from stalwart.telemetry.fields import moment_text, plain
from stalwart.telemetry.tracing.typed_values import key_values

_encode = msgspec.json.Encoder().encode
_SPANS = ("connection", "attempt", "diagnosis")
_BEGINNINGS = tuple(f".{kind}-start" for kind in _SPANS)
_ENDS = tuple(f".{kind}-end" for kind in _SPANS)


class Traced:
    """An event that has happened; ``span`` is None outside of any."""

    __slots__ = ("_subject", "encoded", "id", "level", "span")

    def __init__(self, id: str, level: int, span: int | None, encoded: bytes) -> None:
        self.id = id
        self.level = level
        self.span = span
        self.encoded = encoded
        self._subject: Subject | None = None

    @property
    def subject(self) -> Subject:
        """Its values, for needles."""
        if self._subject is None:
            self._subject = Subject.of(msgspec.json.decode(self.encoded)["keyValues"])
        return self._subject

    @property
    def begins_span(self) -> bool:
        """Whether it is the first event of its span."""
        return self.id.endswith(_BEGINNINGS)

    @property
    def ends_span(self) -> bool:
        """Whether it is the last one."""
        return self.id.endswith(_ENDS)

    def packed(self) -> list[Any]:
        """For a message to another process."""
        return [self.id, self.level, self.span, self.encoded.decode()]

    @classmethod
    def unpacked(cls, packed: Sequence[Any]) -> Traced:
        """From such a message."""
        id, level, span, encoded = packed
        return cls(id, level, span, encoded.encode())


class Recorder:
    """Makes ``Traced`` of events; the moment is written once for each second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def traced(self, event: Event, values: Mapping[str, Any], moment: float) -> Traced:
        """``event`` with its ``values`` as telemetry passes them to observers, at ``moment`` (seconds since 1970)."""
        second = int(moment)
        if second != self._second:
            self._second, self._text = second, moment_text(second)
        shown = {"event": event.id, "timestamp": self._text, "keyValues": key_values(plain(values))}
        return Traced(event.id, event.level, values.get("spanId"), _encode(shown))


def batch(events: Iterable[bytes]) -> bytes:
    """Encoded events as the data of a ``trace`` frame."""
    return b"[" + b",".join(events) + b"]"
