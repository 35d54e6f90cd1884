"""What leaves is sent once, although a client that has heard no answer hands the same message over again (RFC 1047).

Whoever has not heard that a message was taken comes again, and its letters may be in the queue nevertheless. So the
transaction that writes letters notes the message with them, and the note goes when the client knows the answer. Where
he does not know it, or nobody can tell because the process ended, the message is in doubt for as long as clients come
again: letters of one that is both noted and in doubt are not written again, as long as the first ones wait or were
delivered to everybody. The doubt ends when the client hears the answer. Nothing else counts as a repetition; two
messages that are the same may well be wanted, and one that is sent twice is better than one that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from twisted.internet.defer import Deferred

from stalwart.errors import StalwartError
from stalwart.store import Store, Transaction
from stalwart.store.seen import HANDED_OVER, IN_DOUBT, UNDELIVERED, of_letter

KEPT: Final = 3 * 3600
"""Seconds for which a message is in doubt: clients come again after minutes, or half an hour (RFC 5321 4.5.4.1)."""
SETTLED_AFTER: Final = 0.1
"""Seconds after which the notes of messages go whose clients have heard."""
TOGETHER: Final = 1000
"""Notes of one transaction."""
MOST: Final = 100_000
"""Messages of which it is remembered in memory what has to be written of them; of more the notes stay."""
_NOBODY: Final = 0


class Repetitions:
    """Knows which messages are in doubt, by their digests. ``clock`` is the reactor."""

    def __init__(self, store: Store, clock: Any) -> None:
        self._store = store
        self._clock = clock
        self._answered: dict[bytes, None] = {}
        self._doubtful: dict[bytes, None] = {}
        self._closed = False
        self._timer: Any = None
        self._writing: Deferred[None] | None = None

    async def load(self) -> None:
        """Whoever had no answer when a process ended is in doubt: of what is noted nobody can say who has heard."""

        def write(tx: Transaction) -> None:
            tx.seen.spread(_NOBODY, HANDED_OVER, IN_DOUBT)

        await self._store.write(write)

    def first(self, tx: Transaction, digest: bytes) -> list[int]:
        """In the transaction that would write the letters of a message: the ids of those that were written for it
        already; empty if it is to be taken as a new one.
        """
        now = int(self._clock.seconds())
        if digest in self._answered:
            return []
        if digest not in self._doubtful and not tx.seen.beginning(_NOBODY, IN_DOUBT, digest, now):
            return []
        letters = [each[len(digest) :] for each in tx.seen.beginning(_NOBODY, HANDED_OVER, digest, now)]
        if not all(letters) or tx.seen.known(_NOBODY, UNDELIVERED, letters, now):
            _forget(tx, digest)
            return []
        return [int.from_bytes(each, "big") for each in letters]

    def note(self, tx: Transaction, digest: bytes, letters: Sequence[int]) -> None:
        """In the transaction that writes ``letters``: by their ids."""
        until = int(self._clock.seconds()) + KEPT
        for id in letters:
            tx.seen.note(_NOBODY, HANDED_OVER, digest + of_letter(id), until)

    def answered(self, digest: bytes, *, again: bool = False) -> None:
        """The client knows that the message was taken; ``again``: one that was in doubt."""
        self._doubtful.pop(digest, None)
        if len(self._answered) < MOST:
            self._answered[digest] = None
            self._write_after(0 if again else SETTLED_AFTER)

    def doubted(self, digest: bytes) -> None:
        """The client does not know it, or was told the contrary, and letters may have been written all the same."""
        self._answered.pop(digest, None)
        if len(self._doubtful) < MOST:
            self._doubtful[digest] = None
            self._write_after(0)

    async def close(self) -> None:
        """Write what has to be written; nothing is remembered any more."""
        self._closed = True
        self._stop_timer()
        if self._writing is not None:
            await self._writing
        with suppress(StalwartError):  # the next start holds for doubtful what is left
            while self._doubtful or self._answered:
                await self._write_some()

    def _write_after(self, seconds: float) -> None:
        if self._writing is not None or self._closed:
            return
        if self._timer is not None and seconds < self._timer.getTime() - self._clock.seconds():
            self._stop_timer()
        if self._timer is None:
            self._timer = self._clock.callLater(seconds, self._write)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _write(self) -> None:
        self._timer = None
        writing = self._writing = Deferred.fromCoroutine(self._write_some())
        writing.addErrback(lambda failure: failure.trap(StalwartError))  # then the next time
        writing.addBoth(self._written)

    def _written(self, result: Any) -> Any:
        self._writing = None
        if self._doubtful or self._answered:
            self._write_after(SETTLED_AFTER)
        return result

    async def _write_some(self) -> None:
        doubtful = tuple(islice(self._doubtful, TOGETHER))
        answered = tuple(islice(self._answered, TOGETHER))

        def write(tx: Transaction) -> None:
            until = int(self._clock.seconds()) + KEPT
            for digest in doubtful:
                tx.seen.note(_NOBODY, IN_DOUBT, digest, until)
            for digest in answered:
                _forget(tx, digest)

        await self._store.write(write)
        for digest in doubtful:
            self._doubtful.pop(digest, None)
        for digest in answered:
            self._answered.pop(digest, None)


def _forget(tx: Transaction, digest: bytes) -> None:
    tx.seen.forget_beginning(_NOBODY, HANDED_OVER, digest)
    tx.seen.forget_beginning(_NOBODY, IN_DOUBT, digest)
