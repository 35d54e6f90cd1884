"""Words of nodes over a bus."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.node_words import CUT_OFF, BusWords

KEY = bytes(32)


class Bus:
    """Gives what is published to all."""

    def __init__(self) -> None:
        self.listeners: list[Any] = []
        self.published: list[bytes] = []
        self.is_closed = False

    def start(self, listener: Any) -> None:
        self.listeners.append(listener)

    def publish(self, payload: bytes) -> None:
        self.published.append(payload)
        for each in self.listeners:
            each.heard(payload)

    def close(self) -> None:
        self.is_closed = True


class BusWordsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.bus: Any = Bus()
        self.reports: list[str] = []
        self.one_heard: list[Any] = []
        self.other_heard: list[Any] = []
        self.fallen: list[Any] = []
        self.one = self.words(self.one_heard)
        self.other = self.words(self.other_heard)

    def words(self, heard: list[Any], key: bytes = KEY) -> BusWords:
        made = BusWords(self.bus, key, heard.append, self.fallen.append, self.reports.append, self.clock)
        made.start()
        self.addCleanup(made.close)
        return made

    def connect(self) -> None:
        """All of them; what they may have missed before is not looked at."""
        for each in self.bus.listeners:
            each.connected()
        self.one_heard.clear()
        self.other_heard.clear()

    def test_the_words_of_one_turn_are_one_message_that_the_others_hear(self) -> None:
        self.connect()
        for word in ((1, 7), ("alert", 5, {"a": "ü"}), (1, 7)):
            self.one.tell(word)
        self.clock.advance(0)
        self.assertEqual(self.other_heard, [[1, 7], ["alert", 5, {"a": "ü"}]])
        self.assertEqual((self.one_heard, len(self.bus.published), self.fallen), ([], 1, []))

    def test_many_words_are_several_messages(self) -> None:
        self.connect()
        for number in range(40):
            self.one.tell((number, "x" * 5000))
        self.clock.advance(0)
        self.assertEqual([word[0] for word in self.other_heard], list(range(40)))
        self.assertEqual(len(self.bus.published), 4)
        self.assertLess(max(map(len, self.bus.published)), 61_000)

    def test_without_a_connection_words_go_by_the_data_store(self) -> None:
        self.one.tell((1, 7))
        self.assertEqual((self.fallen, self.bus.published), ([(1, 7)], []))

    def test_what_did_not_leave_goes_by_the_data_store(self) -> None:
        self.connect()
        self.one.tell((1, 7))
        self.clock.advance(0)
        self.one.unpublished(self.bus.published[0])
        self.assertEqual(self.fallen, [[1, 7]])

    def test_who_was_away_may_have_missed_something(self) -> None:
        self.one.connected()
        self.assertEqual(self.one_heard, [None])

    def test_who_is_cut_off_believes_nothing_until_it_is_back(self) -> None:
        self.connect()
        self.one.disconnected("ConnectionError")
        self.assertEqual(len(self.reports), 1)
        self.clock.advance(CUT_OFF)
        self.assertEqual(self.one_heard, [None, None])
        self.one.connected()
        self.clock.advance(CUT_OFF)
        self.assertEqual(self.one_heard, [None, None, None])

    def test_who_never_had_a_connection_believes_nothing_either(self) -> None:
        self.clock.advance(CUT_OFF)
        self.clock.advance(CUT_OFF)
        self.assertEqual(self.one_heard, [None, None])
        self.one.connected()
        self.clock.advance(CUT_OFF)
        self.assertEqual(self.one_heard, [None, None, None])

    def test_who_is_no_node_is_not_heard(self) -> None:
        stranger = self.words([], b"another key")
        self.connect()
        stranger.tell((1, 7))
        self.clock.advance(0)
        self.bus.listeners[0].heard(b"")
        self.bus.listeners[0].heard(b"x" * 16 + json.dumps({"from": 1, "words": [[1, 7]]}).encode())
        self.assertEqual((self.one_heard, self.other_heard), ([], []))

    def test_after_the_end_nothing_is_said(self) -> None:
        self.connect()
        self.one.tell((1, 7))
        self.one.disconnected("x")
        self.one.close()
        self.clock.advance(CUT_OFF)
        self.assertEqual((self.bus.published, self.bus.is_closed, self.clock.getDelayedCalls()), ([], True, []))
