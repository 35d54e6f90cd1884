"""Says in time that a certificate is about to expire and nothing takes its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import TLS_CERTIFICATE_EXPIRED, TLS_CERTIFICATE_EXPIRING
from stalwart.tls.due import DAY, HOUR
from stalwart.tls.pairs import Pair

FIRST_LOOK = 60.0
INTERVAL = 6 * HOUR
LONGEST_NOTICE = 14 * DAY
SHARE = 0.2
"""Share of the lifetime, at its end, in which a certificate is told of; at most ``LONGEST_NOTICE``."""

_REPEAT = DAY
_MOST_NAMES = 8


class ExpiryWatch:
    """Looks at ``pairs()``, by id, every few hours; each is told of once a day."""

    def __init__(self, clock: Any, telemetry: Telemetry, pairs: Callable[[], Mapping[int, Pair]]) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._pairs = pairs
        self._told: dict[int, float] = {}
        self._timer: Any = None

    def start(self) -> None:
        """Look from now on."""
        if self._timer is None:
            self._timer = self._clock.callLater(FIRST_LOOK, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def check(self) -> None:
        """Tell of every certificate that ends soon, or has ended, and is the last one for one of its names at least."""
        now = self._clock.seconds()
        pairs = self._pairs()
        ends: dict[str, int] = {}
        for pair in pairs.values():
            for name in pair.names:
                ends[name] = max(ends.get(name, 0), pair.not_after)
        told, self._told = self._told, {}
        for id, pair in pairs.items():
            left = pair.not_after - now
            if left > min(LONGEST_NOTICE, (pair.not_after - pair.not_before) * SHARE):
                continue
            names = sorted(name for name in pair.names if ends[name] == pair.not_after)
            if not names:
                continue
            self._told[id] = told.get(id, 0.0)
            if now - self._told[id] >= _REPEAT:
                self._told[id] = now
                event = TLS_CERTIFICATE_EXPIRING if left > 0 else TLS_CERTIFICATE_EXPIRED
                self._telemetry.emit(
                    event, id=encode_id(id), hostname=",".join(names[:_MOST_NAMES]), due=int(pair.not_after)
                )

    def _look(self) -> None:
        self._timer = self._clock.callLater(INTERVAL, self._look)
        self.check()
