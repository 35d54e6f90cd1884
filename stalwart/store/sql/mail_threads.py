"""Which thread an e-mail belongs to: the same subject, and a message id that both mention (RFC 8621 3).

A reference leads to a thread as long as an e-mail of the thread carries it; how many do is counted.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from itertools import chain, islice

from stalwart.store.sql.lists import change_in, select_in
from stalwart.store.sql.marks import LONGEST_INSERT
from stalwart.store.sql.session import Session

_MOST_MOVED = 100


class Threads:
    """Reads and writes ``thread_ref``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, account_id: int, references: Iterable[int], subject_hash: int) -> tuple[int | None, list[int]]:
        """The thread to join, None for a new one, and the threads that become one with it."""
        rows = select_in(
            self._session,
            "SELECT DISTINCT thread_id FROM thread_ref WHERE account_id = ? AND subject_hash = ? AND ref_hash IN",
            *(account_id, subject_hash),
            ids=references,
        )
        found = sorted({row[0] for row in rows})
        if len(found) < 2:
            return (found[0] if found else None), []
        sizes = {id: self._size(account_id, id) for id in found}
        oldest, *others = found
        if sum(sizes[id] for id in others) <= _MOST_MOVED:
            return oldest, others
        return max(found, key=lambda id: (sizes[id], -id)), []

    def _size(self, account_id: int, id: int) -> int:
        found = self._session.one("SELECT COUNT(*) FROM email WHERE account_id = ? AND thread_id = ?", account_id, id)
        return int(found[0])

    def add(self, account_id: int, thread_id: int, references: Collection[int], subject_hash: int) -> None:
        """An e-mail with these references is in the thread."""
        pending = iter(references)
        while some := list(islice(pending, LONGEST_INSERT)):
            rows = ((account_id, reference, subject_hash, thread_id) for reference in some)
            self._session.later(
                "INSERT INTO thread_ref(account_id, ref_hash, subject_hash, thread_id, emails)"
                f" VALUES {', '.join(['(?, ?, ?, ?, 1)'] * len(some))}"
                " ON CONFLICT (account_id, ref_hash, subject_hash, thread_id)"
                " DO UPDATE SET emails = thread_ref.emails + 1",
                *chain.from_iterable(rows),
            )

    def remove(self, account_id: int, thread_id: int, references: Collection[int], subject_hash: int) -> None:
        """An e-mail with these references has left the thread."""
        which = "WHERE account_id = ? AND subject_hash = ? AND thread_id = ?"
        values = (account_id, subject_hash, thread_id)
        change_in(
            self._session,
            f"UPDATE thread_ref SET emails = emails - 1 {which} AND ref_hash IN",
            *values,
            ids=references,
        )
        change_in(
            self._session, f"DELETE FROM thread_ref {which} AND emails < 1 AND ref_hash IN", *values, ids=references
        )


def pack_references(references: Collection[int]) -> bytes:
    """References as they are kept beside an e-mail."""
    return struct.pack(f">{len(references)}q", *sorted(references))


def unpack_references(packed: bytes) -> tuple[int, ...]:
    """What ``pack_references`` packed."""
    return struct.unpack(f">{len(packed) // 8}q", packed)
