"""What one operation on mail changes beside the e-mails: how threads lie in mailboxes, counters, and the change log.

The operation first says what changes, then ``write`` takes all change numbers at once and writes each row once; uids
and numbers are known from then on. A mailbox counts a thread as unread if an e-mail of it that is in some other mailbox
than the trash is unread; for the trash only what is in the trash counts (RFC 8621 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stalwart.store.mail_rows import DRAFT, SEEN, TRASH
from stalwart.store.object_types import EMAIL, MAILBOX, QUOTA, THREAD
from stalwart.store.sql.accounts import SqlAccounts
from stalwart.store.sql.lists import select_in
from stalwart.store.sql.marks import marks
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.session import Session

_READ = SEEN | DRAFT
_TOTAL, _UNREAD, _THREADS, _UNREAD_THREADS = range(4)

Standing = Mapping[int, tuple[int, int]]
"""A thread in mailboxes: how many e-mails, and how many of them unread, by mailbox."""


def is_unread(flags: int) -> int:
    """1 if an e-mail counts as unread: neither ``$seen`` nor ``$draft`` (RFC 8621 2)."""
    return 0 if flags & _READ else 1


class Ledger:
    """For one operation in one account."""

    def __init__(self, session: Session, account_id: int, now: int) -> None:
        self._session = session
        self._account_id = account_id
        self._now = now
        self._before: dict[int, dict[int, tuple[int, int]]] = {}
        self._after: dict[int, dict[int, tuple[int, int]]] = {}
        self._new_threads: set[int] = set()
        self._joined: set[int] = set()
        self._created: list[tuple[int, bytes, int]] = []
        self._updated: list[int] = []
        self._killed: list[tuple[int, int]] = []
        self._arrivals: dict[int, int] = {}
        self._touched: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._next_uid: dict[int, int] = {}

    def open(self, thread_ids: Iterable[int]) -> None:
        """Read how threads lie in mailboxes; each thread is opened or made before anything is said of it."""
        wanted = [id for id in dict.fromkeys(thread_ids) if id not in self._before]
        for id in wanted:
            self._before[id], self._after[id] = {}, {}
        for thread_id, container_id, emails, unread in select_in(
            self._session,
            "SELECT thread_id, container_id, emails, unread FROM thread_count WHERE account_id = ? AND thread_id IN",
            self._account_id,
            ids=wanted,
        ):
            self._before[thread_id][container_id] = self._after[thread_id][container_id] = (emails, unread)

    def make_thread(self, thread_id: int) -> None:
        """A thread that there was not before."""
        self._new_threads.add(thread_id)
        self._before[thread_id], self._after[thread_id] = {}, {}

    def create(self, id: int, thread_id: int, blob: bytes, size: int) -> None:
        """A new e-mail joins a thread."""
        self._created.append((id, blob, size))
        self._joined.add(thread_id)

    def update(self, id: int) -> None:
        """An e-mail changes."""
        self._updated.append(id)

    def kill(self, id: int, thread_id: int, size: int) -> None:
        """An e-mail leaves its thread, and is no more."""
        self._killed.append((id, size))
        self._joined.add(thread_id)

    def put(self, thread_id: int, container_id: int, flags: int) -> None:
        """An e-mail comes into a mailbox."""
        self._arrivals[container_id] = self._arrivals.get(container_id, 0) + 1
        self._shift(thread_id, container_id, 1, is_unread(flags))

    def take(self, thread_id: int, container_id: int, flags: int) -> None:
        """An e-mail leaves a mailbox."""
        self._shift(thread_id, container_id, -1, -is_unread(flags))

    def mark(self, thread_id: int, container_id: int, old: int, new: int) -> None:
        """An e-mail in a mailbox gets other keywords."""
        self._shift(thread_id, container_id, 0, is_unread(new) - is_unread(old))

    def touch(self, container_ids: Iterable[int]) -> None:
        """What is in these mailboxes changes, and no counter does."""
        self._touched.update(container_ids)

    def write(self) -> None:
        """Take the numbers, and write all but what is about the e-mails themselves."""
        shifts = self._shifts()
        ended = [id for id in self._joined if not self._after[id]]
        lasting = [id for id in self._joined if id not in self._new_threads and self._after[id]]
        counted = sorted(id for id, shift in shifts.items() if any(shift))
        emails = [*(row[0] for row in self._created), *self._updated, *(row[0] for row in self._killed)]
        order = [*emails, *sorted(self._new_threads), *sorted(lasting), *sorted(ended), *counted]
        octets = sum(row[2] for row in self._created) - sum(row[1] for row in self._killed)
        first = SqlAccounts(self._session).take(self._account_id, len(order), octets)
        last = first + len(order) - 1
        self._numbers = dict(zip(order, range(first, last + 1), strict=True))
        for id, blob, size in self._created:
            self._insert(id, EMAIL, blob, size)
        for id in self._new_threads:
            self._insert(id, THREAD, None, 0)
        self._renumber((*self._updated, *lasting), counted)
        self._bury([*(row[0] for row in self._killed), *ended])
        self._note(first, len(emails), len(self._joined), len(counted))
        if self._joined:
            SqlObjects(self._session).follow(self._account_id, QUOTA, last)
        self._write_standings()
        self._write_containers(shifts, first + len(emails) - 1)

    def number(self, id: int) -> int:
        """The change number of an object of this operation."""
        return self._numbers[id]

    def uid(self, container_id: int) -> int:
        """The uid of the next e-mail that comes into the mailbox."""
        uid = self._next_uid[container_id]
        self._next_uid[container_id] = uid + 1
        return uid

    def _shift(self, thread_id: int, container_id: int, emails: int, unread: int) -> None:
        self._touched.add(container_id)
        standing = self._after[thread_id]
        old = standing.get(container_id, (0, 0))
        new = (old[0] + emails, old[1] + unread)
        if new[0] > 0:
            standing[container_id] = new
        else:
            del standing[container_id]

    def _shifts(self) -> dict[int, list[int]]:
        """By how much the four counters of mailboxes change."""
        shifts: dict[int, list[int]] = {id: [0, 0, 0, 0] for id in self._touched}
        changed = [(self._before[id], after) for id, after in self._after.items() if self._before[id] != after]
        trash = self._trash() if changed else None
        for before, after in changed:
            for sign, standing in ((-1, before), (1, after)):
                unread_outside = any(unread for id, (_, unread) in standing.items() if id != trash)
                for id, (emails, unread) in standing.items():
                    shift = shifts.setdefault(id, [0, 0, 0, 0])
                    shift[_TOTAL] += sign * emails
                    shift[_UNREAD] += sign * unread
                    shift[_THREADS] += sign
                    shift[_UNREAD_THREADS] += sign * bool(unread if id == trash else unread_outside)
        return shifts

    def _trash(self) -> int | None:
        ask = "SELECT id FROM container WHERE account_id = ? AND type = ? AND role = ?"
        asked = (self._account_id, MAILBOX, TRASH)
        found = self._session.recalled("container", ("role", *asked), lambda: self._session.one(ask, *asked))
        return found[0] if found else None

    def _insert(self, id: int, type: int, blob: bytes | None, size: int) -> None:
        seq = self._numbers[id]
        self._session.later(
            "INSERT INTO obj(account_id, id, type, created_seq, seq, prop_seq, blob, size, created_at, modified_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(self._account_id, id, type, seq, seq, seq, blob, size, self._now, self._now),
        )

    def _renumber(self, changed: Iterable[int], counted: Iterable[int]) -> None:
        for id in changed:
            self._session.later(
                "UPDATE obj SET seq = ?, prop_seq = ?, modified_at = ? WHERE account_id = ? AND id = ?",
                *(self._numbers[id], self._numbers[id], self._now, self._account_id, id),
            )
        for id in counted:  # clients are told that only counters changed (RFC 8621 2.2)
            self._session.later(
                "UPDATE obj SET seq = ?, modified_at = ? WHERE account_id = ? AND id = ?",
                *(self._numbers[id], self._now, self._account_id, id),
            )

    def _bury(self, ids: Iterable[int]) -> None:
        for id in ids:
            self._session.later(
                "UPDATE obj SET dead = 1, seq = ?, prop_seq = ?, blob = NULL, size = 0, modified_at = ?"
                " WHERE account_id = ? AND id = ?",
                *(self._numbers[id], self._numbers[id], self._now, self._account_id, id),
            )

    def _note(self, first: int, emails: int, threads: int, mailboxes: int) -> None:
        last = first - 1
        rows: list[int] = []
        for type, count in ((EMAIL, emails), (THREAD, threads), (MAILBOX, mailboxes)):
            last += count
            if count:
                rows += (self._account_id, type, last)
        if not rows:
            return
        for type, seq in zip(rows[1::3], rows[2::3], strict=True):
            self._session.note(self._account_id, type, seq)
        self._session.settle(
            f"INSERT INTO type_state(account_id, type, seq) VALUES {marks(3, len(rows) // 3)}"
            " ON CONFLICT (account_id, type) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > type_state.seq",
            *rows,
            of=(self._account_id, *rows[1::3]),
        )

    def _write_standings(self) -> None:
        for thread_id, after in self._after.items():
            before = self._before[thread_id]
            for container_id, counts in after.items():
                if before.get(container_id) != counts:
                    self._session.later(
                        "INSERT INTO thread_count(account_id, thread_id, container_id, emails, unread)"
                        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (account_id, thread_id, container_id)"
                        " DO UPDATE SET emails = excluded.emails, unread = excluded.unread",
                        *(self._account_id, thread_id, container_id, *counts),
                    )
            for container_id in before.keys() - after.keys():
                self._session.later(
                    "DELETE FROM thread_count WHERE account_id = ? AND thread_id = ? AND container_id = ?",
                    *(self._account_id, thread_id, container_id),
                )

    def _write_containers(self, shifts: Mapping[int, list[int]], seq: int) -> None:
        for id, shift in shifts.items():
            if id not in self._touched:
                self._session.settle(
                    "UPDATE container SET unread_threads = unread_threads + ? WHERE account_id = ? AND id = ?",
                    *(self._account_id, id),
                    of=(self._account_id, id),
                    more=shift[_UNREAD_THREADS],
                )
                continue
            arrivals = self._arrivals.get(id, 0)
            if not arrivals and not any(shift):
                self._session.settle(
                    "UPDATE container SET seq = ? WHERE account_id = ? AND id = ?",
                    *(seq, self._account_id, id),
                    of=(self._account_id, id),
                )
                continue
            found = self._session.tally(
                "UPDATE container SET total = total + ?, unread = unread + ?, total_threads = total_threads + ?,"
                " unread_threads = unread_threads + ?, uidnext = uidnext + ?, seq = ?"
                " WHERE account_id = ? AND id = ? RETURNING uidnext",
                *(*shift, arrivals, seq, self._account_id, id),
            )
            self._next_uid[id] = found[0] - arrivals
