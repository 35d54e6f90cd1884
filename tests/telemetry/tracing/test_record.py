"""Traces as they are kept, and what they are found by."""

from __future__ import annotations

import zlib

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.events import AUTH_FAILED, DELIVERY_DIAGNOSIS_END, DELIVERY_DIAGNOSIS_START, Event, Level
from stalwart.telemetry.tracing.collector import record_of
from stalwart.telemetry.tracing.record import MOST_WORDS, joined, packed, summary, unpacked, wire_events

MESSAGE = Event("queue.queued", Level.INFO, "A message", "from to size")
NOW = 1_800_000_000.25
FIRST = record_of(AUTH_FAILED, {"remoteIp": "192.0.2.1", "login": "Alice", "spanId": 7, "reason": None}, NOW)
SECOND = record_of(AUTH_FAILED, {"remoteIp": "192.0.2.1", "login": "Bob"}, NOW + 1)


class RecordTests(SynchronousTestCase):
    def test_events_come_back_as_they_were(self) -> None:
        self.assertEqual(
            unpacked(packed([FIRST, SECOND])),
            [
                ("auth.failed", 1_800_000_000_250, {"remoteIp": "192.0.2.1", "login": "Alice"}),
                ("auth.failed", 1_800_000_001_250, {"remoteIp": "192.0.2.1", "login": "Bob"}),
            ],
        )

    def test_odd_values_do_no_harm(self) -> None:
        odd = {"reason": "\udc80\x00é", "url": b"\xff", "elapsed": float("nan"), "size": 1 << 70, "trace": object}
        ((_, _, values),) = unpacked(packed([record_of(AUTH_FAILED, odd, NOW)]))
        self.assertEqual((values["reason"], values["url"], values["elapsed"]), ("?\x00é", "/w==", None))
        self.assertEqual(len(wire_events([("auth.failed", 0, values)])["0"]["keyValues"]), 5)
        self.assertIn("? é", summary([("auth.failed", 0, values)]).words)

    def test_what_cannot_be_read_is_empty(self) -> None:
        for stored in (b"", b"nonsense", zlib.compress(b"nonsense"), zlib.compress(b"[1]"), packed([FIRST])[:-6]):
            self.assertEqual(unpacked(stored), [], stored)

    def test_a_later_part_is_added_once_and_within_bounds(self) -> None:
        stored = joined(packed([FIRST]), [SECOND], 5)
        self.assertEqual(unpacked(stored), unpacked(packed([FIRST, SECOND])))
        self.assertEqual(joined(stored, [FIRST, SECOND], 5), stored)
        self.assertEqual(unpacked(joined(packed([FIRST]), [SECOND], 1)), unpacked(packed([FIRST])))

    def test_wire_form(self) -> None:
        address = {"key": "remoteIp", "value": {"@type": "IpAddr", "value": "192.0.2.1"}}
        login = {"key": "login", "value": {"@type": "String", "value": "Alice"}}
        event = {"event": "auth.failed", "timestamp": "2027-01-15T08:00:00Z", "keyValues": {"0": address, "1": login}}
        self.assertEqual(wire_events(unpacked(packed([FIRST]))), {"0": event})


class SummaryTests(SynchronousTestCase):
    def test_kinds_and_words_are_told_once(self) -> None:
        found = summary(unpacked(packed([FIRST, SECOND])))
        self.assertEqual((found.kinds, found.words), (" auth.failed ", "192.0.2.1\nalice\nbob"))
        self.assertEqual((found.sender, found.recipients, found.size), (None, None, None))

    def test_a_message_has_people_and_a_size(self) -> None:
        told = [(MESSAGE.id, 0, {"from": "a@x.test", "to": ["b@y.test", "c@y.test"], "size": 70})]
        found = summary([*told, (MESSAGE.id, 1, {"from": "later@x.test"})])
        self.assertEqual((found.sender, found.recipients, found.size), ("a@x.test", "b@y.test, c@y.test", 70))

    def test_a_diagnosis_goes_to_its_domain(self) -> None:
        told = [(DELIVERY_DIAGNOSIS_START.id, 0, {"domain": "a.test"}), (DELIVERY_DIAGNOSIS_END.id, 1, {"size": 3})]
        found = summary(told)
        self.assertEqual((found.sender, found.recipients, found.size), (None, "a.test", None))

    def test_words_are_bounded(self) -> None:
        told = [("auth.failed", 0, {"reason": "x" * 4000 + str(number)}) for number in range(10)]
        self.assertEqual(len(summary(told).words), MOST_WORDS)
