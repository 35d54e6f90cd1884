"""Readers of the live trace: what they get, when, and what they lose."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.trace_query import TraceQuery
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_MFA_REQUIRED,
    AUTH_SUCCESS,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    HTTP_REQUEST_URL,
    Event,
    Level,
)
from stalwart.telemetry.tracing import subscriptions
from stalwart.telemetry.tracing.subscriptions import MOST_EVENTS, MOST_SPANS, Subscription, Subscriptions
from stalwart.telemetry.tracing.wire import Recorder, Traced

ALL = TraceQuery()
LARGE = 1 << 30


def url(number: int) -> dict[str, Any]:
    return {"url": f"/{number}"}


class SubscriptionCase(SynchronousTestCase):
    """``telemetry`` that nobody logs, and ``subscriptions`` over it."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.subscriptions = Subscriptions(self.telemetry, self.clock)

    def subscribe(self, query: TraceQuery = ALL) -> Subscription:
        subscription = self.subscriptions.subscribe(query)
        self.addCleanup(subscription.close)
        return subscription

    def emit(self, event: Event = HTTP_REQUEST_URL, **values: Any) -> None:
        self.telemetry.emit(event, **values)

    def taken(self, subscription: Subscription, size: int = LARGE) -> list[Any]:
        data = subscription.take(size, subscription.end)
        return json.loads(data) if data else []

    def ids(self, subscription: Subscription) -> list[str]:
        return [each["event"].partition(".")[2] for each in self.taken(subscription)]

    def urls(self, subscription: Subscription) -> list[str]:
        return [each["keyValues"]["0"]["value"]["value"] for each in self.taken(subscription)]


class WatchingTests(SubscriptionCase):
    """Which events are watched."""

    def wants(self) -> list[bool]:
        return [self.telemetry.wants(event) for event in (AUTH_MFA_REQUIRED, HTTP_REQUEST_URL, AUTH_SUCCESS)]

    def test_nothing_while_nobody_reads(self) -> None:
        self.assertEqual(self.wants(), [False] * 3)
        self.subscriptions.subscribe(ALL).close()
        self.assertEqual(self.wants(), [False] * 3)

    def test_debug_and_above_unless_another_level_is_asked_for(self) -> None:
        self.subscribe()
        self.assertEqual(self.wants(), [False, True, True])

    def test_only_what_the_level_needs(self) -> None:
        self.subscribe(TraceQuery(level=Level.INFO))
        self.assertEqual(self.wants(), [False, False, True])

    def test_the_lowest_of_all_counts_until_it_leaves(self) -> None:
        self.subscribe(TraceQuery(level=Level.INFO))
        lowest = self.subscriptions.subscribe(TraceQuery(level=Level.TRACE))
        self.assertEqual(self.wants(), [True] * 3)
        lowest.close()
        self.assertEqual(self.wants(), [False, False, True])

    def test_changes_of_the_level_are_told(self) -> None:
        told: list[Level | None] = []
        self.subscriptions.changed = told.append
        one, other = (self.subscriptions.subscribe(TraceQuery(level=level)) for level in (Level.INFO, Level.TRACE))
        self.subscriptions.tap(Level.TRACE, lambda event: None)()
        other.close()
        one.close()
        self.assertEqual(told, [Level.INFO, Level.TRACE, Level.INFO, None])

    def test_each_gets_only_its_own_level(self) -> None:
        high, low = self.subscribe(TraceQuery(level=Level.INFO)), self.subscribe(TraceQuery(level=Level.TRACE))
        for event in (AUTH_MFA_REQUIRED, HTTP_REQUEST_URL, AUTH_SUCCESS):
            self.emit(event)
        self.assertEqual((self.ids(high), self.ids(low)), (["success"], ["mfa-required", "request-url", "success"]))

    def test_level_of_the_settings_counts(self) -> None:
        self.telemetry.change_levels({"auth.mfa-required": Level.WARN, "auth.success": None})
        reader = self.subscribe(TraceQuery(level=Level.WARN))
        self.emit(AUTH_MFA_REQUIRED)
        self.emit(AUTH_SUCCESS)
        self.assertEqual(self.ids(reader), ["mfa-required"])

    def test_what_comes_of_showing_is_not_shown(self) -> None:
        reader = self.subscribe()
        with self.subscriptions.quiet():
            self.emit()
        self.emit(AUTH_SUCCESS)
        self.assertEqual(self.ids(reader), ["success"])

    def test_tap_gets_events_of_its_level_until_it_ends(self) -> None:
        found: list[Traced] = []
        leave = self.subscriptions.tap(Level.INFO, found.append)
        self.emit()
        self.emit(AUTH_SUCCESS)
        leave()
        leave()
        self.emit(AUTH_SUCCESS)
        self.assertEqual([event.id for event in found], ["auth.success"])


class MatchingTests(SubscriptionCase):
    """What of it a query gets."""

    def test_everything_once_and_in_order(self) -> None:
        reader = self.subscribe()
        for number in range(3):
            self.emit(**url(number))
        self.assertEqual((self.urls(reader), self.urls(reader)), (["/0", "/1", "/2"], []))

    def test_nothing_from_before(self) -> None:
        first = self.subscribe()
        self.emit(**url(1))
        second = self.subscribe()
        self.emit(**url(2))
        self.assertEqual((self.urls(first), self.urls(second)), (["/1", "/2"], ["/2"]))

    def test_needle(self) -> None:
        reader = self.subscribe(TraceQuery(filter="/1"))
        for number in range(12):
            self.emit(**url(number))
        self.assertEqual(self.urls(reader), ["/1", "/10", "/11"])

    def test_credentials_cannot_be_looked_for(self) -> None:
        reader = self.subscribe(TraceQuery(filter="hunter2"))
        self.emit(url="/x?token=hunter2")
        self.assertEqual(self.ids(reader), [])

    def test_once_an_event_matches_the_rest_of_its_span_follows(self) -> None:
        reader = self.subscribe(TraceQuery(filter="/secret"))
        for span in (1, 2):
            self.emit(HTTP_CONNECTION_START, spanId=span)
            self.emit(url="/first", spanId=span)
        self.emit(url="/secret", spanId=2)
        for span in (1, 2):
            self.emit(url="/last", spanId=span)
            self.emit(HTTP_CONNECTION_END, spanId=span)
        self.assertEqual(self.ids(reader), ["request-url", "request-url", "connection-end"])

    def test_span_that_has_ended_matches_no_more(self) -> None:
        reader = self.subscribe(TraceQuery(filter="/secret"))
        self.emit(url="/secret", spanId=2)
        self.emit(HTTP_CONNECTION_END, spanId=2)
        self.emit(url="/x", spanId=2)
        self.assertEqual(self.ids(reader), ["request-url", "connection-end"])

    def test_start_of_the_span_is_looked_at_even_below_the_level(self) -> None:
        reader = self.subscribe(TraceQuery(keys=(("listenerId", "https"), ("login", "alice")), level=Level.INFO))
        self.emit(HTTP_CONNECTION_START, listenerId="https", spanId=1)
        self.emit(HTTP_CONNECTION_START, listenerId="http", spanId=2)
        for span, login in ((1, "alice"), (2, "alice"), (1, "bob")):
            self.emit(AUTH_SUCCESS, login=login, spanId=span)
        self.assertEqual(self.ids(reader), ["success", "success"])

    def test_events_narrow_what_a_span_shows(self) -> None:
        reader = self.subscribe(TraceQuery(filter="alice", events=("http.*",)))
        self.emit(AUTH_SUCCESS, login="alice", spanId=1)
        self.emit(url="/x", spanId=1)
        self.assertEqual(self.ids(reader), ["request-url"])

    def test_a_span_is_sampled_whole(self) -> None:
        reader = self.subscribe(TraceQuery(sample=0.5))
        for _ in range(3):
            for span in range(100):
                self.emit(spanId=span)
        found: dict[int, int] = {}
        for each in self.taken(reader):
            span = each["keyValues"]["0"]["value"]["value"]
            found[span] = found.get(span, 0) + 1
        self.assertEqual(set(found.values()), {3})
        self.assertTrue(30 < len(found) < 70)

    def test_events_without_a_span_are_sampled_one_by_one(self) -> None:
        reader = self.subscribe(TraceQuery(sample=0.5))
        for _ in range(200):
            self.emit()
        self.assertTrue(60 < len(self.ids(reader)) < 140)

    def test_spans_are_remembered_up_to_a_number(self) -> None:
        self.subscribe(TraceQuery(filter="http"))
        for span in range(1, MOST_SPANS + 11):
            self.emit(HTTP_CONNECTION_START, listenerId="http", spanId=span)
        (group,) = self.subscriptions._groups.values()
        self.assertEqual((len(group._matched), len(self.subscriptions._starts)), (MOST_SPANS, MOST_SPANS))


class SharingTests(SubscriptionCase):
    """Several with one query."""

    def test_one_matching_for_all_of_them(self) -> None:
        readers = [self.subscribe(TraceQuery(filter="/1")) for _ in range(5)]
        self.emit(**url(1))
        self.assertEqual([self.urls(reader) for reader in readers], [["/1"]] * 5)
        self.assertEqual(len(self.subscriptions._groups), 1)

    def test_what_all_have_read_is_forgotten(self) -> None:
        first, second = self.subscribe(), self.subscribe()
        for number in range(10):
            self.emit(**url(number))
        self.taken(first)
        (group,) = self.subscriptions._groups.values()
        self.assertEqual(len(group._log), 10)
        self.taken(second)
        self.assertEqual((len(group._log), group._size), (0, 0))

    def test_whoever_does_not_read_holds_nobody_up_when_he_leaves(self) -> None:
        first, second = self.subscribe(), self.subscriptions.subscribe(ALL)
        self.emit()
        self.taken(first)
        second.close()
        (group,) = self.subscriptions._groups.values()
        self.assertEqual(len(group._log), 0)

    def test_nothing_is_left_of_readers_that_have_left(self) -> None:
        reader = self.subscriptions.subscribe(TraceQuery(filter="x"))
        reader.wait(30)
        self.emit(HTTP_CONNECTION_START, spanId=1)
        reader.close()
        self.assertEqual((self.subscriptions._groups, self.subscriptions._starts), ({}, {}))
        self.assertEqual((self.telemetry._observers, self.clock.getDelayedCalls()), ([], []))


class LosingTests(SubscriptionCase):
    """Readers that are too slow."""

    def test_number_is_bounded_and_what_is_lost_counted(self) -> None:
        slow, quick = self.subscribe(), self.subscribe()
        for number in range(MOST_EVENTS + 500):
            self.emit(**url(number))
            if number % 1000 == 0:
                self.taken(quick)
        self.taken(quick)
        self.assertEqual((slow.dropped, quick.dropped), (500, 0))
        self.assertEqual(self.taken(slow), [])  # the reader must hear of it first
        self.assertEqual(slow.told(), 500)
        urls = self.urls(slow)
        self.assertEqual((urls[0], urls[-1], len(urls)), ("/500", f"/{MOST_EVENTS + 499}", MOST_EVENTS))
        self.assertEqual(slow.dropped, 500)

    def test_bytes_are_bounded(self) -> None:
        self.patch(subscriptions, "MOST_BYTES", 100_000)
        slow = self.subscribe()
        for _ in range(500):
            self.emit(url="x" * 3000)
        (group,) = self.subscriptions._groups.values()
        self.assertLessEqual(group._size, 100_000)
        self.assertEqual(slow.told() + len(self.taken(slow)), 500)

    def test_what_was_lost_on_the_way_here_counts_for_all(self) -> None:
        readers = [self.subscribe(), self.subscribe(TraceQuery(filter="x"))]
        self.subscriptions.receive((), 7)
        self.assertEqual([reader.dropped for reader in readers], [7, 7])

    def test_events_of_other_processes_are_matched(self) -> None:
        reader = self.subscribe(TraceQuery(filter="/1"))
        events = [Recorder().traced(HTTP_REQUEST_URL, url(number), 0) for number in range(3)]
        self.subscriptions.receive(events)
        self.assertEqual(self.urls(reader), ["/1"])

    def test_frames_are_limited_but_never_empty(self) -> None:
        reader = self.subscribe()
        for number in range(10):
            self.emit(**url(number))
        self.emit(url="/" + "x" * 3000)
        found = []
        while batch := self.taken(reader, 1000):
            found.append(len(batch))
        self.assertEqual((sum(found), found[-1]), (11, 1))
        self.assertGreater(len(found), 2)

    def test_frames_of_a_flush_end_where_it_began(self) -> None:
        reader = self.subscribe()
        self.emit(**url(1))
        end = reader.end
        self.emit(**url(2))
        self.assertEqual(len(json.loads(reader.take(LARGE, end))), 1)
        self.assertEqual(reader.take(LARGE, end), b"")


class WaitingTests(SubscriptionCase):
    """When a reader is woken."""

    def waits(self, reader: Subscription, patience: float = 30) -> float:
        """How long a wait takes."""
        waiting = reader.wait(patience)
        began = self.clock.seconds()
        for _ in range(4000):
            if waiting.called:
                return self.clock.seconds() - began
            self.clock.advance(0.01)
        raise AssertionError("it does not end")

    def test_without_events_the_patience_ends(self) -> None:
        self.assertTrue(30 <= self.waits(self.subscribe()) < 30.1)

    def test_an_event_wakes_within_a_second(self) -> None:
        reader = self.subscribe()
        waiting = reader.wait(30)
        self.clock.advance(10.3)
        self.emit()
        self.assertNoResult(waiting)
        self.clock.advance(1.01)
        self.successResultOf(waiting)

    def test_at_most_once_a_second_however_much_happens(self) -> None:
        reader = self.subscribe()
        moments = []
        for number in range(5):
            self.emit(**url(number))
            self.waits(reader)
            moments.append(self.clock.seconds())
            self.emit(**url(number))
        pauses = [later - earlier for earlier, later in pairwise(moments)]
        self.assertTrue(all(0.9 <= pause <= 1.1 for pause in pauses), pauses)

    def test_readers_are_spread_over_the_second(self) -> None:
        readers = [self.subscribe() for _ in range(20)]
        waiting = [reader.wait(30) for reader in readers]
        self.emit()
        woken = []
        for _ in range(10):
            before = sum(each.called for each in waiting)
            self.clock.advance(0.1)
            woken.append(sum(each.called for each in waiting) - before)
        self.assertEqual(sum(woken), 20)
        self.assertLessEqual(max(woken), 4)

    def test_lost_events_wake_too(self) -> None:
        reader = self.subscribe()
        waiting = reader.wait(30)
        self.subscriptions.receive((), 1)
        self.clock.advance(1.01)
        self.successResultOf(waiting)

    def test_cancelled_wait_leaves_nothing(self) -> None:
        reader = self.subscribe()
        waiting = reader.wait(30)
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.emit()
        self.assertEqual(self.clock.getDelayedCalls(), [])
