"""Writing Server-Sent Events (HTML 9.2.5, 9.2.6): values in, frames out.

Lines end in LF. Data of several lines becomes several ``data`` fields; the reading side is ``event_stream``.
"""

from __future__ import annotations


class InvalidField(ValueError):
    """An event name or id holds a line end or NUL, which the framing cannot carry."""


def event(data: bytes | str, event: str | None = None, id: str | None = None, retry: int | None = None) -> bytes:
    """One frame; ``retry`` is in milliseconds.

    :raises InvalidField: a line end in ``event`` or ``id``, or NUL in ``id`` (HTML 9.2.6 would ignore it).
    """
    frame = b""
    if event is not None:
        frame += b"event: " + _one_line(event) + b"\n"
    if id is not None:
        frame += b"id: " + _one_line(id) + b"\n"
    if retry is not None:
        frame += b"retry: %d\n" % retry
    payload = data.encode() if isinstance(data, str) else data
    return frame + b"data: " + _unix_lines(payload).replace(b"\n", b"\ndata: ") + b"\n\n"


def mark(id: str) -> bytes:
    """A frame that is no event: whoever comes again after it gives ``id`` as the last one (HTML 9.2.6)."""
    return b"id: " + _one_line(id) + b"\n\n"


def comment(text: str = "") -> bytes:
    """A comment that every reader ignores: keeps the connection alive."""
    return b": " + _unix_lines(text.encode()).replace(b"\n", b"\n: ") + b"\n\n"


def _unix_lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _one_line(text: str) -> bytes:
    if "\n" in text or "\r" in text or "\0" in text:
        raise InvalidField("a line end or NUL in a field of an event")
    return text.encode()
