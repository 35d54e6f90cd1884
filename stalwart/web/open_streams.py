"""Streams that last as long as their readers like: how many an account may have, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stalwart.directory.places import Places
from stalwart.errors import TooMany
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import LIVE_STREAMS


class OpenStreams:
    """At most ``most`` of an account. ``places`` count them by account under ``place``, ``telemetry`` by kind.

    Who has them all reads ``refusal``, and may come again after ``retry_after`` seconds.
    """

    def __init__(
        self, places: Places, telemetry: Telemetry, place: str, most: int, refusal: str, retry_after: int
    ) -> None:
        self._places = places
        self._telemetry = telemetry
        self._place = place
        self._most = most
        self._refusal = refusal
        self._retry_after = retry_after

    def admit(self, account_id: int) -> None:
        """Say whether the account may open one more now.

        :raises TooMany: it has as many as it may have already.
        """
        if self._places.taken(self._place, account_id) >= self._most:
            raise TooMany(self._refusal, headers={"Retry-After": str(self._retry_after)})

    @contextmanager
    def open(self, account_id: int, kind: str) -> Iterator[None]:
        """One more as long as this lasts."""
        series = self._telemetry.series(LIVE_STREAMS, kind)
        self._places.take(self._place, account_id, None)
        series.add(1)
        try:
            yield
        finally:
            series.add(-1)
            self._places.free(self._place, account_id)
