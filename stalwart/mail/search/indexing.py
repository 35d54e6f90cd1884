"""One piece of the work on the index: e-mails that wait are read, taken apart in a thread, and written in slices.

A slice is a transaction of some milliseconds, so that other writes hardly wait. What happens twice does no harm: a text
is only taken up while its e-mail waits in the queue. Messages of which files are kept are taken one by one.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import partial
from typing import Final

from attrs import field, frozen
from twisted.internet.defer import Deferred

from stalwart.errors import StalwartError
from stalwart.mail.search.extraction import NOTHING, extracted
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import LARGE, BlobFiles
from stalwart.store.mail_text import IndexedText, Place, Places

MOST_OCTETS: Final = 4 << 20
"""Octets of small messages that are in memory at a time."""

SLICE_CHARACTERS: Final = 160 << 10
SLICE_EMAILS: Final = 50
"""Of what is written in one transaction."""

_PIECE = 16
_GIVE_WAY = 1e-4  # seconds between two messages
_LONGEST_REASON = 4000

Text = tuple[int, int, IndexedText]


@frozen
class _Message:
    """An e-mail that waits, with its content if that is small and where it is if not."""

    place: Place
    blob: bytes
    parts: bytes | None
    content: bytes | None


@frozen
class _Taken:
    """What was taken from messages, and which could not be read and why."""

    texts: list[Text] = field(factory=list)
    unreadable: list[tuple[Place, str]] = field(factory=list)


@frozen
class Done:
    """What came of a piece: e-mails that were indexed or forgotten, messages that could not be read and why, and the
    longest time in seconds that a write waited for others.
    """

    emails: int = 0
    unreadable: tuple[tuple[Place, str], ...] = ()
    waited: float = 0.0


async def index(store: Store, places: Places, wanted: Set[str]) -> Done:
    """Index or forget what waits, as much of it as fits into memory at a time; the rest goes on waiting."""
    messages, gone = await store.read(partial(_gathered, places))
    emails = 0
    waited = 0.0
    unreadable: list[tuple[Place, str]] = []
    coming: Deferred[_Taken] | None = None
    try:
        for some in [*_runs(messages), None]:
            taken = None if coming is None else await coming
            coming = None if some is None else store.blob_work(partial(_taken, some, wanted))
            if taken is not None:  # the next are taken apart while these are written
                unreadable += taken.unreadable
                emails += len(taken.texts)
                for piece in _slices(taken.texts):
                    waited = max(waited, await _written(store, partial(_index, piece)))
    finally:
        if coming is not None:
            coming.addErrback(lambda _: None)
            coming.cancel()
    for begin in range(0, len(gone), _PIECE):
        waited = max(waited, await _written(store, partial(_forget, gone[begin : begin + _PIECE])))
    return Done(emails + len(gone), tuple(unreadable), waited)


def _index(texts: Sequence[Text], tx: Transaction) -> None:
    tx.mail_text.index(texts)


def _forget(places: Places, tx: Transaction) -> None:
    tx.mail_text.forget(places)


async def _written(store: Store, work: Callable[[Transaction], None]) -> float:
    """Write, and answer how long that had to wait for its turn."""
    asked = time.monotonic()

    def run(tx: Transaction) -> float:
        waited = time.monotonic() - asked
        work(tx)
        return waited

    return await store.write(run)


def _gathered(places: Places, tx: Transaction) -> tuple[list[_Message], Places]:
    """The messages, and the places at which there is none any more."""
    by_account: dict[int, list[int]] = {}
    for account_id, id in places:
        by_account.setdefault(account_id, []).append(id)
    messages: list[_Message] = []
    gone: Places = []
    octets = 0
    for account_id, ids in by_account.items():
        rows = tx.mail.list_rows(account_id, ids, parts=True)
        for id in ids:
            row = rows.get(id)
            if row is None:
                gone.append((account_id, id))
                continue
            is_small = row.size < LARGE
            octets += row.size if is_small else 0
            if octets > MOST_OCTETS:
                return messages, gone
            content = tx.blobs.get(row.blob) or b"" if is_small else None
            messages.append(_Message((account_id, id), row.blob, row.parts, content))
    return messages, gone


def _runs(messages: Iterable[_Message]) -> Iterator[list[_Message]]:
    """Small messages some at a time, so that others come to use the thread; large ones alone."""
    run: list[_Message] = []
    for message in messages:
        if message.content is None:
            yield [message]
            continue
        run.append(message)
        if len(run) == _PIECE:
            yield run
            run = []
    if run:
        yield run


def _taken(messages: Sequence[_Message], wanted: Set[str], files: BlobFiles) -> _Taken:
    """In a thread. A message that cannot be read is indexed as an empty one, so that it waits no longer."""
    taken = _Taken()
    for message in messages:
        try:
            data = files.read(message.blob) if message.content is None else message.content
            text = extracted(data, message.parts, wanted)
        except Exception as problem:
            text = NOTHING
            taken.unreadable.append((message.place, _reason(problem)))
        taken.texts.append((*message.place, text))
        time.sleep(_GIVE_WAY)  # whoever waits for the interpreter comes first
    return taken


def _reason(problem: Exception) -> str:
    if isinstance(problem, StalwartError):
        return problem.detail
    return "".join(traceback.format_exception(problem))[-_LONGEST_REASON:]


def _slices(texts: Iterable[Text]) -> Iterator[list[Text]]:
    piece: list[Text] = []
    characters = 0
    for text in texts:
        piece.append(text)
        characters += sum(map(len, text[2].words))
        if characters >= SLICE_CHARACTERS or len(piece) == SLICE_EMAILS:
            yield piece
            piece, characters = [], 0
    if piece:
        yield piece
