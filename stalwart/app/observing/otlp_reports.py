"""Reports the figures of the server to an OpenTelemetry collector, all of them, every so many seconds.

Figures are cumulative: a report that the collector does not take is made good by the next one, so none is sent twice.
If the collector says when it wants to be asked again, reports are left out until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.app.observing.otlp_delivery import Complaints, Destination
from stalwart.config.kept_text import Unreadable
from stalwart.net.otlp import SendFailed
from stalwart.telemetry.figures.families import Buckets, Family
from stalwart.telemetry.otlp.encoding import refused

PATIENCE = 30.0
"""Seconds that gathering the figures may take."""

_STARTED = "process_start_time_seconds"


class Gathers(Protocol):
    """See ``stalwart.telemetry.figures.gathering.Figures``."""

    async def families(self) -> Sequence[Family]:
        """All figures that are collected."""


class Reports:
    """Reports what ``figures`` has to ``destination``, from ``start`` to ``close`` every ``interval`` seconds.

    ``began`` is since when counters count, unless the figures say when the processes of the server were started.
    """

    def __init__(
        self,
        figures: Gathers,
        destination: Destination,
        complaints: Complaints,
        clock: Any,
        interval: float,
        began: float,
    ) -> None:
        self._figures = figures
        self._to = destination
        self._complaints = complaints
        self._clock = clock
        self._interval = interval
        self._began = began
        self._call: Any = None
        self._report: Deferred[None] | None = None
        self._earliest = 0.0
        self._closed = False

    def start(self) -> None:
        """Report now, and then again and again."""
        self._call = self._clock.callLater(0, self._begin)

    def close(self) -> None:
        """Report no more; one that is under way is given up."""
        self._closed = True
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._report is not None:
            self._report.cancel()
        self._to.sender.close()

    def _begin(self) -> None:
        began = self._clock.seconds()
        self._call = None
        going = Deferred.fromCoroutine(self._go())
        if not going.called:
            self._report = going
        going.addBoth(self._ended, began)

    def _ended(self, _result: Any, began: float) -> None:
        """Whatever went wrong has been told."""
        self._report = None
        if not self._closed:
            now = self._clock.seconds()
            next = max(began + self._interval, self._earliest, now)
            self._call = self._clock.callLater(next - now, self._begin)

    async def _go(self) -> None:
        try:
            gathering = Deferred.fromCoroutine(self._figures.families())
            families = await gathering.addTimeout(PATIENCE, self._clock)
            headers = await self._to.in_thread(self._to.headers)
            began, now = since(families, self._began), self._clock.seconds()
            encoding = self._to.in_thread(
                lambda: self._to.encoder().metrics(families, int(began * 1e9), int(now * 1e9))
            )
            for content in await encoding:
                answer = await self._to.sender.send("metrics", content, headers)
                if answer:
                    await self._judge(answer)
        except CancelledError:
            return
        except SendFailed as problem:
            if problem.wait is not None:
                self._earliest = self._clock.seconds() + problem.wait
            self._complaints.tell(problem.reason)
        except Unreadable as problem:
            self._complaints.tell(f"httpAuth: {problem}")
        except DeferredTimeout:
            self._complaints.tell("the figures cannot be gathered in time")
        except Exception as problem:
            self._complaints.tell(f"{type(problem).__name__}: {problem}"[:200])

    async def _judge(self, answer: bytes) -> None:
        count, reason = await self._to.in_thread(lambda: refused("metrics", answer))
        if count:
            self._complaints.tell(f"it has refused {count}: {reason}")


def since(families: Sequence[Family], otherwise: float) -> float:
    """When the oldest process of the server was started: workers come and go, but what they count stays."""
    found = (value for family in families if family.name == _STARTED for _, value in family.samples)
    return min((value for value in found if not isinstance(value, Buckets)), default=otherwise)
