"""Each piece of cleaning, over a real store in memory."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.storage.retention import DataRetention
from stalwart.store import AccountRow
from stalwart.tasks.cleaning import FOLDER_PAUSE, Cleaning
from tests.tasks.world import NOW, TaskCase

DAY = 86_400


class CleaningTests(TaskCase):
    def setUp(self) -> None:
        super().setUp()
        self.cleaning = Cleaning(self.store, self.settings, self.clock)

    def account(self, id: int, octets: int = 0) -> None:
        """An account with three changes: one object, one tombstone."""

        def fill(tx: Any) -> None:
            tx.accounts.create(id, f"user{id}", "user")
            tx.objects.insert(id, 1, now=NOW, size=octets)
            dead = tx.objects.insert(id, 1, now=NOW)
            tx.objects.kill(id, dead.id, now=NOW)

        self.write(fill)

    def row(self, id: int) -> AccountRow | None:
        return self.write(lambda tx: tx.accounts.get(id))

    def changes(self, id: int, since: int) -> Any:
        return self.write(lambda tx: tx.objects.changes(id, 1, since))

    def test_what_has_expired_goes_and_the_rest_stays(self) -> None:
        def fill(tx: Any) -> None:
            for name, end in (("old", NOW), ("new", NOW + 1)):
                tx.tokens.put(name, "t", {}, end)
                tx.counters.increment(name, end)
                tx.bans.add(f"192.0.2.{end - NOW}", name, NOW - 9, end)

        self.write(fill)
        self.done(self.cleaning.purge_expired())

        def left(tx: Any) -> list[Any]:
            tokens = [name for name in ("old", "new") if tx.tokens.get(name, "t", 0) is not None]
            return [tokens, tx.counters.value("old"), tx.counters.value("new"), [ban.reason for ban in tx.bans.list(0)]]

        self.assertEqual(self.write(left), [["new"], 0, 1, ["new"]])

    def test_every_blob_that_nobody_holds_goes_after_its_day(self) -> None:
        self.write(lambda tx: [tx.blobs.put(b"%d" % number, NOW) for number in range(450)])
        kept = self.write(lambda tx: tx.blobs.put(b"kept", NOW))
        self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        self.write(lambda tx: tx.blobs.link(kept.hash, 5, 1))
        hashes = self.write(lambda tx: [tx.blobs.put(b"%d" % number, NOW).hash for number in (0, 449)])
        self.clock.advance(DAY)
        self.done(self.cleaning.sweep_blobs())
        found = self.write(lambda tx: [tx.blobs.find(hash) is not None for hash in (*hashes, kept.hash)])
        self.assertEqual(found, [False, False, True])

    def test_every_folder_is_walked_with_pauses(self) -> None:
        swept: list[str] = []
        write = self.store.write
        self.store.write = lambda work: write(lambda tx: work(Folders(swept)))
        walking = Deferred.fromCoroutine(self.cleaning.sweep_folders())
        self.assertEqual(swept, ["00"])
        self.clock.pump([FOLDER_PAUSE] * 256)
        self.successResultOf(walking)
        self.assertEqual(swept, [f"{number:02x}" for number in range(256)])

    def test_old_deletions_of_an_account_are_forgotten(self) -> None:
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 0}))
        self.account(5)
        self.account(6)
        self.done(self.cleaning.trim(5))
        self.assertIsNone(self.changes(5, 0))
        self.assertIsNotNone(self.changes(6, 0))
        self.done(self.cleaning.trim(77))

    def test_as_many_changes_as_the_settings_say_are_kept(self) -> None:
        self.account(5)
        self.done(self.cleaning.trim_all())
        self.assertIsNotNone(self.changes(5, 0))
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": None}))
        self.done(self.cleaning.trim_all())
        self.assertIsNotNone(self.changes(5, 0))

    def test_every_account_is_reached(self) -> None:
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 0}))
        ids = range(1, 121)
        for id in ids:
            self.account(id)
        self.done(self.cleaning.trim_all())
        self.assertEqual([id for id in ids if self.changes(id, 0) is not None], [])

    def test_bytes_are_counted_anew(self) -> None:
        self.account(5, 40)
        self.account(6, 50)

        def spoil(tx: Any) -> None:
            tx._session.run("UPDATE account SET used_octets = 9")  # what a crash of an older version might leave

        self.write(spoil)
        self.done(self.cleaning.recount(5))
        self.assertEqual([self.row(id).used_octets for id in (5, 6)], [40, 9])  # type: ignore[union-attr]
        self.done(self.cleaning.recount_all())
        self.assertEqual(self.row(6).used_octets, 50)  # type: ignore[union-attr]
        self.done(self.cleaning.recount(77))

    def test_account_is_erased_in_steps_and_twice_does_no_harm(self) -> None:
        self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        self.write(lambda tx: [tx.objects.insert(5, 1, now=NOW) for _ in range(1200)])
        writes: list[Any] = []
        write = self.store.write

        def counted(work: Any) -> Any:
            writes.append(work)
            return write(work)

        self.store.write = counted
        self.done(self.cleaning.erase(5))
        self.assertEqual(len(writes), 3)
        self.assertIsNone(self.row(5))
        self.done(self.cleaning.erase(5))


class Folders:
    """A transaction that notes which parts of the blob folder are swept."""

    def __init__(self, swept: list[str]) -> None:
        self._swept = swept
        self.blobs = self

    def sweep_folder(self, folder: str, _now: int) -> None:
        self._swept.append(folder)
