"""Which events a setting takes."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observing.wanted_events import level_of, selection
from stalwart.config.monitoring.tracer import Log
from stalwart.telemetry.events import AUTH_FAILED, AUTH_MFA_REQUIRED, AUTH_SUCCESS, NETWORK_BIND_ERROR, Event, Level

ALL = (AUTH_MFA_REQUIRED, AUTH_FAILED, AUTH_SUCCESS, NETWORK_BIND_ERROR)


def taken(*takers: Any) -> list[Event]:
    takes = selection(takers)
    return [event for event in ALL if takes(event)]


def taker(level: str, policy: str = "exclude", *events: Event) -> Log:
    return Log(path="/", level=level, events=frozenset(event.id for event in events), events_policy=policy)


class SelectionTests(SynchronousTestCase):
    def test_level(self) -> None:
        self.assertEqual(taken(taker("error")), [NETWORK_BIND_ERROR])
        self.assertEqual(taken(taker("trace")), list(ALL))
        self.assertEqual(level_of(taker("warn")), Level.WARN)

    def test_events_that_are_included_or_excluded(self) -> None:
        self.assertEqual(taken(taker("info", "include", AUTH_SUCCESS, AUTH_MFA_REQUIRED)), [AUTH_SUCCESS])
        self.assertEqual(taken(taker("info", "exclude", AUTH_SUCCESS)), [AUTH_FAILED, NETWORK_BIND_ERROR])

    def test_any_of_several(self) -> None:
        found = taken(taker("trace", "include", AUTH_MFA_REQUIRED), taker("error"))
        self.assertEqual(found, [AUTH_MFA_REQUIRED, NETWORK_BIND_ERROR])

    def test_nobody_takes_anything(self) -> None:
        self.assertEqual(taken(), [])
