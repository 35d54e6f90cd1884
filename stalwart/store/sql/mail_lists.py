"""Lists of e-mails as clients page through them: each page is a walk along an index, nothing is sorted.

Lists are by time of receipt, of one mailbox (``member``) or of all mail (``email``); equal times are ordered by id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve, frozen

from stalwart.errors import NotFound
from stalwart.store.mail_rows import EmailPage, EmailRow, ListChanges, Shown
from stalwart.store.object_types import EMAIL, MAILBOX
from stalwart.store.sql.lists import bounded, select_in
from stalwart.store.sql.session import Session

_FAR = 500  # places that are walked without asking how many there are
_ROW = "id, thread_id, blob, size, received_at, flags, mailboxes, keywords, fragment"
_SHOWN = {None: "", "unread": " AND m.flags % 2 = 0", "flagged": " AND (m.flags & 2) <> 0"}
# The same in words that no partial index has: what is asked about is a thread, which has an index of its own.
_SHOWN_TOO = {None: "", "unread": " AND (n.flags & 1) = 0", "flagged": " AND (n.flags & 2) = 2"}


@frozen
class _List:
    """Which rows ``m`` of which table are shown; ``place`` are the columns that order them, ``id`` the last of them."""

    table: str
    id: str
    place: str
    which: str
    values: tuple[Any, ...]
    ascending: bool

    def direction(self) -> str:
        """How ORDER BY reads the columns."""
        word = "ASC" if self.ascending else "DESC"
        return ", ".join(f"m.{column} {word}" for column in (self.place, self.id))

    def before(self, one: str, other: str = "(?, ?)") -> str:
        """That the place of ``one`` is before the other."""
        return f"({one}.{self.place}, {one}.{self.id}) {'<' if self.ascending else '>'} {other}"

    def behind(self, one: str) -> str:
        """That the place of ``one`` is behind another."""
        return f"({one}.{self.place}, {one}.{self.id}) {'>' if self.ascending else '<'} (?, ?)"


class MailLists:
    """Reads ``member`` and ``email``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(self, account_id: int, ids: Iterable[int], parts: bool) -> dict[int, EmailRow]:
        """See ``store.mail``."""
        ids = list(ids)
        columns = f"{_ROW}, parts" if parts else f"{_ROW}, NULL"
        found = select_in(
            self._session, f"SELECT {columns} FROM email WHERE account_id = ? AND id IN", account_id, ids=ids
        )
        rows = {row[0]: EmailRow(*row) for row in found}
        return {id: rows[id] for id in ids if id in rows}

    def threads(self, account_id: int, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """See ``store.mail``."""
        ids = list(ids)
        found = select_in(
            self._session,
            "SELECT thread_id, received_at, id FROM email WHERE account_id = ? AND thread_id IN",
            account_id,
            ids=ids,
        )
        emails: dict[int, list[int]] = {}
        for thread_id, _, id in sorted(found):
            emails.setdefault(thread_id, []).append(id)
        return {id: tuple(emails[id]) for id in ids if id in emails}

    def mentioning(self, account_id: int, reference: int, limit: int) -> list[tuple[int, bytes]]:
        """See ``store.mail``."""
        found = self._session.all(
            "SELECT e.id, e.fragment FROM email e WHERE e.account_id = ? AND e.thread_id IN"
            " (SELECT thread_id FROM thread_ref WHERE account_id = ? AND ref_hash = ?)"
            " ORDER BY e.received_at, e.id LIMIT ?",
            *(account_id, account_id, reference, limit),
        )
        return [(id, bytes(fragment)) for id, fragment in found]

    def page(
        self,
        account_id: int,
        mailbox: int | None,
        shown: Shown | None,
        collapse: bool,
        ascending: bool,
        *,
        position: int,
        anchor: int | None,
        anchor_offset: int,
        limit: int,
        calculate_total: bool,
    ) -> EmailPage:
        """See ``store.mail``."""
        wanted = _list(account_id, mailbox, shown, collapse, ascending)
        total = None
        if calculate_total or (anchor is None and position < 0):
            total = self._total(account_id, mailbox, shown, collapse, wanted)
        if anchor is not None:
            position = self._position(account_id, wanted, anchor) + anchor_offset
        elif position < 0:
            position += total or 0
        position = max(0, position)
        known = total
        if known is None and position > _FAR and mailbox is not None and shown is None:
            known = self._total(account_id, mailbox, shown, collapse, wanted)
        if known is not None and position > known // 2:
            ids = self._from_end(wanted, known - position, limit)
        else:
            ids = self._walk(wanted, position, limit)
        return EmailPage(ids, position, total if calculate_total else None)

    def changes(self, account_id: int, mailbox: int, since: int, ascending: bool, limit: int) -> ListChanges | None:
        """See ``store.mail``."""
        total = self._counter(account_id, mailbox, "total")
        found = self._session.one(
            "SELECT seq, low_seq FROM type_state WHERE account_id = ? AND type = ?", account_id, EMAIL
        )
        state, low = found or (0, 0)
        if total is None:
            raise NotFound
        if not low <= since <= state:
            return None
        changed = "FROM member WHERE account_id = ? AND container_id = ? AND seq > ?"
        removed = self._session.all(
            f"SELECT item_id {changed} AND dead = 1 AND added_seq <= ? ORDER BY seq LIMIT ?",
            *(account_id, mailbox, since, since, limit + 1),
        )
        added = self._session.all(
            f"SELECT sort_at, item_id {changed} AND dead = 0 AND added_seq > ? LIMIT ?",
            *(account_id, mailbox, since, since, limit + 1),
        )
        if len(removed) + len(added) > limit:
            return ListChanges((), (), state, total, too_many=True)
        wanted = _list(account_id, mailbox, None, False, ascending)
        places = self._indexes(wanted, sorted(added, reverse=not ascending))
        return ListChanges(tuple(id for (id,) in removed), places, state, total)

    def indexes(
        self, account_id: int, ids: Iterable[int], mailbox: int | None, shown: Shown | None, ascending: bool
    ) -> tuple[tuple[int, int], ...]:
        """See ``store.mail``."""
        wanted = _list(account_id, mailbox, shown, False, ascending)
        # with size, which no index of lists has: else SQLite walks one of those instead of looking for each
        places = select_in(
            self._session, "SELECT received_at, id, size FROM email WHERE account_id = ? AND id IN", account_id, ids=ids
        )
        there = {place[:2] for place in places if self._has(wanted, *place[:2])}
        return self._indexes(wanted, sorted(there, reverse=not ascending))

    def forget_removed(self, account_id: int, limit: int) -> int:
        """See ``store.mail``."""
        return self._session.changed(
            "DELETE FROM member WHERE (account_id, container_id, uid) IN (SELECT account_id, container_id, uid"
            " FROM member WHERE account_id = ? AND dead = 1 AND seq <="
            " (SELECT low_seq FROM type_state WHERE account_id = ? AND type = ?) ORDER BY seq LIMIT ?)",
            *(account_id, account_id, EMAIL, limit),
        )

    def _walk(self, wanted: _List, offset: int, limit: int) -> tuple[int, ...]:
        rows = self._session.all(
            f"SELECT m.{wanted.id} FROM {wanted.table} AS m WHERE {wanted.which}"
            f" ORDER BY {wanted.direction()} LIMIT ? OFFSET ?",
            *(*wanted.values, bounded(limit), bounded(offset)),
        )
        return tuple(id for (id,) in rows)

    def _from_end(self, wanted: _List, rest: int, limit: int) -> tuple[int, ...]:
        """The first of the last ``rest``: the way from the other end is shorter."""
        if rest <= 0:
            return ()
        count = min(limit, rest)
        return self._walk(evolve(wanted, ascending=not wanted.ascending), rest - count, count)[::-1]

    def _indexes(self, wanted: _List, places: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Where in the list e-mails are that are given in its order: one walk, from each to the next."""
        indexes: list[tuple[int, int]] = []
        index, after = 0, ""
        values: tuple[int, ...] = ()
        for place in places:
            index += self._session.one(
                f"SELECT COUNT(*) FROM {wanted.table} AS m WHERE {wanted.which} AND {wanted.before('m')}{after}",
                *(*wanted.values, *place, *values),
            )[0]
            indexes.append((index, place[1]))
            after, values = f" AND {wanted.behind('m')}", place
            index += 1
        return tuple(indexes)

    def _position(self, account_id: int, wanted: _List, anchor: int) -> int:
        found = self._session.one(
            "SELECT received_at FROM email WHERE account_id = ? AND id = ?", account_id, bounded(anchor)
        )
        if found is None or not self._has(wanted, found[0], anchor):
            raise NotFound
        count = self._session.one(
            f"SELECT COUNT(*) FROM {wanted.table} AS m WHERE {wanted.which} AND {wanted.before('m')}",
            *(*wanted.values, found[0], anchor),
        )
        return int(count[0])

    def _has(self, wanted: _List, received_at: int, id: int) -> bool:
        found = self._session.one(
            f"SELECT 1 FROM {wanted.table} AS m WHERE {wanted.which} AND m.{wanted.place} = ? AND m.{wanted.id} = ?",
            *(*wanted.values, received_at, id),
        )
        return found is not None

    def _total(self, account_id: int, mailbox: int | None, shown: Shown | None, collapse: bool, wanted: _List) -> int:
        if mailbox is not None and shown is None:
            return self._counter(account_id, mailbox, "total_threads" if collapse else "total") or 0
        found = self._session.one(f"SELECT COUNT(*) FROM {wanted.table} AS m WHERE {wanted.which}", *wanted.values)
        return int(found[0])

    def _counter(self, account_id: int, mailbox: int, counter: str) -> int | None:
        found = self._session.one(
            f"SELECT {counter} FROM container WHERE account_id = ? AND id = ? AND type = ?",
            *(account_id, bounded(mailbox), MAILBOX),
        )
        return found[0] if found else None


def _list(account_id: int, mailbox: int | None, shown: Shown | None, collapse: bool, ascending: bool) -> _List:
    if mailbox is None:
        table, id, place = "email", "id", "received_at"
        which = "m.account_id = ?"
        of_thread = "n.account_id = m.account_id AND n.thread_id = m.thread_id"
        values: tuple[Any, ...] = (account_id,)
    else:
        table, id, place = "member", "item_id", "sort_at"
        which = "m.account_id = ? AND m.container_id = ? AND m.dead = 0"
        of_thread = (
            "n.account_id = m.account_id AND n.container_id = m.container_id AND n.thread_id = m.thread_id"
            " AND n.dead = 0"
        )
        values = (account_id, bounded(mailbox))
    which += _SHOWN[shown]
    wanted = _List(table, id, place, which, values, ascending)
    if collapse:  # the first of its thread: none is before it (RFC 8621 4.4.3)
        earlier = wanted.before("n", f"(m.{place}, m.{id})")
        which += f" AND NOT EXISTS (SELECT 1 FROM {table} AS n WHERE {of_thread}{_SHOWN_TOO[shown]} AND {earlier})"
    return _List(table, id, place, which, values, ascending)
