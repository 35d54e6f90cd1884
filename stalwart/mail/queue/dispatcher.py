"""Decides what is tried when: takes lanes that have something due, as many letters at once as a part of the queue may.

Everything that waits is in the store, found along indexes; in memory is only what is being tried. A lane begins with
one letter, so that a destination which is not there costs one connection; once it has answered, or has all of a letter,
more follow. A letter that takes long holds up itself only. A lane with much to do gives way to others after a while.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredList, DeferredLock
from twisted.python.failure import Failure

from stalwart.errors import StalwartError
from stalwart.mail.delivery.progress import PROGRESS, Progress
from stalwart.mail.queue.aging import Aging
from stalwart.mail.queue.attempts import Attempts, Loaded
from stalwart.store import Store, Transaction
from stalwart.store.queue_rows import LaneRow
from stalwart.tasks.looking import Looking
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
"""Seconds that what is delivered here or written gets to end when the server does."""
ANSWERING: Final = 50.0
"""The same for hosts that have all of a message and have not answered; they would get it again."""
GLANCE: Final = 0.5
"""Seconds between looks who can be ended."""
LAST_WRITE: Final = 35.0
"""Seconds for what is known of them to be written after that: the store may be in the middle of a fail-over."""
FRESH: Final = 1.0
"""Seconds for which a letter that was read is held to be as it was."""
HANGS: Final = 0.25
"""Seconds after which those who try letters of a lane may be held up: whoever has come since is looked for."""
CONNECTING: Final = 2.0
"""Seconds between looks whether a destination, for which more waits, has answered."""


@define(eq=False)
class _Run:
    """A lane that is worked on. ``over``: nothing more is to be tried; ``drained``: nothing more was found;
    ``reached``: the destination has answered. ``moved_at`` is when somebody has asked for a letter last.
    """

    lane: LaneRow
    left: int
    moved_at: float
    workers: dict[Progress, None] = field(factory=dict)
    over: bool = False
    drained: bool = False
    reached: bool = False
    ready: deque[Loaded] = field(factory=deque)
    read_at: float = 0.0
    seen: set[int] = field(factory=set)
    lock: DeferredLock = field(factory=DeferredLock)

    @property
    def may_grow(self) -> bool:
        """Whether there could be more at once."""
        return not self.over and 0 < len(self.workers) < CONNECTIONS

    @property
    def is_there(self) -> bool:
        """Whether the destination is: a host that has all of a letter is."""
        return self.reached or any(each.waits_for_answer for each in self.workers)


@frozen
class _Due:
    """What there is to do, and when there is more. ``more`` are letters that wait besides, by lane."""

    lanes: list[LaneRow]
    next_at: int | None
    ages: bool
    more: dict[int, int]


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
        self._looking = Looking(clock, self._look, self._failed, rest=REST, longest=LONGEST_TIMER)
        self._runs: dict[int, _Run] = {}
        self._working: Counter[str] = Counter()
        self._trying: Counter[int] = Counter()
        self._aging_now = False
        self._background: dict[Deferred[Any], Progress | None] = {}

    def start(self) -> None:
        """Begin."""
        self._looking.start()

    def wake(self) -> None:
        """Look for what is due, unless that is being done."""
        self._looking.wake()

    @property
    def trying(self) -> Collection[int]:
        """The ids of the letters that are being tried."""
        return self._trying

    async def close(self) -> None:
        """Begin nothing more, and let attempts end for a while; those that are cancelled are due again. Who still asks
        hosts is cancelled at once.
        """
        self._looking.stop()
        began, cancelled = self._clock.seconds(), set[Deferred[Any]]()
        while self._background:
            passed = self._clock.seconds() - began
            for each, progress in tuple(self._background.items()):
                if each not in cancelled and _is_over(progress, passed):
                    cancelled.add(each)
                    each.cancel()
            if cancelled.issuperset(self._background):
                break
            await self._settled(GLANCE)
        await self._settled(LAST_WRITE)  # what is known of attempts is written once more

    async def _settled(self, seconds: float) -> None:
        """Wait until all that runs has ended, ``seconds`` at most."""
        if self._background:
            ending = DeferredList([_follower(each) for each in self._background], consumeErrors=True)
            ending.addTimeout(seconds, self._clock, onTimeoutCancel=lambda _result, _seconds: None)
            await ending

    # Looking

    async def _look(self) -> float | None:
        now = self._clock.seconds()
        if self._attempts.is_stuck:
            return REST
        busy: dict[str, set[int]] = {}
        for run in self._runs.values():
            busy.setdefault(run.lane.queue, set()).add(run.lane.id)
        ages = self._aging_now
        trying, working = frozenset(self._trying), dict(self._working)
        hanging = [run for run in self._runs.values() if run.may_grow and now - run.moved_at >= HANGS]
        asked = {run.lane.id: frozenset(run.seen) for run in hanging}
        due: _Due = await self._store.read(
            lambda tx: _read(tx, int(now), self._threads, busy, working, trying, asked, ages=ages)
        )
        if not self._looking.is_open:
            return None
        for lane in due.lanes:
            if lane.id not in self._runs and self._room(lane.queue) > 0:
                self._begin(lane)
        for run in hanging:
            self._relieve(run, due.more.get(run.lane.id, 0))
        if due.ages and not self._aging_now:
            self._aging_now = True
            self._spawn(self._aging.run(frozenset(self._trying)), self._aged)
        wait = LONGEST_TIMER if due.next_at is None else max(due.next_at - now, 0.05)
        return min(wait, self._poll, self._next_glance(now, due))

    def _next_glance(self, now: float, due: _Due) -> float:
        """After how many seconds to look again whether somebody is held up."""
        wait = LONGEST_TIMER
        for run in self._runs.values():
            if run.may_grow and now - run.moved_at < HANGS:
                wait = min(wait, HANGS)
            elif run.may_grow and not run.is_there and (run.ready or due.more.get(run.lane.id)):
                wait = min(wait, CONNECTING)
        return wait

    def _aged(self) -> None:
        self._aging_now = False
        self.wake()

    def _failed(self, reason: str) -> None:
        """The store does not answer: nothing is begun for a while."""
        if self._looking.is_open:
            self._telemetry.emit(QUEUE_ERROR, reason=reason)

    # Working

    def _room(self, queue: str) -> int:
        return self._threads(queue) - self._working[queue]

    def _begin(self, lane: LaneRow) -> None:
        run = self._runs[lane.id] = _Run(lane, QUANTUM, self._clock.seconds())
        self._add_worker(run)

    def _add_worker(self, run: _Run) -> None:
        progress = Progress()
        run.workers[progress] = None
        self._working[run.lane.queue] += 1
        self._spawn(self._work(run, progress), lambda: self._worker_ended(run, progress), progress)

    def _grow(self, run: _Run, waiting: int) -> None:
        """The destination is there: more letters at once, as long as a quarter of the room is left for other lanes."""
        spare = self._threads(run.lane.queue) // 4
        for _ in range(waiting - len(run.lock.waiting)):
            if not run.may_grow or self._room(run.lane.queue) <= spare:
                return
            self._add_worker(run)

    def _relieve(self, run: _Run, more: int) -> None:
        """Those who work on a lane are held up: others try what waits besides, ``more`` of which is not read yet."""
        if run.may_grow and run.is_there and more + len(run.ready):
            if run.left <= 0:  # all others have had their turn, else there were no room
                run.left = QUANTUM
                run.seen = {id for id in run.seen if id in self._trying} | {each.letter.id for each in run.ready}
            run.drained = False
            self._grow(run, more + len(run.ready))

    async def _work(self, run: _Run, progress: Progress) -> None:
        """Try one letter after the other."""
        PROGRESS.set(progress)
        while self._looking.is_open and not run.over:
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
            run.reached = run.reached or result.reached
            if run.reached:
                self._grow(run, len(run.ready) - 1)

    async def _next(self, run: _Run) -> Loaded | None:
        """The next letter; None if there is none, or others are to have their turn."""
        run.moved_at = self._clock.seconds()
        await run.lock.acquire()
        try:
            run.over = run.over or self._attempts.is_stuck
            if not run.ready and not run.over and not run.drained and run.left > 0:
                run.read_at = self._clock.seconds()
                found = await self._attempts.load(run.lane.id, min(BATCH, run.left), run.seen)
                run.left -= len(found)
                run.seen.update(each.letter.id for each in found)
                run.ready.extend(found)
                run.drained = not found
                if run.reached:
                    self._grow(run, len(run.ready) - 1)
            if not run.ready or run.over:
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

    def _worker_ended(self, run: _Run, progress: Progress) -> None:
        del run.workers[progress]
        self._working[run.lane.queue] -= 1
        if not self._working[run.lane.queue]:
            del self._working[run.lane.queue]
        if not run.workers:
            run.over = True
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

    def _spawn(
        self, work: Coroutine[Any, Any, None], after: Callable[[], None], progress: Progress | None = None
    ) -> None:
        """Carry ``work`` out; what fails makes everything rest."""
        running = Deferred.fromCoroutine(work)
        self._background[running] = progress

        def ended(result: Any) -> None:
            self._background.pop(running, None)
            if isinstance(result, Failure) and (self._looking.is_open or not result.check(CancelledError)):
                problem: Any = result.value
                known = isinstance(problem, StalwartError)
                self._looking.rest(problem.detail if known else f"{type(problem).__name__}: {problem}")
            after()

        running.addBoth(ended)


def _is_over(progress: Progress | None, passed: float) -> bool:
    """Whether somebody is to be cancelled so many seconds after the end was announced."""
    if progress is not None and progress.waits_for_answer:
        return passed >= ANSWERING
    return passed >= GRACE or (progress is not None and progress.can_be_ended)


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
    hanging: dict[int, frozenset[int]],
    *,
    ages: bool,
) -> _Due:
    """``hanging`` are the letters that are known of lanes where somebody may be held up."""
    lanes: list[LaneRow] = []
    moments: list[int | None] = []
    more: dict[int, int] = {}
    paused = tx.queue.is_paused()
    for lane, known in () if paused else hanging.items():
        more[lane] = len(tx.queue.take(lane, now, CONNECTIONS, known))
    for queue in () if paused else tx.queue.queues():
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
    return _Due(lanes, min((at for at in moments if at is not None), default=None), over or overdue, more)
