"""The service ``text_search``: keeps the index in step with mail, and says when it is.

The leading process works through the queue in the background, and steps back while mail comes in or others wait to
write. Whoever is about to search asks ``ready`` first: what waits for the account is then indexed at once, in whatever
process that is. The queue is in the store, so nothing is lost with a process. ``search`` does so, and waits for a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from stalwart.codec.search_terms import FORM
from stalwart.config.settings import Settings
from stalwart.config.storage.search import Search
from stalwart.errors import StalwartError
from stalwart.mail.search.finding import Finder, Patience, Value
from stalwart.mail.search.indexing import Done, index
from stalwart.mail.search.turns import Turns
from stalwart.store import Store, Transaction
from stalwart.store.mail_text import Places
from stalwart.store.object_types import EMAIL
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import TEXT_INDEX_ERROR, TEXT_INDEX_MADE_ANEW, TEXT_INDEX_UNREADABLE, TEXT_INDEXED
from stalwart.telemetry.measures import TEXT_INDEX_WAITING

T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds for which a search waits for the index."""

MOST_IN_ONE_GO: Final = 500
_IDLE = 2.0
_SOON = 0.2
_AFTER_FAULT = 10.0
_COUNTED_EVERY = 1.0
_TIDIED_EVERY = 600.0
_BUSY_ARRIVALS = 20.0
_BUSY_WAIT = 0.05
_BUSY_BATCH = 25
_REST = 9.0
_LONGEST_REST = 5.0
_FORGOTTEN_AT_ONCE = 16
_ACCOUNTS = 100


class TextSearch:
    """``clock`` is the reactor."""

    def __init__(self, store: Store, settings: Settings, clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._telemetry = telemetry
        self._waiting = telemetry.series(TEXT_INDEX_WAITING)
        self.turns = Turns(clock)
        self._runs: dict[int, list[Deferred[None]]] = {}
        self._timer: Any = None
        self._turn: Deferred[Any] | None = None
        self._leave: Callable[[], None] | None = None
        self._closed = False
        self._after = -1
        self._idle = False
        self._is_current = False
        self._counted: tuple[float, int] | None = None
        self._done_since = 0
        self._is_busy = False
        self._tidied_at: float | None = None

    async def search(
        self, account_id: int, conditions: Sequence[tuple[str, Value]], work: Callable[[Transaction, Finder], T]
    ) -> T:
        """What ``work`` answers; it is run in a read transaction as soon as the account has a turn. ``conditions`` are
        all that it asks the finder about. Raises ``Invalid`` if the search is too large, ``Unavailable`` or
        ``TooMany`` if others take too long.
        """
        await self.ready(account_id)
        async with self.turns.of(account_id):
            patience = Patience()
            try:
                return await self._store.read(lambda tx: work(tx, Finder(tx, account_id, conditions, patience)))
            finally:
                patience.is_over = True  # nobody may wait for it any more, though it runs

    async def ready(self, account_id: int, patience: float = PATIENCE) -> None:
        """Have what waits for an account indexed; comes back when that is done, or after ``patience`` seconds."""
        if self._closed or not self._settings.of(Search).index_email:
            return
        if not await self._store.read(lambda tx: tx.mail_text.waiting_of(account_id, 1)):
            return
        waiter: Deferred[None] = Deferred()
        waiters = self._runs.get(account_id)
        if waiters is not None:
            waiters.append(waiter)
        else:
            self._runs[account_id] = [waiter]
            Deferred.fromCoroutine(self._catch_up(account_id)).addErrback(self._report, account_id)
        await waiter.addTimeout(patience, self._clock, onTimeoutCancel=_enough)

    def lead(self) -> None:
        """Work through the queue from now on."""
        if self._leave is None and not self._closed:
            self._leave = self._store.watch(self._changed)
            self._schedule(0.0)

    async def close(self) -> None:
        """Stop; what is being written is written."""
        self._closed = True
        if self._leave is not None:
            self._leave()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._turn is not None:
            self._turn.cancel()
        self._waiting.set(0)

    async def _catch_up(self, account_id: int) -> None:
        """Index one account, as long as somebody waits for it."""
        waiters = self._runs[account_id]
        try:
            while not self._closed and any(not waiter.called for waiter in waiters):
                places = await self._store.read(lambda tx: tx.mail_text.waiting_of(account_id, self._batch))
                if not places:
                    break
                await self._index(places)
        finally:
            del self._runs[account_id]
            for waiter in waiters:
                if not waiter.called:
                    waiter.callback(None)

    def _changed(self, changed: Any) -> None:
        """Mail came: an idle indexer looks at it soon."""
        if self._idle and any(EMAIL in types for types in changed.values()):
            self._idle = False
            self._schedule(_SOON)

    def _schedule(self, pause: float) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self._clock.callLater(pause, self._begin)

    def _begin(self) -> None:
        self._turn = Deferred.fromCoroutine(self._take_turn())
        self._turn.addCallbacks(self._schedule, self._failed)

    def _failed(self, failure: Failure) -> None:
        if self._closed:
            failure.trap(CancelledError, StalwartError)
            return
        self._report(failure, None)
        self._schedule(_AFTER_FAULT)

    def _report(self, failure: Failure, account_id: int | None) -> None:
        error = failure.value
        reason = error.detail if isinstance(error, StalwartError) else failure.getTraceback()
        self._telemetry.emit(TEXT_INDEX_ERROR, accountId=account_id, reason=reason)

    async def _take_turn(self) -> float:
        """One piece of work; answers the seconds after which the next begins."""
        await self._check_form()
        if not self._settings.of(Search).index_email:
            return self._rest_idle()
        await self._count()
        after, limit = self._after, min(self._batch, _BUSY_BATCH) if self._is_busy else self._batch
        places = await self._store.read(lambda tx: tx.mail_text.next_waiting(after, limit))
        if not places:
            await self._tidy()
            return self._rest_idle()
        begun = self._clock.seconds()
        done = await self._index(places)
        self._after = places[-1][0]
        if self._is_busy or done.waited > _BUSY_WAIT:
            return min(_REST * max(self._clock.seconds() - begun, done.waited), _LONGEST_REST)
        return 0.0

    def _rest_idle(self) -> float:
        self._idle = True
        return _IDLE

    @property
    def _batch(self) -> int:
        return min(self._settings.of(Search).index_batch_size, MOST_IN_ONE_GO)

    async def _index(self, places: Places) -> Done:
        begun = self._clock.seconds()
        done = await index(self._store, places, self._settings.of(Search).index_email_fields)
        self._done_since += done.emails
        for (account_id, id), reason in done.unreadable:
            self._telemetry.emit(TEXT_INDEX_UNREADABLE, accountId=account_id, documentId=id, reason=reason)
        elapsed = self._clock.seconds() - begun
        self._telemetry.emit(TEXT_INDEXED, total=done.emails, elapsed=round(elapsed * 1000))
        return done

    async def _check_form(self) -> None:
        """Words that are made in another way than those of the index would neither be found nor forgotten."""
        if self._is_current:
            return
        if await self._store.read(lambda tx: tx.mail_text.form()) != FORM:
            await self._store.write(lambda tx: tx.mail_text.reset(FORM))
            self._telemetry.emit(TEXT_INDEX_MADE_ANEW)
        self._is_current = True

    async def _count(self) -> None:
        """How many wait, and whether many have come since that was counted last."""
        now = self._clock.seconds()
        if self._counted is not None and now - self._counted[0] < _COUNTED_EVERY:
            return
        waiting = await self._store.read(lambda tx: tx.mail_text.waiting())
        self._waiting.set(waiting)
        if self._counted is not None:
            then, former = self._counted
            came = waiting - former + self._done_since
            self._is_busy = came > _BUSY_ARRIVALS * (now - then)
        self._counted, self._done_since = (now, waiting), 0

    async def _tidy(self) -> None:
        """Forget the texts of accounts that are gone."""
        now = self._clock.seconds()
        if self._tidied_at is not None and now - self._tidied_at < _TIDIED_EVERY:
            return
        self._tidied_at = now
        after = -1
        while accounts := await self._store.read(partial(_with_texts, after)):
            for account_id in (id for id, is_there in accounts.items() if not is_there):
                await self._forget(account_id)
            after = max(accounts)

    async def _forget(self, account_id: int) -> None:
        def some(tx: Transaction) -> int:
            return tx.mail_text.forget_account(account_id, _FORGOTTEN_AT_ONCE)

        while await self._store.write(some) == _FORGOTTEN_AT_ONCE:
            pass


def _with_texts(after: int, tx: Transaction) -> dict[int, bool]:
    """Accounts above ``after`` that have texts, and whether they exist."""
    ids = tx.mail_text.accounts(after, _ACCOUNTS)
    there = tx.accounts.many(ids)
    return {id: id in there for id in ids}


def _enough(result: object, _timeout: float) -> None:
    """The search goes on with what the index has."""
