"""Housekeeping: what is done when, and that a failure is told and tried again."""

from __future__ import annotations

import os
import time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.housekeeping import HOUR, Housekeeping
from stalwart.config.settings import Settings
from stalwart.config.storage.retention import DataRetention
from stalwart.errors import Unavailable
from stalwart.store import MemoryStore
from stalwart.store.mail_rows import NewEmail
from stalwart.tasks.cleaning import FOLDER_PAUSE
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level

NOW = 1_800_000_000  # 08:00:00 UTC
DAY = 24 * HOUR


class HousekeepingTests(SynchronousTestCase):
    """A memory store and a clock, in a server whose clocks show UTC."""

    def setUp(self) -> None:
        self._zone("UTC")
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        telemetry.observe(self._note)
        self.settings = Settings(self.store, telemetry, self.clock)
        self.keeper = Housekeeping(self.store, self.settings, telemetry, self.clock)

    def _zone(self, name: str) -> None:
        before = os.environ.get("TZ")

        def restore() -> None:
            if before is None:
                os.environ.pop("TZ", None)
            else:
                os.environ["TZ"] = before
            time.tzset()

        self.addCleanup(restore)
        os.environ["TZ"] = name
        time.tzset()

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def start(self) -> None:
        self.keeper.start()
        self.addCleanup(self.keeper.close)

    def change(self, **members: Any) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(DataRetention, members)))

    def count(self) -> int:
        return self.successResultOf(self.store.read(lambda tx: tx.counters.value("x")))

    def put_blob(self) -> bytes:
        """A blob that nobody has held for longer than a day."""
        return self.successResultOf(self.store.write(lambda tx: tx.blobs.put(b"x", NOW - 2 * int(DAY)))).hash

    def has_blob(self, hash: bytes) -> bool:
        return self.successResultOf(self.store.read(lambda tx: tx.blobs.find(hash))) is not None

    def pass_time(self, seconds: float) -> None:
        """In steps of an hour."""
        whole, rest = divmod(seconds, HOUR)
        self.clock.pump([HOUR] * int(whole) + [rest])

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

    def test_unused_blobs_go_at_four_in_the_morning(self) -> None:
        hash = self.put_blob()
        self.start()
        self.pass_time(20 * HOUR - 1)
        before = self.has_blob(hash)
        self.clock.advance(1)
        self.assertEqual((before, self.has_blob(hash)), (True, False))

    def test_they_go_the_next_day_again(self) -> None:
        self.start()
        self.pass_time(20 * HOUR)
        self.clock.pump([FOLDER_PAUSE] * 256)
        hash = self.put_blob()
        self.pass_time(DAY - 256 * FOLDER_PAUSE)
        self.assertFalse(self.has_blob(hash))

    def test_old_deletions_are_forgotten_at_two(self) -> None:
        self.change(maxChangesHistory=0)

        def fill(tx: Any) -> None:
            tx.accounts.create(5, "a", "user")
            tx.objects.kill(5, tx.objects.insert(5, 1, now=NOW).id, now=NOW)

        def knows_all() -> bool:
            return self.successResultOf(self.store.read(lambda tx: tx.objects.changes(5, 1, 0))) is not None

        self.successResultOf(self.store.write(fill))
        self.start()
        self.pass_time(18 * HOUR - 1)
        before = knows_all()
        self.clock.advance(1)
        self.assertEqual((before, knows_all()), (True, False))

    def test_old_trash_is_deleted_at_midnight(self) -> None:
        def fill(tx: Any) -> int:
            tx.accounts.create(5, "a", "user")
            trash = tx.mail.mailboxes.create(5, "Trash", "trash", now=NOW, role="trash").id
            new = NewEmail(blob=tx.blobs.put(b"x", NOW).hash, size=1, received_at=1, mailboxes=frozenset({trash}))
            tx.mail.add_email(5, new, now=NOW)
            return trash

        trash = self.successResultOf(self.store.write(fill))

        def total() -> int:
            return self.successResultOf(self.store.read(lambda tx: tx.mail.mailboxes.get(5, trash))).total

        self.change(expungeTrashAfter=15 * 3_600_000)
        self.start()
        self.pass_time(16 * HOUR - 1)
        before = total()
        self.clock.advance(1)
        self.assertEqual((before, total()), (1, 0))

    def test_new_schedule_holds_at_once(self) -> None:
        hash = self.put_blob()
        self.start()
        self.change(blobCleanupSchedule={"@type": "Daily", "hour": 9, "minute": 30})
        self.pass_time(1.5 * HOUR - 1)
        before = self.has_blob(hash)
        self.clock.advance(1)
        self.assertEqual((before, self.has_blob(hash)), (True, False))

    def test_times_are_local(self) -> None:
        self._zone("Asia/Tokyo")  # where it is 17:00 now
        hash = self.put_blob()
        self.start()
        self.pass_time(11 * HOUR - 1)
        before = self.has_blob(hash)
        self.clock.advance(1)
        self.assertEqual((before, self.has_blob(hash)), (True, False))

    def test_piece_that_is_still_being_done_is_not_begun_again(self) -> None:
        begun: list[Any] = []

        def write(work: Any) -> Deferred[Any]:
            waiting: Deferred[Any] = Deferred()
            begun.append(waiting)
            return waiting

        self.patch(self.store, "write", write)
        self.start()
        self.clock.pump([HOUR] * 3)
        self.assertEqual(len(begun), 1)

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
        self.clock.advance(HOUR)
        self.keeper.close()
        self.assertEqual((waiting.called, self.clock.getDelayedCalls(), self.events), (True, [], []))

    def test_close_without_start_is_harmless(self) -> None:
        self.keeper.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
