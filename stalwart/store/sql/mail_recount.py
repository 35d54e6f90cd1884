"""The counters of mailboxes, counted anew from what is in them, and put right where they differ."""

from __future__ import annotations

from stalwart.store.mail_rows import DRAFT, SEEN, TRASH, Miscount, Recounted
from stalwart.store.object_types import MAILBOX
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.session import Session

_COUNTERS = ("total", "unread", "total_threads", "unread_threads")

_STORED = "SELECT thread_id, container_id, emails, unread FROM thread_count WHERE account_id = ?"
_COUNTED = (
    "SELECT e.thread_id, m.container_id, COUNT(*) AS emails,"
    f" SUM(CASE WHEN (e.flags & {SEEN | DRAFT}) = 0 THEN 1 ELSE 0 END) AS unread"
    " FROM member AS m JOIN email AS e ON e.account_id = m.account_id AND e.id = m.item_id"
    " WHERE m.account_id = ? AND m.dead = 0 GROUP BY e.thread_id, m.container_id"
)
_MAILBOXES = (
    "SELECT c.id, c.total, c.unread, c.total_threads, c.unread_threads, COALESCE(n.total, 0), COALESCE(n.unread, 0),"
    " COALESCE(n.total_threads, 0), COALESCE(n.unread_threads, 0) FROM container AS c LEFT JOIN"
    " (SELECT t.container_id, CAST(SUM(t.emails) AS BIGINT) AS total, CAST(SUM(t.unread) AS BIGINT) AS unread,"
    " COUNT(*) AS total_threads, SUM(CASE WHEN t.container_id = ? THEN CASE WHEN t.unread > 0 THEN 1 ELSE 0 END"
    " WHEN EXISTS (SELECT 1 FROM thread_count AS o WHERE o.account_id = t.account_id AND o.thread_id = t.thread_id"
    " AND o.container_id <> ? AND o.unread > 0) THEN 1 ELSE 0 END) AS unread_threads"
    " FROM thread_count AS t WHERE t.account_id = ? GROUP BY t.container_id) AS n ON n.container_id = c.id"
    " WHERE c.account_id = ? AND c.type = ? ORDER BY c.id"
)


class Recount:
    """Counts the mail of an account."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._objects = SqlObjects(session)

    def everything(self, account_id: int, now: int) -> Recounted:
        """How threads lie in mailboxes, then the counters that follow from it."""
        threads = self._threads(account_id)
        return Recounted(self.mailboxes(account_id, now), threads)

    def wrong_threads(self, account_id: int) -> int:
        """How many rows about threads are wrong, missing or too many."""
        return sum(
            self._session.one(f"SELECT COUNT(*) FROM ({some} EXCEPT {others}) AS d", account_id, account_id)[0]
            for some, others in ((_STORED, _COUNTED), (_COUNTED, _STORED))
        )

    def wrong_mailboxes(self, account_id: int) -> list[tuple[int, ...]]:
        """Mailboxes with their counters and what these should be, from how threads lie in them, where they differ."""
        found = self._session.one(
            "SELECT id FROM container WHERE account_id = ? AND type = ? AND role = ?", account_id, MAILBOX, TRASH
        )
        trash = found[0] if found else -1
        rows = self._session.all(_MAILBOXES, trash, trash, account_id, account_id, MAILBOX)
        return [row for row in rows if row[1:5] != row[5:]]

    def mailboxes(self, account_id: int, now: int) -> tuple[Miscount, ...]:
        """The counters put right, from how threads lie in mailboxes."""
        wrong = self.wrong_mailboxes(account_id)
        for id, *counts in wrong:
            self._session.later(
                "UPDATE container SET total = ?, unread = ?, total_threads = ?, unread_threads = ?"
                " WHERE account_id = ? AND id = ?",
                *(*counts[4:], account_id, id),
            )
            self._objects.update(account_id, id, now=now, counts_only=True)
        return tuple(
            Miscount(row[0], counter, row[1 + place], row[5 + place])
            for row in wrong
            for place, counter in enumerate(_COUNTERS)
            if row[1 + place] != row[5 + place]
        )

    def _threads(self, account_id: int) -> int:
        """How many rows about threads were wrong, missing or too many."""
        wrong = self.wrong_threads(account_id)
        if wrong:
            self._session.later("DELETE FROM thread_count WHERE account_id = ?", account_id)
            self._session.later(
                "INSERT INTO thread_count(account_id, thread_id, container_id, emails, unread)"
                f" SELECT CAST(? AS BIGINT), c.thread_id, c.container_id, c.emails, c.unread FROM ({_COUNTED}) AS c",
                *(account_id, account_id),
            )
        return wrong
