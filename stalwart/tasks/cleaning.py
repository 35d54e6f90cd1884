"""Deleting what nobody needs any more, in short transactions, so that other writes come through in between.

Used by tasks (x:Task, StoreMaintenance) and by the daily cleaning (x:DataRetention).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.task import deferLater

from stalwart.config.settings import Settings
from stalwart.config.storage.retention import DataRetention
from stalwart.store import Store, Transaction

T = TypeVar("T")

FOLDER_PAUSE = 1.0
"""Seconds between two of the 256 blob folders, each of which takes the disk a moment."""

_NEVER = (1 << 63) - 1  # later than any sign-in ends
_ACCOUNTS = 50
_BLOBS = 200
_ROWS = 500


class Cleaning:
    """The pieces. ``clock`` is the reactor; a piece that is cancelled has done a part."""

    def __init__(self, store: Store, settings: Settings, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def purge_expired(self) -> None:
        """Remove tokens, counters and bans that are over."""
        now = self._now()

        def purge(tx: Transaction) -> None:
            tx.tokens.purge(now)
            tx.sign_ins.purge(now)
            tx.counters.purge(now)
            tx.bans.purge(now)

        await self._store.write(purge)

    async def end_sign_ins(self) -> int:
        """End everybody's sign-ins to applications; how many. What is remembered of them is the caller's business."""
        return await self._store.write(lambda tx: tx.sign_ins.purge(_NEVER))

    async def sweep_blobs(self) -> None:
        """Remove blobs that nothing has held for a day, with links that are over."""
        now = self._now()
        while True:
            swept = await self._store.write(lambda tx: tx.blobs.sweep(now, limit=_BLOBS))
            if swept.links < _BLOBS and swept.blobs < _BLOBS:
                return

    async def sweep_folders(self) -> None:
        """Remove files of blobs that no row knows."""
        for number in range(256):
            await self._sweep_folder(f"{number:02x}")
            await deferLater(self._clock, FOLDER_PAUSE)

    async def trim(self, account_id: int) -> None:
        """Forget the oldest deletions in an account, as many as the settings say; nothing without an account."""
        keep = self._settings.of(DataRetention).max_changes_history
        if keep is not None:
            await self._store.write(lambda tx: tx.objects.trim(account_id, keep))

    async def trim_all(self) -> None:
        """The same for every account."""
        keep = self._settings.of(DataRetention).max_changes_history
        if keep is not None:
            await self._each_account(lambda tx, id: tx.objects.trim(id, keep))

    async def recount(self, account_id: int) -> None:
        """Add up anew what the objects of an account take; nothing without an account."""
        await self._store.write(lambda tx: _recount(tx, account_id))

    async def recount_all(self) -> None:
        """The same for every account."""
        await self._each_account(_recount)

    async def erase(self, account_id: int) -> None:
        """Remove an account that is gone with all its data; nothing if that is done."""
        now = self._now()

        def step(tx: Transaction) -> bool:
            return tx.accounts.get(account_id) is None or tx.accounts.erase(account_id, now, _ROWS)

        while not await self._store.write(step):
            pass

    async def _each_account(self, work: Callable[[Transaction, int], object]) -> None:
        after: int | None = -1
        while after is not None:
            after = await self._some_accounts(work, after)

    async def _some_accounts(self, work: Callable[[Transaction, int], object], after: int) -> int | None:
        """Do ``work`` for the accounts that follow ``after``; the last of them, None if there are no more."""

        def some(tx: Transaction) -> int | None:
            ids = tx.accounts.ids(after, _ACCOUNTS)
            for id in ids:
                work(tx, id)
            return ids[-1] if len(ids) == _ACCOUNTS else None

        last: int | None = await self._store.write(some)
        return last

    async def _sweep_folder(self, folder: str) -> None:
        now = self._now()
        await self._store.write(lambda tx: tx.blobs.sweep_folder(folder, now))

    def _now(self) -> int:
        return int(self._clock.seconds())


def _recount(tx: Transaction, account_id: int) -> None:
    if tx.accounts.get(account_id) is not None:
        tx.accounts.recount(account_id)
