"""Limits that nodes count together."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.node_counters import AT_ONCE, MOST, PAUSE, NodeCounters
from stalwart.web.limits import MemoryCounters


class NodeCountersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.said: list[Any] = []
        self.one = NodeCounters(MemoryCounters(), lambda counts: self.tell(self.other, counts), self.clock)
        self.other = NodeCounters(MemoryCounters(), lambda counts: self.tell(self.one, counts), self.clock)

    def tell(self, hearer: NodeCounters, counts: Any) -> None:
        self.said.append(json.loads(json.dumps(counts)))
        hearer.hear(self.said[-1])

    def test_each_counts_at_once_and_hears_of_the_other_a_moment_later(self) -> None:
        self.other.increment("anonymous", "192.0.2.1", 5)
        for _ in range(3):
            self.one.increment("anonymous", "192.0.2.1", 5)
        self.assertEqual(self.other.increment("anonymous", "192.0.2.1", 5), 2)
        self.clock.advance(PAUSE)
        self.assertEqual(self.other.increment("anonymous", "192.0.2.1", 5), 6)
        self.assertEqual(self.one.increment("anonymous", "192.0.2.1", 5), 6)
        self.assertEqual(self.said, [[["anonymous", "192.0.2.1", 5, 3]], [["anonymous", "192.0.2.1", 5, 2]]][::-1])

    def test_what_is_heard_is_not_told_again(self) -> None:
        self.one.increment("anonymous", "x", 5)
        self.clock.advance(PAUSE)
        self.clock.advance(PAUSE)
        self.assertEqual(len(self.said), 1)

    def test_a_window_that_begins_there_first_counts_when_it_begins_here(self) -> None:
        self.other.increment("anonymous", "x", 5)
        self.one.increment("anonymous", "x", 6, 4)
        self.clock.advance(PAUSE)
        self.assertEqual(self.other.increment("anonymous", "x", 5), 2)
        self.assertEqual(self.other.increment("anonymous", "x", 6), 5)

    def test_one_who_was_quiet_has_heard_too(self) -> None:
        self.one.increment("anonymous", "x", 6, 4)
        self.clock.advance(PAUSE)
        self.assertEqual(self.other.increment("anonymous", "x", 6), 5)

    def test_of_windows_ahead_only_the_last_counts(self) -> None:
        self.other.increment("anonymous", "x", 5)
        for window in (6, 7):
            self.one.increment("anonymous", "x", window)
            self.clock.advance(PAUSE)
        self.assertEqual(self.other.increment("anonymous", "x", 7), 2)
        self.assertEqual(self.other.increment("anonymous", "y", 7), 1)

    def test_what_is_over_here_is_not_looked_at(self) -> None:
        self.other.increment("anonymous", "x", 6)
        self.one.increment("anonymous", "x", 5, 9)
        self.clock.advance(PAUSE)
        self.assertEqual(self.other.increment("anonymous", "x", 6), 2)

    def test_all_begin_anew(self) -> None:
        self.one.increment("anonymous", "x", 5)
        self.other.increment("anonymous", "x", 5)
        self.clock.advance(PAUSE)
        self.one.increment("anonymous", "x", 6)
        self.one.clear()
        self.clock.advance(PAUSE)
        self.assertEqual([each.increment("anonymous", "x", 5) for each in (self.one, self.other)], [1, 1])

    def test_many_keys_are_told_in_pieces_that_fit_into_a_notice(self) -> None:
        for number in range(AT_ONCE + 1):
            self.one.increment("authenticated", f"2001:db8:ffff:ffff:ffff:ffff:ffff:{number:04x}", 1_800_000_000)
        self.clock.advance(PAUSE)
        self.assertEqual([len(counts) for counts in self.said], [AT_ONCE, 1])
        self.assertLess(len(json.dumps(self.said[0])), 7000)

    def test_a_flood_of_keys_is_not_told_whole(self) -> None:
        for number in range(MOST + 10):
            self.one.increment("anonymous", number, 5)
        self.one.increment("anonymous", 0, 5)
        self.clock.advance(PAUSE)
        told = {key: count for counts in self.said for _, key, _, count in counts}
        self.assertEqual((len(told), told[0]), (MOST, 2))

    def test_after_its_end_nothing_is_told(self) -> None:
        self.one.increment("anonymous", "x", 5)
        self.one.close()
        self.clock.advance(PAUSE)
        self.assertEqual((self.said, self.clock.getDelayedCalls()), ([], []))
