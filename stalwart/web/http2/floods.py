"""How much a connection may ask of what costs its client nothing: resets, pings, empty frames (RFC 9113 10.5).

Counted in periods of ten seconds. What honest clients do stays far below each number; whoever exceeds one is told
ENHANCE_YOUR_CALM, and the connection ends.
"""

from __future__ import annotations

from stalwart.web.http2.frames import ConnectionFault, ErrorCode

PERIOD = 10.0
UPDATES_PER_DATA = 10  # WINDOW_UPDATE frames that one DATA frame of ours justifies

MOST = {
    "reset": 200,  # streams that the client gives up, CVE-2023-44487
    "fault": 100,  # frames that make us reset a stream, CVE-2025-8671
    "refused": 400,  # streams over the limit
    "settings": 30,
    "ping": 200,
    "priority": 2000,
    "empty": 200,  # DATA without a byte
    "small": 20000,  # DATA of a few bytes
    "stray": 2000,  # frames on streams that are over
    "update": 2000,
    "unknown": 500,
}


class Floods:
    """The counters of one connection."""

    __slots__ = ("_allowed", "_counts", "_until")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._allowed = 0
        self._until = 0.0

    def sent_data(self) -> None:
        """A DATA frame has left, which the client may answer by opening windows."""
        self._allowed += UPDATES_PER_DATA

    def count(self, what: str, now: float) -> None:
        """Count one of ``what``.

        :raises ConnectionFault: there were too many of them.
        """
        if now >= self._until:
            self._until = now + PERIOD
            self._counts = {}
            self._allowed = 0
        count = self._counts[what] = self._counts.get(what, 0) + 1
        if count > MOST[what] and (what != "update" or count > MOST[what] + self._allowed):
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, f"too many frames: {what}")
