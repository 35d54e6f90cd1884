"""The diagnosis as a service of the daemon: who may run how many, with which limits, over which outside world.

A place is held from the moment a run is admitted until its stream ends or its reader leaves. Settings are read anew for
each run, so that a change holds for the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError

from stalwart.config.monitoring.diagnosis import Diagnosis as DiagnosisSettings
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.directory.places import MemoryPlaces, Places
from stalwart.errors import TooMany
from stalwart.mail.delivery.diagnosis import Wishes, diagnose
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.session import Emit
from stalwart.mail.delivery.stage_events import StageEvents
from stalwart.mail.delivery.stages import Summary
from stalwart.mail.delivery.target import Target
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import DELIVERY_DIAGNOSIS_END, DELIVERY_DIAGNOSIS_START
from stalwart.telemetry.measures import DIAGNOSIS_DURATION, LIVE_STREAMS
from stalwart.telemetry.spans import inside, moment_of, new_span

RETRY_AFTER = 5
_DIAGNOSES = "diagnoses"


class Diagnoses:
    """Admits and runs diagnoses; ``outgoing`` gives the outside world of the next run.

    ``places`` count the running ones by account; ``now`` is what durations are measured by, in seconds.
    """

    def __init__(
        self,
        outgoing: Callable[[], Outgoing],
        settings: Settings,
        telemetry: Telemetry,
        places: Places | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outgoing = outgoing
        self._settings = settings
        self._telemetry = telemetry
        self._places = places if places is not None else MemoryPlaces()
        self._now = now

    def admit(self, account_id: int) -> None:
        """Say whether the account may start one more run now.

        :raises TooMany: it has as many running as ``x:Diagnosis.maxPerAccount`` allows.
        """
        most = self._settings.of(DiagnosisSettings).max_per_account
        if self._places.taken(_DIAGNOSES, account_id) >= most:
            detail = f"This account already runs {most} delivery diagnoses. Wait for one to end, or end one."
            raise TooMany(detail, headers={"Retry-After": str(RETRY_AFTER)})

    async def run(
        self, account_id: int, target: Target, wishes: Wishes, emit: Emit, port: int | None = None
    ) -> Summary:
        """Diagnose ``target``; see ``diagnosis.diagnose``. The account's place is free again as soon as this ends,
        in whatever way. ``port`` is for test mode."""
        self._places.take(_DIAGNOSES, account_id, None)
        streams = self._telemetry.series(LIVE_STREAMS, "delivery")
        streams.add(1)
        span = new_span()
        began = self._now()
        outcome: dict[str, Any] = {"result": "failed"}
        try:
            with inside(span):
                self._telemetry.emit(DELIVERY_DIAGNOSIS_START, domain=target.domain, accountId=account_id)
                telling = StageEvents(self._telemetry, target.domain, emit)
                summary = await diagnose(target, self._outgoing(), self.limits(port), wishes, telling)
            outcome.update(result=summary.verdict, reason=summary.result_type)
        except CancelledError:
            outcome["result"] = "cancelled"
            raise
        finally:
            self._places.free(_DIAGNOSES, account_id)
            streams.add(-1)
            self._tell_end(span, target, self._now() - began, outcome)
        return summary

    def _tell_end(self, span: int, target: Target, seconds: float, outcome: dict[str, Any]) -> None:
        taken = self._telemetry.series(DIAGNOSIS_DURATION, outcome["result"])
        taken.observe_in(span, seconds, moment_of(span) + seconds)
        elapsed = int(seconds * 1000)
        self._telemetry.emit(DELIVERY_DIAGNOSIS_END, spanId=span, domain=target.domain, elapsed=elapsed, **outcome)

    def limits(self, port: int | None = None) -> Limits:
        """The limits that the settings give for the next run."""
        chosen = self._settings.of(DiagnosisSettings)
        hostname = self._settings.of(SystemSettings).default_hostname
        return Limits(
            ehlo_name=hostname,
            operation_timeout=chosen.operation_timeout / 1000,
            port=port if port is not None else chosen.port,
            allow_private=chosen.allow_private_targets,
        )

    @property
    def test_mode(self) -> bool:
        """Whether a request may choose the port."""
        return self._settings.of(DiagnosisSettings).test_mode
