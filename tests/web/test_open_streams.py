"""How many streams an account has: bounded, counted by kind, given back however they end."""

from __future__ import annotations

from contextlib import ExitStack

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.places import MemoryPlaces
from stalwart.errors import TooMany
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import LIVE_STREAMS
from stalwart.web.open_streams import OpenStreams


class OpenStreamsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry = Telemetry()
        self.places = MemoryPlaces()
        self.streams = self.made("here", 2)

    def made(self, place: str, most: int) -> OpenStreams:
        return OpenStreams(self.places, self.telemetry, place, most, "You have two.", 7)

    def test_an_account_has_so_many_in_one_place(self) -> None:
        with ExitStack() as opened:
            for kind in ("a", "b"):
                self.streams.admit(1)
                opened.enter_context(self.streams.open(1, kind))
            refused = self.assertRaises(TooMany, self.streams.admit, 1)
            self.assertEqual((refused.detail, refused.headers["Retry-After"]), ("You have two.", "7"))
            self.streams.admit(2)
            self.made("there", 1).admit(1)
        self.streams.admit(1)

    def test_they_are_counted_as_long_as_they_last(self) -> None:
        series = self.telemetry.series(LIVE_STREAMS, "a")
        with self.assertRaises(ValueError), self.streams.open(1, "a"):
            self.assertEqual((series.numbers(1)[0], self.places.taken("here", 1)), (1, 1))
            raise ValueError
        self.assertEqual((series.numbers(1)[0], self.places.taken("here", 1)), (0, 0))
