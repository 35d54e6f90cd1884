"""Faults of ours where nobody waits for the answer: told as an event, and never lost."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from stalwart.telemetry.events import RESOURCE_ERROR
from stalwart.telemetry.stream import Telemetry


def tell_fault(telemetry: Telemetry, failure: Failure, **fields: Any) -> None:
    """Something broke that should not; ``fields`` say during what."""
    name = failure.type.__name__ if failure.type else "error"
    reason = f"{name}: {failure.getErrorMessage()}"
    telemetry.emit(RESOURCE_ERROR, **fields, reason=reason, trace=lambda: failure.getBriefTraceback())


class Works:
    """Coroutines that are under way and that nobody waits for."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._running: set[Deferred[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> Deferred[None]:
        """Until it ends, or all are cancelled; never fails."""
        running = Deferred.fromCoroutine(work)
        if not running.called:
            self._running.add(running)
        return running.addBoth(self._ended, running)

    def cancel(self) -> None:
        """End all that are under way."""
        for running in tuple(self._running):
            running.cancel()

    def _ended(self, result: Any, running: Deferred[None]) -> None:
        self._running.discard(running)
        if isinstance(result, Failure) and not result.check(CancelledError):
            tell_fault(self._telemetry, result)
