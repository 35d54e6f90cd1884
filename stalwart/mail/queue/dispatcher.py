"""Decides what is tried when: takes lanes that have something due, as many letters at once as a part of the queue may.

Everything that waits is in the store, found along indexes; in memory is only what is being tried. A lane begins with
one letter, so that a destination which is not there costs one connection; once it has answered, more follow. A lane
with much to do gives way to others after a while.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredList, DeferredLock
from twisted.python.failure import Failure

from stalwart.errors import StalwartError
from stalwart.mail.queue.aging import Aging
from stalwart.mail.queue.attempts import Attempts, Loaded
from stalwart.store import Store, Transaction
from stalwart.store.queue_rows import LaneRow
from stalwart.telemetry import Telemetry
from stalwart.telemetry.queue_events import QUEUE_ERROR
from stalwart.telemetry.spans import inside, new_span

CONNECTIONS: Final = 5
"""Letters that are tried at once in one lane."""
BATCH: Final = 10
"""Letters of a lane that are read at once."""
QUANTUM: Final = 300
"""Letters of a lane that are tried before others get their turn."""
LONGEST_TIMER: Final = 60.0
REST: Final = 15.0
"""Seconds for which nothing is begun when the store does not answer."""
GRACE: Final = 10.0
"""Seconds that attempts get to end when the server does."""
LAST_WRITE: Final = 5.0
"""Seconds for what is known of them to be written after that."""
FRESH: Final = 1.0
"""Seconds for which a letter that was read is held to be as it was."""


@define(eq=False)
class _Run:
    """A lane that is worked on."""

    lane: LaneRow
    left: int
    workers: int = 0
    over: bool = False
    ready: deque[Loaded] = field(factory=deque)
    read_at: float = 0.0
    seen: set[int] = field(factory=set)
    lock: DeferredLock = field(factory=DeferredLock)


@frozen
class _Due:
    """What there is to do, and when there is more."""

    lanes: list[LaneRow]
    next_at: int | None
    ages: bool


class Dispatcher:
    """Runs in the one process that sends. ``poll`` is after how many seconds it looks in any case: other processes put
    letters in too.
    """

    def __init__(
        self,
        store: Store,
        attempts: Attempts,
        aging: Aging,
        threads: Callable[[str], int],
        telemetry: Telemetry,
        clock: Any,
        *,
        poll: float = LONGEST_TIMER,
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._aging = aging
        self._threads = threads
        self._telemetry = telemetry
        self._clock = clock
        self._poll = poll
        self._open = False
        self._looking = False
        self._again = False
        self._timer: Any = None
        self._rest_until = 0.0
        self._runs: dict[int, _Run] = {}
        self._working: Counter[str] = Counter()
        self._trying: Counter[int] = Counter()
        self._aging_now = False
        self._background: set[Deferred[Any]] = set()

    def start(self) -> None:
        """Begin."""
        self._open = True
        self.wake()

    def wake(self) -> None:
        """Look for what is due, unless that is being done."""
        self._again = True
        if self._open and not self._looking:
            self._looking = True
            Deferred.fromCoroutine(self._look_until_settled()).addBoth(self._looked)

    @property
    def trying(self) -> Collection[int]:
        """The ids of the letters that are being tried."""
        return self._trying

    async def close(self) -> None:
        """Begin nothing more, and let attempts end for a while; those that are cancelled are due again."""
        self._open = False
        self._stop_timer()
        if not self._background:
            return
        ending = DeferredList([_follower(each) for each in self._background], consumeErrors=True)
        ending.addTimeout(GRACE, self._clock, onTimeoutCancel=lambda _result, _seconds: None)
        await ending
        for each in tuple(self._background):
            each.cancel()
        if self._background:  # what is known of attempts is written once more
            ending = DeferredList([_follower(each) for each in self._background], consumeErrors=True)
            ending.addTimeout(LAST_WRITE, self._clock, onTimeoutCancel=lambda _result, _seconds: None)
            await ending

    # Looking

    async def _look_until_settled(self) -> None:
        while self._open and self._again:
            self._again = False
            await self._look()

    def _looked(self, result: Any) -> None:
        self._looking = False
        if isinstance(result, Failure):
            self._rest(result.getErrorMessage())

    async def _look(self) -> None:
        self._stop_timer()
        now = self._clock.seconds()
        if now < self._rest_until:
            self._wait(self._rest_until - now)
            return
        if self._attempts.is_stuck:
            self._wait(REST)
            return
        busy: dict[str, set[int]] = {}
        for run in self._runs.values():
            busy.setdefault(run.lane.queue, set()).add(run.lane.id)
        ages = self._aging_now
        trying, working = frozenset(self._trying), dict(self._working)
        due: _Due = await self._store.read(
            lambda tx: _read(tx, int(now), self._threads, busy, working, trying, ages=ages)
        )
        if not self._open:
            return
        for lane in due.lanes:
            if lane.id not in self._runs and self._room(lane.queue) > 0:
                self._begin(lane)
        if due.ages and not self._aging_now:
            self._aging_now = True
            self._spawn(self._aging.run(frozenset(self._trying)), self._aged)
        wait = LONGEST_TIMER if due.next_at is None else max(due.next_at - now, 0.05)
        self._wait(min(wait, self._poll))

    def _aged(self) -> None:
        self._aging_now = False
        self.wake()

    def _wait(self, seconds: float) -> None:
        self._stop_timer()
        if self._open:
            self._timer = self._clock.callLater(min(max(seconds, 0), LONGEST_TIMER), self.wake)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _rest(self, reason: str) -> None:
        """The store does not answer: nothing is begun for a while."""
        if not self._open:
            return
        self._telemetry.emit(QUEUE_ERROR, reason=reason)
        self._rest_until = self._clock.seconds() + REST
        self._wait(REST)

    # Working

    def _room(self, queue: str) -> int:
        return self._threads(queue) - self._working[queue]

    def _begin(self, lane: LaneRow) -> None:
        run = self._runs[lane.id] = _Run(lane, QUANTUM)
        self._add_worker(run)

    def _add_worker(self, run: _Run) -> None:
        run.workers += 1
        self._working[run.lane.queue] += 1
        self._spawn(self._work(run), lambda: self._worker_ended(run))

    def _grow(self, run: _Run) -> None:
        """The destination answers: more letters at once, as long as a quarter of the room is left for other lanes."""
        spare = self._threads(run.lane.queue) // 4
        for _ in range(min(CONNECTIONS, run.lane.waiting) - run.workers):
            if run.over or self._room(run.lane.queue) <= spare:
                return
            self._add_worker(run)

    async def _work(self, run: _Run) -> None:
        """Try one letter after the other."""
        while self._open and not run.over:
            loaded = await self._next(run)
            if loaded is None:
                return
            id = loaded.letter.id
            self._trying[id] += 1
            try:
                with inside(new_span()):
                    result = await self._attempts.attempt(loaded, run.lane)
            except BaseException:
                run.over = True
                raise
            finally:
                self._trying[id] -= 1
                if not self._trying[id]:
                    del self._trying[id]
            if result.rests:
                run.over = True
            elif result.reached and run.workers == 1:
                self._grow(run)

    async def _next(self, run: _Run) -> Loaded | None:
        """The next letter; None if there is none, or others are to have their turn."""
        await run.lock.acquire()
        try:
            run.over = run.over or self._attempts.is_stuck
            if not run.ready and not run.over and run.left > 0:
                run.read_at = self._clock.seconds()
                found = await self._attempts.load(run.lane.id, min(BATCH, run.left), run.seen)
                run.left -= len(found)
                run.seen.update(each.letter.id for each in found)
                run.ready.extend(found)
            if not run.ready or run.over:
                run.over = True
                return None
            if self._clock.seconds() - run.read_at < FRESH:
                return run.ready.popleft()
            found_again = await self._attempts.again(run.ready[0], run.lane.id)
            if found_again is None:
                run.over = True
            else:
                run.ready.popleft()
            return found_again
        finally:
            run.lock.release()

    def _worker_ended(self, run: _Run) -> None:
        run.workers -= 1
        self._working[run.lane.queue] -= 1
        if not self._working[run.lane.queue]:
            del self._working[run.lane.queue]
        if run.workers == 0:
            self._spawn(self._finish(run), lambda: self._finished(run))
        else:
            self.wake()

    async def _finish(self, run: _Run) -> None:
        """Say when the lane is due next: after all others that are due now."""
        left, run.ready = tuple(run.ready), deque()
        await self._attempts.release(left)
        now = int(self._clock.seconds())
        await self._store.write(lambda tx: tx.queue.correct(run.lane.id, now))

    def _finished(self, run: _Run) -> None:
        self._runs.pop(run.lane.id, None)
        self.wake()

    def _spawn(self, work: Coroutine[Any, Any, None], after: Callable[[], None]) -> None:
        """Carry ``work`` out; what fails makes everything rest."""
        running = Deferred.fromCoroutine(work)
        self._background.add(running)

        def ended(result: Any) -> None:
            self._background.discard(running)
            if isinstance(result, Failure) and (self._open or not result.check(CancelledError)):
                problem: Any = result.value
                known = isinstance(problem, StalwartError)
                self._rest(problem.detail if known else f"{type(problem).__name__}: {problem}")
            after()

        running.addBoth(ended)


def _follower(running: Deferred[Any]) -> Deferred[None]:
    """Fires when ``running`` has ended, and leaves its result to those who want it."""
    follower: Deferred[None] = Deferred()

    def ended(result: Any) -> Any:
        if not follower.called:
            follower.callback(None)
        return result

    running.addBoth(ended)
    return follower


def _read(
    tx: Transaction,
    now: int,
    threads: Callable[[str], int],
    busy: dict[str, set[int]],
    working: dict[str, int],
    trying: Collection[int],
    *,
    ages: bool,
) -> _Due:
    lanes: list[LaneRow] = []
    moments: list[int | None] = []
    for queue in () if tx.queue.is_paused() else tx.queue.queues():
        room = threads(queue) - working.get(queue, 0)
        if room <= 0:
            continue  # whichever ends wakes us
        spare = busy.get(queue, set())
        found = tx.queue.lanes(queue, now, room, spare)
        lanes += found
        if len(found) < room:
            moments.append(tx.queue.next_due(queue, spare | {lane.id for lane in found}))
    over = overdue = False
    if not ages:
        over, overdue = bool(tx.queue.expired(now, 1, trying)), bool(tx.queue.overdue(now, 1, trying))
        expiry, notice = tx.queue.next_expiry(trying), tx.queue.next_notice(trying)
        moments += [None if at is None else max(at, now + 1) for at in (expiry, notice)]
    known = [at for at in moments if at is not None]
    return _Due(lanes, min(known, default=None), over or overdue)
