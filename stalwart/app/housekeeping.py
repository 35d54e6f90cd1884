"""What has to be done now and then, whether somebody asks or not.

What has expired goes hourly. Once a day, or when the settings say (x:DataRetention), what has been in the trash for
long is deleted, old deletions are forgotten and blobs that nobody holds removed. Each piece is short work in the
store's writer thread; a piece that fails is an event and is tried again the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall

from stalwart.config.settings import Settings
from stalwart.config.storage.retention import DataRetention
from stalwart.store import Store
from stalwart.tasks.cleaning import Cleaning
from stalwart.tasks.cron import next_time
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

HOUR = 3600.0

Piece = Callable[[], Coroutine[Any, Any, None]]


class Housekeeping:
    """Runs from ``start`` to ``close``; times of day are those of the process."""

    def __init__(self, store: Store, settings: Settings, telemetry: Telemetry, clock: Any) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._cleaning = Cleaning(store, settings, clock)
        self._hourly = LoopingCall(lambda: self._launch("hourly", self._cleaning.purge_expired))
        self._hourly.clock = clock
        self._daily: dict[str, tuple[Callable[[], Any], Piece]] = {
            "expunge": (lambda: self._retention().expunge_schedule, self._cleaning.expunge_all),
            "data": (lambda: self._retention().data_cleanup_schedule, self._clean_data),
            "blobs": (lambda: self._retention().blob_cleanup_schedule, self._clean_blobs),
        }
        self._timers: dict[str, Any] = {}
        self._running: dict[str, Deferred[None]] = {}
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; the first pieces are due after an hour, or when their time comes."""
        self._hourly.start(HOUR, now=False)
        self._unwatch = self._settings.watch(self._plan_all)
        self._plan_all()

    def close(self) -> None:
        """Stop; what runs is cancelled."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._hourly.running:
            self._hourly.stop()
        for timer in self._timers.values():
            if timer.active():
                timer.cancel()
        self._timers.clear()
        for running in tuple(self._running.values()):
            running.cancel()

    def _retention(self) -> DataRetention:
        return self._settings.of(DataRetention)

    def _plan_all(self) -> None:
        for name in self._daily:
            self._plan(name)

    def _plan(self, name: str) -> None:
        """Wait for the next time of a piece, by the schedule of now."""
        timer = self._timers.get(name)
        if timer is not None and timer.active():
            timer.cancel()
        schedule, _ = self._daily[name]
        now = self._clock.seconds()
        self._timers[name] = self._clock.callLater(next_time(schedule(), now) - now, self._come, name)

    def _come(self, name: str) -> None:
        self._launch(name, self._daily[name][1])
        self._plan(name)

    def _launch(self, name: str, piece: Piece) -> None:
        """Do a piece, unless it is still being done since the last time."""
        if name in self._running:
            return
        running = Deferred.fromCoroutine(piece())
        self._running[name] = running
        running.addErrback(self._failed)
        running.addBoth(lambda _ended: self._running.pop(name))

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self._telemetry.emit(STORE_ERROR, reason=f"housekeeping: {failure.getErrorMessage()}")

    async def _clean_data(self) -> None:
        await self._cleaning.purge_expired()
        await self._cleaning.trim_all()

    async def _clean_blobs(self) -> None:
        await self._cleaning.sweep_blobs()
        await self._cleaning.sweep_folders()
