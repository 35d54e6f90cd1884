"""Reading Server-Sent Events: bytes in, events out (HTML 9.2.6). The writing side is ``sse``.

Line ends may be LF, CR or CRLF and may be cut anywhere. Reconnection (``id``, ``retry``) is the caller's business.
"""

from __future__ import annotations

from attrs import define, field, frozen

LONGEST_EVENT = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLong(ValueError):
    """An event is larger than a reader is willing to hold."""


@frozen
class ReceivedEvent:
    """``name`` is ``message`` unless the stream says otherwise; ``data`` lines are joined by LF."""

    name: str
    data: str


@define
class EventStreamParser:
    """Incremental parser: ``feed`` it whatever arrives."""

    _buffer: bytes = b""
    _after_cr: bool = False
    _begun: bool = False
    _name: str = ""
    _data: list[str] = field(factory=list)
    _size: int = 0

    def feed(self, chunk: bytes) -> list[ReceivedEvent]:
        """The events that are complete now.

        :raises EventTooLong: a line or an event exceeds ``LONGEST_EVENT`` bytes.
        """
        if not chunk:
            return []
        after_cr, self._after_cr = self._after_cr, chunk.endswith(b"\r")
        if after_cr:
            chunk = chunk.removeprefix(b"\n")  # the second half of CRLF
        lines = (self._buffer + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._buffer = lines[-1]
        if max(map(len, lines)) > LONGEST_EVENT:
            raise EventTooLong("a line of the event stream is too long")
        if len(lines) > 1 and not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
        return [event for line in lines[:-1] if (event := self._line(line)) is not None]

    def _line(self, line: bytes) -> ReceivedEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._size += len(line)
            if self._size > LONGEST_EVENT:
                raise EventTooLong("an event of the event stream is too long")
            self._data.append(value)
        elif name == "event":
            self._name = value
        return None

    def _dispatch(self) -> ReceivedEvent | None:
        data, name = self._data, self._name or "message"
        self._data, self._name, self._size = [], "", 0
        return ReceivedEvent(name, "\n".join(data)) if data else None
