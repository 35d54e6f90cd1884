"""Password work off the reactor: a small thread pool of its own, a bounded queue before it, and a synchronous twin.

Checking a password takes about 60 ms and 19 MiB by design. Two threads keep that from starving everything
else; who would have to wait too long is refused instead. The same check asked for many times at once (a
client that opens ten connections) is done once. What is checked, and against what, is decided elsewhere.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NoReturn, Protocol, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.python.threadpool import ThreadPool

from stalwart.directory import hashes
from stalwart.errors import Unavailable

T = TypeVar("T")

# Random passwords that nobody kept, hashed once by each algorithm: checked against when there is nothing else
# to check.
DECOYS = {
    "argon2id": "$argon2id$v=19$m=19456,t=2,p=1$Em5QS+qnXPEh7Hq3Z2MpSQ$0cAkrnBRIEW32d0QRAyGs/BXxr5HPa04aEYjeiwWWKY",
    "bcrypt": "$2b$12$d7Cmkx7RMNz/WZDu7jo7q.vdydurW.ChmPXPiXmy2Rh7fqqG0poIq",
    "scrypt": "$scrypt$ln=15,r=8,p=3$dZfqFeZcv0shPVWnekioIA$y/9fwrkwtmMfriny5KqLzspJrpSlBqC2IoEr6woExLc",
    "pbkdf2": "$pbkdf2-sha256$i=600000,l=32$cdneAyCktf698RNjK6dHYQ$paSCqg+VmPpBvS5ED858WPgioue+qEQNDHw/+SzKzD4",
}


def check(stored: str | None, secret: str, algorithm: str) -> bool:
    """Whether ``secret`` fits ``stored``; takes as long for a missing or old hash as for a current one.

    Otherwise the time would tell which accounts exist. `hashes.UnknownHash` as `hashes.verify`.
    """
    try:
        if stored is not None:
            if hashes.verify(stored, secret):
                return True
            if hashes.scheme_of(stored) == algorithm:
                return False
    except hashes.UnknownHash:
        hashes.verify(DECOYS[algorithm], secret)
        raise
    hashes.verify(DECOYS[algorithm], secret)
    return False


class Hashing(Protocol):
    """Where password work is done."""

    def check(self, stored: str | None, secret: str, algorithm: str) -> Deferred[bool]:
        """`check`, somewhere else; `Unavailable` when too many wait."""

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Any other slow and pure ``work``: a new hash, a strength estimate."""

    def close(self) -> Deferred[None]:
        """Refuse what waits, let what runs end, then fire."""


class SynchronousHashing:
    """The twin for tests and one-shot commands: works at once, on the caller's thread."""

    def __init__(self) -> None:
        self.checks = 0

    def check(self, stored: str | None, secret: str, algorithm: str) -> Deferred[bool]:
        """See `Hashing.check`."""
        self.checks += 1
        return self.run(lambda: check(stored, secret, algorithm))

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """See `Hashing.run`."""
        return maybeDeferred(work)

    def close(self) -> Deferred[None]:
        """See `Hashing.close`."""
        return succeed(None)


class HashingPool:
    """`Hashing` in ``threads`` threads of its own, started when first needed; at most ``waiting`` callers wait.

    A caller that cancels or has waited ``patience`` seconds leaves the queue; work that runs already is left
    to end and its result is dropped. Call `close` before the process ends: the threads are not daemons.
    """

    def __init__(
        self, reactor: Any, threads: int = 2, waiting: int = 64, patience: float = 10.0, pool: Any = None
    ) -> None:
        self._reactor = reactor
        self._threads = threads
        self._limit = waiting
        self._patience = patience
        self._pool = pool if pool is not None else ThreadPool(0, threads, name="passwords")
        self._started = False
        self._running = 0
        self._waiting: deque[tuple[Deferred[Any], Callable[[], Any]]] = deque()
        self._shared: dict[bytes, tuple[list[Deferred[bool]], Deferred[bool]]] = {}
        self._key = os.urandom(32)
        self._closing: list[Deferred[None]] | None = None

    def check(self, stored: str | None, secret: str, algorithm: str) -> Deferred[bool]:
        """See `Hashing.check`. Equal checks that overlap are done once."""
        mark = self._mark(stored, secret, algorithm)
        mine: Deferred[bool] = Deferred(lambda gone: self._leave(mark, gone))
        if mark in self._shared:
            self._shared[mark][0].append(mine)
            return mine
        work = self.run(lambda: check(stored, secret, algorithm))
        self._shared[mark] = ([mine], work)
        work.addBoth(self._share, mark)
        return mine

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """See `Hashing.run`."""
        if self._closing is not None or len(self._waiting) >= self._limit:
            return fail(Unavailable("Too many passwords are being checked at present. Please try again."))
        result: Deferred[T] = Deferred(self._dequeue)
        result.addTimeout(self._patience, self._reactor, _out_of_patience)
        self._waiting.append((result, work))
        self._advance()
        return result

    def close(self) -> Deferred[None]:
        """See `Hashing.close`."""
        if self._closing is None:
            self._closing = []
        while self._waiting:
            self._waiting.popleft()[0].errback(Unavailable("The server is stopping."))
        closed: Deferred[None] = Deferred()
        self._closing.append(closed)
        self._stop_if_idle()
        return closed

    def _mark(self, *parts: str | None) -> bytes:
        return blake2b(repr(parts).encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def _share(self, result: Any, mark: bytes) -> None:
        waiting, _work = self._shared.pop(mark)
        for deferred in waiting:
            deferred.callback(result)  # a Failure passes as one

    def _leave(self, mark: bytes, gone: Deferred[bool]) -> None:
        waiting, work = self._shared[mark]
        waiting.remove(gone)
        if not waiting:
            work.cancel()

    def _dequeue(self, gone: Deferred[Any]) -> None:
        self._waiting = deque(item for item in self._waiting if item[0] is not gone)

    def _advance(self) -> None:
        while self._waiting and self._running < self._threads:
            if not self._started:
                self._started = True
                self._pool.start()
            result, work = self._waiting.popleft()
            self._running += 1
            self._pool.callInThreadWithCallback(self._hand_over(result), work)

    def _hand_over(self, result: Deferred[Any]) -> Callable[[bool, Any], None]:
        return lambda _success, value: self._reactor.callFromThread(self._finish, result, value)

    def _finish(self, result: Deferred[Any], value: Any) -> None:
        self._running -= 1
        self._advance()
        if not result.called:  # the caller may have left
            result.callback(value)
        self._stop_if_idle()

    def _stop_if_idle(self) -> None:
        if self._closing is None or self._running:
            return
        if self._started:
            self._started = False
            self._pool.stop()
        for closed in self._closing:
            if not closed.called:
                closed.callback(None)


def _out_of_patience(_result: Any, _seconds: float) -> NoReturn:
    raise Unavailable("Too many passwords are being checked at present. Please try again.")
