"""What has to be done now and then: expired tokens, counters and bans go hourly, unreferenced blobs nightly.

Each piece is short work in the store's writer thread; a piece that fails is an event and is tried again the next
time. The blob folder is walked in 256 parts, one every few seconds, so that it never stands in anybody's way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall

from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

HOUR = 3600.0
FOLDER_STEP = 24 * HOUR / 256


class Housekeeping:
    """Runs from ``start`` to ``close``."""

    def __init__(self, store: Store, telemetry: Telemetry, clock: Any) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._folder = 0
        self._loops: list[LoopingCall] = []
        self._running: set[Deferred[None]] = set()

    def start(self) -> None:
        """Begin; the first pieces are due after one interval."""
        for interval, work in ((HOUR, self._purge), (FOLDER_STEP, self._sweep_folder)):
            loop = LoopingCall(self._launch, work)
            loop.clock = self._clock
            loop.start(interval, now=False)
            self._loops.append(loop)

    def close(self) -> None:
        """Stop; what runs is cancelled."""
        for loop in self._loops:
            if loop.running:
                loop.stop()
        for running in tuple(self._running):
            running.cancel()

    def _launch(self, work: Callable[[], Awaitable[None]]) -> None:
        running: Deferred[None] = Deferred.fromCoroutine(work())  # type: ignore[arg-type]
        self._running.add(running)
        running.addErrback(self._failed)
        running.addBoth(lambda _ended: self._running.discard(running))

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self._telemetry.emit(STORE_ERROR, reason=f"housekeeping: {failure.getErrorMessage()}")

    async def _purge(self) -> None:
        now = int(self._clock.seconds())

        def purge(tx: Transaction) -> None:
            tx.tokens.purge(now)
            tx.counters.purge(now)
            tx.bans.purge(now)

        await self._store.write(purge)
        await self._store.write(lambda tx: tx.blobs.sweep(now))

    async def _sweep_folder(self) -> None:
        folder, self._folder = self._folder, (self._folder + 1) % 256
        now = int(self._clock.seconds())
        await self._store.write(lambda tx: tx.blobs.sweep_folder(f"{folder:02x}", now))
