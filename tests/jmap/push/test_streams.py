"""How many streams there are, and for whom."""

from __future__ import annotations

from contextlib import ExitStack

from stalwart.errors import TooMany
from stalwart.jmap.push.streams import MOST, REQUESTS, PushStreams
from stalwart.telemetry.measures import LIVE_STREAMS
from tests.jmap.push.push_case import PushCase


class StreamsTests(PushCase):
    def shown(self, kind: str) -> float:
        series = self.telemetry.series(LIVE_STREAMS, kind)
        return series._cells[series._place]

    def test_they_are_counted_by_kind_and_account(self) -> None:
        before = self.shown("websocket")
        with self.streams.open(self.alice, "websocket"), self.streams.open(self.alice, "websocket"):
            self.assertEqual(self.shown("websocket") - before, 2)
            self.assertEqual(self.places.taken("push-streams", self.alice), 2)
        self.assertEqual((self.shown("websocket"), self.places._taken), (before, {}))

    def test_one_that_fails_is_counted_out_all_the_same(self) -> None:
        with self.assertRaises(KeyError), self.streams.open(self.alice, "eventsource"):
            raise KeyError
        self.assertEqual(self.places._taken, {})

    def test_an_account_has_room_for_some_messages(self) -> None:
        self.set_jmap(maxRequestSize=1000, maxConcurrentRequests=2)
        one, two = self.streams.room(self.alice), self.streams.room(self.alice)
        self.assertTrue(one.take(1000 * REQUESTS - 1))
        self.assertEqual((two.take(1), two.take(1), self.streams.room(self.staff).take(1)), (True, False, True))
        one.free(1000)
        self.assertTrue(two.take(1000))
        one.free(1000 * REQUESTS)
        self.streams.room(self.staff).free(1)
        self.assertEqual(self.streams._held, {})

    def test_room_is_for_all_that_may_run(self) -> None:
        self.set_jmap(maxRequestSize=1000, maxConcurrentRequests=10)
        room = self.streams.room(self.alice)
        self.assertEqual((room.take(10_000), room.take(1)), (True, False))

    def test_an_account_has_a_limit(self) -> None:
        for _ in range(MOST):
            self.streams.admit(self.alice)
            self.places.take("push-streams", self.alice, None)
        self.assertRaises(TooMany, self.streams.admit, self.alice)
        self.streams.admit(self.staff)

    def test_an_account_has_a_part_of_the_descriptors_at_most(self) -> None:
        for descriptors, most in ((1024, 256), (3, 1), (1_000_000, MOST)):
            streams = PushStreams(
                self.feed, self.directory.standing, self.settings, self.places, self.telemetry, descriptors
            )
            with ExitStack() as opened:
                for _ in range(most - 1):
                    opened.enter_context(streams.open(self.alice, "websocket"))
                streams.admit(self.alice)
                opened.enter_context(streams.open(self.alice, "eventsource"))
                with self.assertRaisesRegex(TooMany, f"has {most} open streams") as refused:
                    streams.admit(self.alice)
                self.assertIn("Retry-After", refused.exception.headers)
                streams.admit(self.staff)

    def test_times_are_settings(self) -> None:
        self.set_jmap(eventSourceThrottle=250, websocketThrottle=4000)
        self.assertEqual((self.streams.event_source_throttle(), self.streams.socket_throttle()), (0.25, 4.0))
