"""Deleting what nobody needs any more, in short transactions, so that other writes come through in between.

Used by tasks (x:Task, StoreMaintenance) and by the daily cleaning (x:DataRetention).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from twisted.internet.task import deferLater

from stalwart.config.settings import Settings
from stalwart.config.storage.retention import DataRetention
from stalwart.store import Store, Transaction
from stalwart.store.collection_rows import home
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION, EMAIL_SUBMISSION, QUEUE_ID, SHARE_NOTIFICATION
from stalwart.store.queue_rows import OWN_SOURCES

T = TypeVar("T")

FOLDER_PAUSE = 1.0
"""Seconds between two of the 256 blob folders, each of which takes the disk a moment."""

_NEVER = (1 << 63) - 1  # later than any sign-in or lock ends
_ACCOUNTS = 50
_BLOBS = 20  # each of which may be a question to a server elsewhere
_ROWS = 500
_DELIVERIES = 2000
_REPORTS = 200
_ARCHIVED = 20  # each of which may be a tree
_EXPUNGED = 200
_TRIMMED = 5000
_TEXTS = 16
_LETTERS = 200
_INBOX = home(CALENDAR_EVENT_NOTIFICATION)
_AGED_OUT = ("trash", "junk")

Work = Callable[[Transaction, int, int], int]
"""Works on an account, on so many rows at most; answers how many they were: if as many, it is not done."""


class Cleaning:
    """The pieces. ``clock`` is the reactor; a piece that is cancelled has done a part."""

    def __init__(self, store: Store, settings: Settings, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def purge_expired(self) -> None:
        """Remove tokens, counters, bans, locks, notes of deliveries, what scripts remember and what was deleted and
        could be had back, when they are over.
        """
        now = self._now()

        def purge(tx: Transaction) -> None:
            tx.tokens.purge(now)
            tx.sign_ins.purge(now)
            tx.counters.purge(now)
            tx.bans.purge(now)
            tx.locks.purge(now)

        await self._store.write(purge)
        while await self._store.write(lambda tx: tx.mail.purge_deliveries(now, _DELIVERIES)) == _DELIVERIES:
            pass
        while await self._store.write(lambda tx: tx.seen.purge(now, _DELIVERIES)) == _DELIVERIES:
            pass
        while await self._store.write(lambda tx: tx.mail_reports.purge(now, _REPORTS)) == _REPORTS:
            pass
        while await self._store.write(lambda tx: tx.archive.purge(now, _ARCHIVED)) == _ARCHIVED:
            pass

    async def end_sign_ins(self) -> int:
        """End everybody's sign-ins to applications; how many. What is remembered of them is the caller's business."""
        return await self._store.write(lambda tx: tx.sign_ins.purge(_NEVER))

    async def end_locks(self) -> None:
        """End everybody's locks on files and calendars."""
        await self._store.write(lambda tx: tx.locks.purge(_NEVER))

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
            while await self._store.write(lambda tx: _trim(tx, account_id, keep, _TRIMMED)) == _TRIMMED:
                pass

    async def trim_all(self) -> None:
        """The same for every account."""
        keep = self._settings.of(DataRetention).max_changes_history
        if keep is not None:
            await self._each_account(lambda tx, id, most: _trim(tx, id, keep, most), _TRIMMED)

    async def expunge(self, account_id: int) -> None:
        """Delete what has been in the trash and junk folders of an account for as long as the settings say, and records
        of what it sent.
        """
        for work in self._expunging():
            while await self._store.write(partial(_on_account, work, account_id, _EXPUNGED)) == _EXPUNGED:
                pass

    async def expunge_all(self) -> None:
        """The same for every account."""
        for work in self._expunging():
            await self._each_account(work, _EXPUNGED)

    def _expunging(self) -> Iterator[Work]:
        now, retention = self._now(), self._settings.of(DataRetention)
        for expunge, age in (
            (_expunge, retention.expunge_trash_after),
            (_expunge_submissions, retention.expunge_submissions_after),
            (_expunge_notices, retention.expunge_scheduling_inbox_after),
            (_expunge_share_notices, retention.expunge_share_notify_after),
        ):
            if age is not None:
                yield partial(_aged, expunge, now - age // 1000, now)

    async def recount(self, account_id: int) -> None:
        """Add up anew what the objects of an account take, and its mail; nothing without an account."""
        now = self._now()
        await self._store.write(lambda tx: _recount(tx, account_id, now))

    async def recount_all(self) -> None:
        """The same for every account."""
        await self._one_by_one(self.recount)

    async def reindex(self, account_id: int) -> None:
        """Have the text of all mail of an account indexed again, in the background."""
        after: int | None = -1
        while after is not None:
            after = await self._store.write(partial(_queued, account_id, after))

    async def reindex_email(self, account_id: int, id: int) -> None:
        """The same for one e-mail."""
        await self._store.write(lambda tx: tx.mail_text.queue(account_id, id))

    async def unindex_email(self, account_id: int, id: int) -> None:
        """Forget the text of one e-mail, until it is indexed again."""

        def work(tx: Transaction) -> None:
            tx.mail_text.queue(account_id, id)  # only what waits is taken up
            tx.mail_text.forget([(account_id, id)])

        await self._store.write(work)

    async def reindex_all(self) -> None:
        """The same for every account."""
        await self._one_by_one(self.reindex)

    async def erase(self, account_id: int) -> None:
        """Remove an account that is gone with all its data and its letters in the queue; nothing if that is done."""
        now, after = self._now(), None
        while (after := await self._store.write(partial(_without_letters, account_id, after, now))) is not None:
            pass

        def step(tx: Transaction) -> bool:
            return tx.accounts.get(account_id) is None or tx.accounts.erase(account_id, now, _ROWS)

        while not await self._store.write(step):
            pass
        while await self._store.write(lambda tx: tx.mail_text.forget_account(account_id, _TEXTS)) == _TEXTS:
            pass

    async def _one_by_one(self, work: Callable[[int], Awaitable[None]]) -> None:
        """Do ``work`` for every account."""
        after: int | None = -1
        while after is not None:
            ids: list[int] = await self._store.read(partial(_accounts_after, after))
            for id in ids:
                await work(id)
            after = ids[-1] if len(ids) == _ACCOUNTS else None

    async def _each_account(self, work: Work, most: int) -> None:
        """Do ``work`` for every account, in transactions of ``most`` rows."""
        after: int | None = -1
        while after is not None:
            after = await self._store.write(partial(_some_accounts, work, most, after))

    async def _sweep_folder(self, folder: str) -> None:
        names = await self._store.blob_work(lambda files: files.names(folder))
        unknown = await self._store.read(lambda tx: tx.blobs.strays(names))
        now = self._now()
        for start in range(0, len(unknown), _BLOBS):
            await self._store.write(partial(_sweep_files, unknown[start : start + _BLOBS], now))

    def _now(self) -> int:
        return int(self._clock.seconds())


def _sweep_files(hashes: Sequence[bytes], now: int, tx: Transaction) -> int:
    return tx.blobs.sweep_files(hashes, now)


def _queued(account_id: int, after: int, tx: Transaction) -> int | None:
    return tx.mail_text.queue_account(account_id, after)


def _accounts_after(after: int, tx: Transaction) -> list[int]:
    return tx.accounts.ids(after, _ACCOUNTS)


def _some_accounts(work: Work, most: int, after: int, tx: Transaction) -> int | None:
    """Do ``work`` for accounts that follow ``after``; the last that is done, None if all are."""
    ids = tx.accounts.ids(after, _ACCOUNTS)
    for id in ids:
        most -= work(tx, id, most)
        if most <= 0:
            return after
        after = id
    return after if len(ids) == _ACCOUNTS else None


def _trim(tx: Transaction, account_id: int, keep: int, most: int) -> int:
    """How many rows were looked at or removed; there may be more if that are ``most``."""
    seen = tx.objects.trim(account_id, keep, most)
    seen += tx.mail.forget_removed(account_id, most - seen)
    return seen + tx.collections.forget_removed(account_id, most - seen)


def _without_letters(account_id: int, after: int | None, now: int, tx: Transaction) -> int | None:
    """Remove own letters of an account from the queue; the last that was looked at, None if there are no more."""
    ids = tx.queue.of_account(account_id, after, _LETTERS)
    for letter in tx.queue.many(ids).values():
        if letter.source in OWN_SOURCES:
            tx.queue.remove(letter.id, now)
    return ids[-1] if len(ids) == _LETTERS else None


def _recount(tx: Transaction, account_id: int, now: int) -> None:
    if tx.accounts.get(account_id) is not None:
        tx.accounts.recount(account_id)
        tx.mail.recount(account_id, now=now)


def _on_account(work: Work, account_id: int, most: int, tx: Transaction) -> int:
    return work(tx, account_id, most)


def _aged(
    expunge: Callable[[Transaction, int, int, int, int], int],
    before: int,
    now: int,
    tx: Transaction,
    account_id: int,
    most: int,
) -> int:
    return expunge(tx, account_id, before, now, most)


def _expunge_submissions(tx: Transaction, account_id: int, before: int, now: int, most: int) -> int:
    """How many records were removed; those of letters in the queue stay."""
    if not tx.objects.count(account_id, EMAIL_SUBMISSION):
        return 0
    there = tx.objects.list(account_id, EMAIL_SUBMISSION)
    gone = [
        each for each in there if each.modified_at < before and tx.queue.get((each.data or {}).get(QUEUE_ID, 0)) is None
    ][:most]
    for each in gone:
        tx.objects.kill(account_id, each.id, now=now)
    return len(gone)


def _expunge_notices(tx: Transaction, account_id: int, before: int, now: int, most: int) -> int:
    """How many messages were removed from the inbox of scheduling."""
    gone, after = 0, ""
    while gone < most:
        found = tx.collections.members(account_id, _INBOX, after=after, limit=_ROWS)
        for each in [each for each in found if each.created_at < before][: most - gone]:
            tx.collections.remove(account_id, _INBOX, each.segment, now=now)
            gone += 1
        if len(found) < _ROWS:
            break
        after = found[-1].segment
    rest = [each for each in tx.objects.list(account_id, CALENDAR_EVENT_NOTIFICATION) if each.created_at < before]
    for notice in rest[: most - gone]:  # what stands in no inbox
        tx.objects.kill(account_id, notice.id, now=now)
        gone += 1
    return gone


def _expunge_share_notices(tx: Transaction, account_id: int, before: int, now: int, most: int) -> int:
    """How many notifications of shares were removed."""
    old = [each for each in tx.objects.list(account_id, SHARE_NOTIFICATION) if each.created_at < before][:most]
    for each in old:
        tx.objects.kill(account_id, each.id, now=now)
    return len(old)


def _expunge(tx: Transaction, account_id: int, before: int, now: int, most: int) -> int:
    """How many e-mails were expunged; there may be more if that are ``most``."""
    gone = 0
    for role in _AGED_OUT:
        mailbox = tx.mail.mailboxes.by_role(account_id, role)
        if mailbox is not None and mailbox.total and gone < most:
            gone += tx.mail.expunge(account_id, mailbox.id, before=before, limit=most - gone, now=now)
    return gone
