"""How many streams an account may read, and what is counted."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.api.live_streams import MOST, LiveStreams
from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces
from stalwart.errors import TooMany
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import LIVE_STREAMS
from tests.api.streaming import FakeAccounts


class LiveStreamsTests(SynchronousTestCase):
    """Places."""

    def setUp(self) -> None:
        self.telemetry = Telemetry()
        self.accounts = FakeAccounts()
        self.streams = LiveStreams(MemoryPlaces(), self.telemetry, self.accounts)

    def number(self, kind: str) -> float:
        return self.telemetry.series(LIVE_STREAMS, kind).numbers(1)[0]

    def test_kinds_share_the_places_of_an_account(self) -> None:
        opened = [self.streams.open(7, kind) for kind in ("tracing", "metrics") * (MOST // 2)]
        for each in opened:
            self.streams.admit(7)
            each.__enter__()
        refused = self.assertRaises(TooMany, self.streams.admit, 7)
        self.assertEqual(refused.headers["Retry-After"], "5")
        self.streams.admit(8)
        self.assertEqual((self.number("tracing"), self.number("metrics")), (MOST // 2, MOST // 2))
        for each in opened:
            each.__exit__(None, None, None)
        self.streams.admit(7)
        self.assertEqual((self.number("tracing"), self.number("metrics")), (0, 0))

    def test_place_is_free_however_it_ends(self) -> None:
        with self.assertRaises(ValueError), self.streams.open(7, "tracing"):
            raise ValueError
        self.assertEqual(self.number("tracing"), 0)

    def test_whoever_has_entered_an_account_is_looked_at_with_it(self) -> None:
        access = Access(7, "alice", None, frozenset(), presenter_id=3)
        reader = self.streams.reader(access, "liveTracing", "192.0.2.7")
        self.assertTrue(self.successResultOf(Deferred.fromCoroutine(reader.may_read())))
        self.accounts.generation += 1
        self.assertTrue(self.successResultOf(Deferred.fromCoroutine(reader.may_read())))
        self.assertEqual(self.accounts.asked, [(7, 3)])
