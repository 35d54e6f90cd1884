"""The live trace over several processes: what is sent to whom, in which quantities, and what is left out."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers.channel import LONGEST
from stalwart.app.workers.trace_relay import MOST_BYTES, MOST_EVENTS, PAUSE, TraceExchange, TraceRelay
from stalwart.codec.trace_query import TraceQuery
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_MFA_REQUIRED, AUTH_SUCCESS, HTTP_REQUEST_URL, SERVER_RELOAD, Event, Level
from stalwart.telemetry.tracing.subscriptions import Subscription, Subscriptions


class Side:
    """A process: its telemetry and its readers."""

    def __init__(self, clock: Clock) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.subscriptions = Subscriptions(self.telemetry, clock)


class Worker(Side):
    """A worker and the line to it."""

    def __init__(self, number: int, clock: Clock, exchange: TraceExchange) -> None:
        super().__init__(clock)
        self.number = number
        self.exchange = exchange
        self.is_full = self.parent_is_full = False
        self.lengths: list[int] = []
        self.relay = TraceRelay(self.subscriptions, clock, self.says, lambda: self.parent_is_full)

    def says(self, do: str, **members: Any) -> None:
        text = json.dumps({"do": do, **members})
        self.lengths.append(len(text))
        message = json.loads(text)
        if do == "listen":
            self.exchange.listens(self.number, message["level"])
        else:
            self.exchange.passed(self.number, message)

    def send(self, do: str, **members: Any) -> None:
        self.relay.heard(json.loads(json.dumps({"do": do, **members})))

    def reads(self, query: TraceQuery | None = None) -> Subscription:
        return self.subscriptions.subscribe(query or TraceQuery())

    def watches(self, event: Event) -> bool:
        return self.telemetry.wants(event)


def ids(reader: Subscription) -> list[str]:
    """Of the events that it has got."""
    data = reader.take(1 << 30, reader.end)
    return [each["event"] for each in json.loads(data)] if data else []


class RelayTests(SynchronousTestCase):
    """Three workers and their parent."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.parent = Side(self.clock)
        self.exchange = TraceExchange(self.parent.subscriptions, self.clock, lambda: self.lines)
        self.workers = [Worker(number, self.clock, self.exchange) for number in (1, 2, 3)]
        self.lines: dict[int, Any] = {worker.number: worker for worker in self.workers}

    def test_nobody_watches_while_nobody_reads(self) -> None:
        self.assertFalse(any(worker.watches(AUTH_SUCCESS) for worker in self.workers))

    def test_reader_sees_what_happens_in_all_processes_once(self) -> None:
        one, two, three = self.workers
        reader = one.reads(TraceQuery(filter="x"))
        for side in (one, two, three):
            side.telemetry.emit(HTTP_REQUEST_URL, url="/x")
            side.telemetry.emit(HTTP_REQUEST_URL, url="/y")
        self.parent.telemetry.emit(SERVER_RELOAD, reason="x")
        self.clock.advance(PAUSE)
        self.assertEqual(ids(reader), ["http.request-url"] * 3 + ["server.reload"])

    def test_only_the_level_that_is_asked_for_elsewhere(self) -> None:
        one, two, three = self.workers
        reader = one.reads(TraceQuery(level=Level.INFO))
        watching = [[worker.watches(event) for event in (HTTP_REQUEST_URL, AUTH_SUCCESS)] for worker in (two, three)]
        self.assertEqual(watching, [[False, True]] * 2)
        other = two.reads(TraceQuery(level=Level.TRACE))
        self.assertEqual([worker.watches(AUTH_MFA_REQUIRED) for worker in (one, two, three)], [True] * 3)
        other.close()
        self.assertEqual([worker.watches(HTTP_REQUEST_URL) for worker in (one, two, three)], [False] * 3)
        reader.close()
        self.assertFalse(any(worker.watches(AUTH_SUCCESS) for worker in self.workers))
        self.assertFalse(self.parent.telemetry.wants(AUTH_SUCCESS))

    def test_readers_at_two_workers(self) -> None:
        one, two, _ = self.workers
        readers = [one.reads(), two.reads()]
        for worker in self.workers:
            worker.telemetry.emit(AUTH_SUCCESS)
        self.clock.advance(PAUSE)
        self.assertEqual([len(ids(reader)) for reader in readers], [3, 3])

    def test_worker_that_comes_later_is_told(self) -> None:
        late = self.lines.pop(3)
        reader = self.workers[0].reads()
        self.assertFalse(late.watches(AUTH_SUCCESS))
        self.lines[3] = late
        self.exchange.began(3)
        late.telemetry.emit(AUTH_SUCCESS)
        self.clock.advance(PAUSE)
        self.assertEqual(ids(reader), ["auth.success"])

    def test_worker_that_dies_wants_nothing_more(self) -> None:
        self.workers[0].reads()
        del self.lines[1]
        self.exchange.gone(1)
        self.assertFalse(any(worker.watches(AUTH_SUCCESS) for worker in self.workers[1:]))

    def test_many_events_are_bounded_and_the_rest_counted(self) -> None:
        one, two, _ = self.workers
        reader = one.reads()
        for _ in range(MOST_EVENTS + 10):
            two.telemetry.emit(AUTH_SUCCESS)
        self.clock.advance(PAUSE)
        self.assertEqual((reader.told(), len(ids(reader))), (10, MOST_EVENTS))

    def test_message_fits_into_the_channel_whatever_is_in_it(self) -> None:
        one, two, _ = self.workers
        reader = one.reads()
        for text in ('"' * 4000, "\x01" * 4000, "ü" * 4000, "\U0001f600" * 4000):
            for _ in range(MOST_BYTES // 4000):
                two.telemetry.emit(HTTP_REQUEST_URL, url=text)
            self.clock.advance(PAUSE)
        self.assertLess(max(two.lengths), LONGEST)
        self.assertEqual(reader.told() + len(ids(reader)), 4 * (MOST_BYTES // 4000))

    def test_parent_that_does_not_keep_up_is_waited_for(self) -> None:
        one, two, _ = self.workers
        reader = one.reads()
        two.parent_is_full = True
        two.telemetry.emit(AUTH_SUCCESS)
        self.clock.pump([PAUSE] * 5)
        self.assertEqual(ids(reader), [])
        two.parent_is_full = False
        self.clock.advance(PAUSE)
        self.assertEqual(ids(reader), ["auth.success"])

    def test_what_a_full_line_does_not_take_is_told_later(self) -> None:
        one, two, _ = self.workers
        reader = one.reads()
        one.is_full = True
        for _ in range(3):
            two.telemetry.emit(AUTH_SUCCESS)
        self.clock.advance(PAUSE)
        one.is_full = False
        two.telemetry.emit(AUTH_SUCCESS)
        self.clock.advance(PAUSE)
        self.assertEqual((reader.told(), ids(reader)), (3, ["auth.success"]))

    def test_closed_relay_is_silent(self) -> None:
        one, two, _ = self.workers
        one.reads()
        two.telemetry.emit(AUTH_SUCCESS)
        two.relay.close()
        self.assertEqual((two.watches(AUTH_SUCCESS), self.clock.getDelayedCalls()), (False, []))
        two.reads()
        self.assertEqual(self.exchange._wanted, {1: Level.DEBUG})
