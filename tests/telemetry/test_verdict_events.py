"""Results of checks are events, one for each."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.events import declared_events
from stalwart.telemetry.verdict_events import VERDICTS


class VerdictEventTests(SynchronousTestCase):
    def test_names(self) -> None:
        found = {event.id for event in VERDICTS.values()}
        self.assertEqual(len(found), len(VERDICTS))
        self.assertLessEqual({"spf.soft-fail", "dkim.perm-error", "dmarc.pass", "iprev.temp-error"}, found)
        self.assertLessEqual(found, {event.id for event in declared_events()})
