"""The streams on which clients hear of changes: how many there are, for whom, and what they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.places import Places
from stalwart.directory.standing import Standing
from stalwart.errors import TooMany
from stalwart.jmap.push.feed import Feed
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import LIVE_STREAMS

MOST = 4096
"""Streams of one account: many devices behind one login are no attack, and an idle one costs little."""
RETRY_AFTER = 30
_KIND = "push-streams"


class PushStreams:
    """What the routes share; ``places`` count streams by account, ``telemetry`` by kind."""

    def __init__(self, feed: Feed, standing: Standing, settings: Any, places: Places, telemetry: Telemetry) -> None:
        self.feed = feed
        self.standing = standing
        self.settings = settings
        self._places = places
        self._telemetry = telemetry

    def admit(self, account_id: int) -> None:
        """Say whether the account may open one more now.

        :raises TooMany: it has ``MOST`` already.
        """
        if self._places.taken(_KIND, account_id) >= MOST:
            detail = f"This account has {MOST} open streams already. End one of them."
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

    def event_source_throttle(self) -> float:
        """Seconds between two events of a stream."""
        return float(self.settings.of(Jmap).event_source_throttle) / 1000

    def socket_throttle(self) -> float:
        """Seconds between two pushes on a WebSocket."""
        return float(self.settings.of(Jmap).websocket_throttle) / 1000
