"""How many live traces and live metrics an account reads at once, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stalwart.directory.places import Places
from stalwart.errors import TooMany
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import LIVE_STREAMS

MOST = 20
RETRY_AFTER = 5
_KIND = "live-streams"


class LiveStreams:
    """The open ones; ``places`` count them by account, ``telemetry`` by kind."""

    def __init__(self, places: Places, telemetry: Telemetry) -> None:
        self._places = places
        self._telemetry = telemetry

    def admit(self, account_id: int) -> None:
        """Say whether the account may open one more now.

        :raises TooMany: it has ``MOST`` already.
        """
        if self._places.taken(_KIND, account_id) >= MOST:
            detail = f"This account already reads {MOST} live streams. End one of them."
            raise TooMany(detail, headers={"Retry-After": str(RETRY_AFTER)})

    @contextmanager
    def open(self, account_id: int, kind: str) -> Iterator[None]:
        """One more as long as this lasts."""
        series = self._telemetry.series(LIVE_STREAMS, kind)
        self._places.take(_KIND, account_id, None)
        series.add(1)
        try:
            yield
        finally:
            series.add(-1)
            self._places.free(_KIND, account_id)
