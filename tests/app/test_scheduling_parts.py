"""What is built of scheduling is in its places: the calendars, the delivery of mail, the tasks."""

from __future__ import annotations

from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import scheduling_parts
from stalwart.groupware.scheduling.scheduling import TASK
from stalwart.telemetry import Telemetry


class _Anything:
    def __getattr__(self, name: str) -> Any:
        return self.__dict__.setdefault(name, _Anything())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None


class SchedulingPartsTests(SynchronousTestCase):
    def test_everything_knows_it(self) -> None:
        below, mail, events = (cast(Any, _Anything()) for _ in range(3))
        below.telemetry = Telemetry()
        made = scheduling_parts.scheduling_parts(below, mail, cast(Any, None), events, cast(Any, None), None)
        self.assertIs(events.scheduler, made.scheduling)
        self.assertIsNotNone(mail.delivering.calendars)
        self.assertEqual([*made.works()], [TASK])
