"""How much of what costs the client nothing is too much."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.http2.floods import MOST, PERIOD, UPDATES_PER_DATA, Floods
from stalwart.web.http2.frames import ConnectionFault, ErrorCode


class FloodTests(SynchronousTestCase):
    """Each kind has its number."""

    def test_each_kind_is_limited_by_itself(self) -> None:
        floods = Floods()
        for what, most in MOST.items():
            for _ in range(most):
                floods.count(what, 5.0)
            fault = self.assertRaises(ConnectionFault, floods.count, what, 5.0)
            self.assertEqual(fault.code, ErrorCode.ENHANCE_YOUR_CALM, what)

    def test_a_new_period_begins_at_nothing(self) -> None:
        floods = Floods()
        for now in (5.0, 5.0 + PERIOD):
            for _ in range(MOST["ping"]):
                floods.count("ping", now)
        self.assertRaises(ConnectionFault, floods.count, "ping", 5.0 + PERIOD)

    def test_what_we_send_justifies_updates(self) -> None:
        floods = Floods()
        floods.count("update", 5.0)
        floods.sent_data()
        for _ in range(MOST["update"] + UPDATES_PER_DATA - 1):
            floods.count("update", 5.0)
        self.assertRaises(ConnectionFault, floods.count, "update", 5.0)
