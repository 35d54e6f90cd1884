"""Housekeeping: what is done when, and that a failure is told and tried again."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.housekeeping import FOLDER_STEP, HOUR, Housekeeping
from stalwart.errors import Unavailable
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level

NOW = 1_800_000_000


class HousekeepingTests(SynchronousTestCase):
    """A memory store and a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        telemetry.observe(self._note)
        self.keeper = Housekeeping(self.store, telemetry, self.clock)

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def start(self) -> None:
        self.keeper.start()
        self.addCleanup(self.keeper.close)

    def count(self) -> int:
        return self.successResultOf(self.store.read(lambda tx: tx.counters.value("x")))

    def test_expired_counters_go_after_an_hour_and_not_before(self) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.counters.increment("x", NOW + 60)))
        self.start()
        self.clock.pump([HOUR / 2, HOUR / 2 - 1])
        before = self.count()
        self.clock.advance(1)
        self.assertEqual((before, self.count()), (1, 0))

    def test_live_counters_stay(self) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.counters.increment("x", NOW + 7200)))
        self.start()
        self.clock.advance(HOUR)
        self.assertEqual(self.count(), 1)

    def test_every_part_of_the_blob_folder_is_walked_in_a_day(self) -> None:
        swept: list[str] = []

        def write(work: Any) -> Deferred[Any]:
            work(Folders(swept))
            return self.store.read(lambda _: None)

        self.patch(self.store, "write", write)
        self.start()
        self.clock.pump([FOLDER_STEP] * 257)
        self.assertEqual(swept[:257], [f"{number:02x}" for number in range(256)] + ["00"])

    def test_failure_is_told_and_the_next_hour_tries_again(self) -> None:
        self.start()
        working = self.store.write

        def refuse(_work: Any) -> Any:
            raise Unavailable("no disk")

        self.store.write = refuse  # type: ignore[method-assign]
        self.clock.advance(HOUR)
        self.assertIn(("store.unexpected-error", {"reason": "housekeeping: no disk"}), self.events)
        self.store.write = working  # type: ignore[method-assign]
        self.events.clear()
        self.successResultOf(self.store.write(lambda tx: tx.counters.increment("x", NOW)))
        self.clock.advance(HOUR)
        self.assertEqual((self.events, self.count()), ([], 0))

    def test_close_cancels_what_runs_and_leaves_nothing_due(self) -> None:
        waiting: Deferred[Any] = Deferred()
        self.patch(self.store, "write", lambda _work: waiting)
        self.keeper.start()
        self.clock.advance(FOLDER_STEP)
        self.keeper.close()
        self.assertEqual((waiting.called, self.clock.getDelayedCalls(), self.events), (True, [], []))

    def test_close_without_start_is_harmless(self) -> None:
        self.keeper.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Folders:
    """A transaction that notes which parts of the blob folder are swept; everything else in it does nothing."""

    def __init__(self, swept: list[str]) -> None:
        self._swept = swept
        self.blobs = self.tokens = self.counters = self.bans = self

    def sweep_folder(self, folder: str, _now: int) -> None:
        self._swept.append(folder)

    def sweep(self, _now: int) -> None:
        return

    def purge(self, _now: int) -> None:
        return
