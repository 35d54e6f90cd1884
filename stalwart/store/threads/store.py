"""The store over threads: ``store.Store`` for any engine.

Queues: one for the writer, one for the first reader and one for the others (``relief``), one for work on blob files.
Threads come up with ``start``, those for files with the first work for them, and are gone when ``close`` has fired;
should one be stuck, ``close`` breaks off its statement, fails what waits and does not wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any, NoReturn, TypeVar

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from stalwart.errors import Unavailable
from stalwart.store.blob_files import BlobFiles
from stalwart.store.known_states import KnownStates
from stalwart.store.neighbours import Neighbours
from stalwart.store.store import Transaction
from stalwart.store.threads.engine import Engine
from stalwart.store.threads.file_worker import FileWorker
from stalwart.store.threads.holding import Holding
from stalwart.store.threads.looking import Looker
from stalwart.store.threads.reader import Reader
from stalwart.store.threads.relief import Relief
from stalwart.store.threads.work import Desk, Lane, Outcome, Queue, Work
from stalwart.store.threads.writer import Writer
from stalwart.store.watch import Observer, Watch
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import (
    BLOB_READ_DURATION,
    BLOB_WRITE_DURATION,
    STORE_READ_DURATION,
    STORE_WAITING,
    STORE_WRITE_DURATION,
)

T = TypeVar("T")

PING_TIMEOUT = 2.0
"""Seconds in which a store that is ready answers."""
HESITATION = 1.0
"""Seconds without an answer after which it is asked whether a write waits for its turn only."""
PROVED_FOR = 5.0
"""Seconds for which it is believed that the store can be written."""
_ROOM = 1 << 16
_UNFINISHED_BLOBS = 86_400


class ThreadedStore:
    """``store.Store`` on ``engine``. ``reactor`` gives time and ``callFromThread``; times are in seconds."""

    def __init__(
        self,
        engine: Engine,
        blob_files: BlobFiles,
        reactor: Any,
        telemetry: Telemetry,
        *,
        readers: int = 4,
        file_workers: int = 4,
        queue_limit: int = 5000,
        patience: float = 60.0,
        close_timeout: float = 8.0,
        ping_timeout: float = PING_TIMEOUT,
        neighbours: Neighbours | None = None,
    ) -> None:
        self.blob_files = blob_files
        self.neighbours = neighbours
        self._engine = engine
        self._reactor = reactor
        self._desk = Desk(reactor, telemetry, queue_limit, patience, self._stop, self._look_after_writer)
        self._writes: Queue = SimpleQueue()
        self._reads: Queue = SimpleQueue()
        self._file_works: Queue = SimpleQueue()
        self._proofs: Queue = SimpleQueue()
        measured = telemetry.series
        self._writing = Lane(self._writes, measured(STORE_WRITE_DURATION), measured(STORE_WAITING, "write"))
        self._reading = Lane(self._reads, measured(STORE_READ_DURATION), measured(STORE_WAITING, "read"))
        filing = measured(STORE_WAITING, "files")
        self._blob_reading = Lane(self._file_works, measured(BLOB_READ_DURATION), filing)
        self._blob_writing = Lane(self._file_works, measured(BLOB_WRITE_DURATION), filing)
        self._proving = Lane(self._proofs, measured(BLOB_WRITE_DURATION), filing)
        self._watch = Watch()
        self.states = KnownStates(engine.has_news)
        self._looker = Looker(engine, reactor, self.states.forget) if engine.looks else None
        if self._looker is not None:
            self.states.look = self._looker.look
        self._writer = Writer(self._writes, engine, blob_files, self._answer, self._tell, self._holding())
        self._long_reads: Queue = SimpleQueue()
        queues = [self._reads, *[self._long_reads] * (readers - 1)]
        self._readers = [Reader(queue, engine, blob_files, self._settle, self._holding()) for queue in queues]
        self._relief: Relief | None = None
        if readers > 1:
            first, *others = self._readers
            self._relief = Relief(reactor, first, self._reads, others, self._long_reads, self._desk.settle)
        self._file_workers = [FileWorker(self._file_works, blob_files, self._answer) for _ in range(file_workers)]
        self._prover = FileWorker(self._proofs, blob_files, self._answer)
        self._file_workers_run = self._prover_runs = False
        self._close_timeout = close_timeout
        self._ping_timeout = ping_timeout
        self._proved_at = -PROVED_FOR
        self._threads: list[threading.Thread] = []
        self._started: Deferred[None] = Deferred()
        self._closing: list[Deferred[None]] | None = None
        self._close_timer: Any = None
        self._ended = False

    def start(self) -> Deferred[None]:
        if self._threads or self._ended:
            return fail(Unavailable("The data store can be started only once."))
        self._spawn("store-writer", self._run_writer)
        return self._started

    def close(self) -> Deferred[None]:
        if self._ended or not self._threads:
            self._end()
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = []
            self._desk.close()
            if self.neighbours is not None:
                self.neighbours.close()
            if self._relief is not None:
                self._relief.end()
            if self._looker is not None:
                self._looker.close()
            self._writes.put(None)
            self._reads.put(None)
            for _ in self._readers[1:]:
                self._long_reads.put(None)
            if self._file_workers_run:
                for _ in self._file_workers:
                    self._file_works.put(None)
            if self._prover_runs:
                self._proofs.put(None)
            self._close_timer = self._reactor.callLater(self._close_timeout, self._give_up)
        self._closing.append(waiting)
        return waiting

    def read(self, work: Callable[[Transaction], T]) -> Deferred[T]:
        answer = self._desk.submit(self._reading, work)
        if self._relief is not None and self._desk.is_open:
            self._relief.expect()
        return answer

    def write(self, work: Callable[[Transaction], T]) -> Deferred[T]:
        return self._desk.submit(self._writing, work)

    def blob_work(self, work: Callable[[BlobFiles], T], *, writes: bool = False) -> Deferred[T]:
        if not self._file_workers_run and self._desk.is_open:
            self._file_workers_run = True
            for number, worker in enumerate(self._file_workers):
                self._spawn(f"store-files-{number}", worker.run)
        return self._desk.submit(self._blob_writing if writes else self._blob_reading, work)

    def watch(self, observer: Observer, *, ahead: bool = False) -> Callable[[], None]:
        return self._watch.add(observer, ahead=ahead)

    def ping(self) -> Deferred[None]:
        now = self._reactor.seconds()
        if now - self._proved_at < PROVED_FOR:
            answer: Deferred[Any] = self.read(_look).addCallback(lambda _: self._written(_do_nothing))
        else:
            answer = self.read(_look).addCallback(lambda _: self._written(_prove))
            answer.addCallback(lambda is_written: self._prove_room().addCallback(lambda _: is_written))
            answer.addCallback(lambda is_written: self._proved(now) if is_written else None)
        return answer.addTimeout(self._ping_timeout, self._reactor, onTimeoutCancel=_complain)

    def _written(self, work: Callable[[Transaction], object]) -> Deferred[bool]:
        """True when this is done, False if it waits for its turn behind a write that gets on, maybe of another node:
        no other node could do it sooner.
        """
        writing: Deferred[Any] = self.write(work)
        if self._looker is None:
            return writing.addCallback(lambda _: True)
        asking: Deferred[Any] = deferLater(self._reactor, HESITATION, self._looker.is_in_turn)
        waits = False

        def found(is_in_turn: bool) -> None:
            nonlocal waits
            waits = is_in_turn
            if is_in_turn:
                writing.cancel()

        def ended(result: Any) -> Any:
            asking.cancel()
            if isinstance(result, Failure):
                return False if waits and result.check(CancelledError) else result
            return True

        asking.addCallbacks(found, lambda failure: failure.trap(CancelledError))
        return writing.addBoth(ended)

    def _prove_room(self) -> Deferred[None]:
        """Whether there is room for a message; in a thread of its own, for those of blobs may all wait for a bucket."""
        if not self._prover_runs and self._desk.is_open:
            self._prover_runs = True
            self._spawn("store-prover", self._prover.run)
        return self._desk.submit(self._proving, _prove_room)

    def _proved(self, now: float) -> None:
        self._proved_at = now

    def _stop(self, work: Work) -> None:
        for reader in self._readers:
            reader.stop(work)

    def _holding(self) -> Holding:
        return Holding(lambda: self._ended or self._closing is not None)

    def _look_after_writer(self) -> None:
        """A server that hangs answers nothing, and its connection stands for ever."""
        begun, longest = self._writer.begun_at, self._engine.longest
        if begun is not None and longest is not None and time.monotonic() - begun > longest:
            self._writer.interrupt()

    def _answer(self, outcomes: list[Outcome]) -> None:
        if outcomes:
            self._reactor.callFromThread(self._desk.settle, outcomes)

    def _settle(self, outcomes: Iterable[Outcome]) -> None:
        self._reactor.callFromThread(self._desk.settle, outcomes)

    def _tell(self, outcomes: list[Outcome], changed: dict[int, dict[int, int]]) -> None:
        self._reactor.callFromThread(self._answer_and_tell, outcomes, changed)

    def _answer_and_tell(self, outcomes: list[Outcome], changed: dict[int, dict[int, int]]) -> None:
        """In one turn: a second word from the thread would have to wait until the reactor is at rest."""
        self.states.note(changed)
        self._watch.tell_ahead(changed)
        self._desk.settle(outcomes)
        self._watch.tell(changed)

    def _spawn(self, name: str, body: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._until_ended, args=(body,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _until_ended(self, body: Callable[[], None]) -> None:
        try:
            body()
        finally:
            self._reactor.callFromThread(self._thread_ended, threading.current_thread())

    def _run_writer(self) -> None:
        try:
            now = time.time()
            self._engine.prepare(int(now))
            self.blob_files.discard_unfinished(now - _UNFINISHED_BLOBS)
        except BaseException as error:
            self._reactor.callFromThread(self._start_failed, error)
            return
        self._reactor.callFromThread(self._start_succeeded)
        self._writer.run()

    def _start_succeeded(self) -> None:
        if self._closing is not None:
            self._started.errback(Unavailable("The data store was closed while it started."))
            return
        self._desk.open()
        for number, reader in enumerate(self._readers):
            self._spawn(f"store-reader-{number}", reader.run)
        if self._looker is not None:
            self._spawn("store-looker", self._looker.run)
        if self.neighbours is not None:
            self.neighbours.start()
            self._spawn("store-neighbours", self.neighbours.run)
        self._started.callback(None)

    def _start_failed(self, error: BaseException) -> None:
        self._started.errback(error)

    def _thread_ended(self, thread: threading.Thread) -> None:
        thread.join(1.0)
        self._threads.remove(thread)
        if not self._threads:
            self._end()

    def _give_up(self) -> None:
        self._writer.interrupt()
        for reader in self._readers:
            reader.interrupt()
        self._end()

    def _end(self) -> None:
        """Whatever happens afterwards in a stuck thread finds nobody waiting."""
        self._ended = True
        self._desk.end()
        if self._close_timer is not None and self._close_timer.active():
            self._close_timer.cancel()
        waiting, self._closing = self._closing or [], []
        for deferred in waiting:
            deferred.callback(None)


def _look(transaction: Transaction) -> None:
    transaction.secrets.get("")


def _do_nothing(_: object) -> None:
    return None


def _prove(transaction: Transaction) -> None:
    transaction.queue.prove()


def _prove_room(files: BlobFiles) -> None:
    """Whether there is room for a message."""
    with files.begin() as writer:
        writer.write(bytes(_ROOM))
        writer.abort()


def _complain(_: object, timeout: float) -> NoReturn:
    raise Unavailable(f"The data store did not answer within {timeout:g} seconds.")
