"""The full text of mail over one session: queue and documents; the index itself is that of the database."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence

from stalwart.codec.search_document import UnreadableDocument, columns, unpack
from stalwart.codec.search_terms import Unit
from stalwart.store.mail_text import IndexedText
from stalwart.store.sql.lists import in_lists, select_in
from stalwart.store.sql.mail_words_fts5 import Fts5Words
from stalwart.store.sql.mail_words_tsvector import TsvectorWords
from stalwart.store.sql.session import Session

_WORDS: dict[str, type[Fts5Words | TsvectorWords]] = {"sqlite": Fts5Words, "postgresql": TsvectorWords}
"""The index of words of each dialect."""


class SqlMailText:
    """``store.mail_text.MailText`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._words = _WORDS[session.dialect.name](session)

    def queue(self, account_id: int, email_id: int) -> None:
        queue_text(self._session, account_id, email_id)

    def queue_account(self, account_id: int, after: int = -1, limit: int = 5000) -> int | None:
        last, count = self._session.one(
            "SELECT MAX(id), COUNT(*) FROM (SELECT id FROM email WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?)"
            " AS part",
            *(account_id, after, limit),
        )
        if not count:
            return None
        self._session.later(
            "INSERT INTO mail_text_queue(account_id, email_id) SELECT account_id, id FROM email"
            " WHERE account_id = ? AND id > ? AND id <= ? ON CONFLICT DO NOTHING",
            *(account_id, after, last),
        )
        return int(last) if count == limit else None

    def waiting(self, account_id: int | None = None) -> int:
        if account_id is None:
            return int(self._session.one("SELECT COUNT(*) FROM mail_text_queue")[0])
        found = self._session.one("SELECT COUNT(*) FROM mail_text_queue WHERE account_id = ?", account_id)
        return int(found[0])

    def next_waiting(self, after: int, limit: int, accounts: int = 50) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        seen: set[int] = set()
        for _ in range(accounts):
            account = self._account_above(after)
            if account is None and after >= 0:
                account = self._account_above(-1)
            if account is None or account in seen or len(found) >= limit:
                break
            seen.add(account)
            found += self.waiting_of(account, limit - len(found))
            after = account
        return found

    def waiting_of(self, account_id: int, limit: int) -> list[tuple[int, int]]:
        found = self._session.all(
            "SELECT email_id FROM mail_text_queue WHERE account_id = ? ORDER BY email_id DESC LIMIT ?",
            *(account_id, limit),
        )
        return [(account_id, id) for (id,) in found]

    def index(self, texts: Iterable[tuple[int, int, IndexedText]]) -> int:
        given = {(account_id, email_id): text for account_id, email_id, text in texts}
        there: list[tuple[int, int]] = []
        for account_id, ids in _by_account(given):
            taken = self._take(account_id, ids)
            self._remove(account_id, taken)
            found = select_in(
                self._session, "SELECT id FROM email WHERE account_id = ? AND id IN", account_id, ids=taken
            )
            there += sorted((account_id, id) for (id,) in found)
        for account_id, email_id in there:
            text = given[account_id, email_id]
            self._session.later(
                "INSERT INTO mail_text(account_id, email_id, document) VALUES (?, ?, ?)",
                *(account_id, email_id, text.document),
            )
            self._words.add(account_id, email_id, text.words)
        return len(there)

    def forget(self, emails: Iterable[tuple[int, int]]) -> int:
        return sum(self._remove(account_id, self._take(account_id, ids)) for account_id, ids in _by_account(emails))

    def forget_account(self, account_id: int, limit: int) -> int:
        found = self._session.all(
            "SELECT email_id FROM mail_text WHERE account_id = ? ORDER BY email_id LIMIT ?", account_id, limit
        )
        self._remove(account_id, [id for (id,) in found])
        return len(found)

    def accounts(self, after: int, limit: int) -> list[int]:
        found: list[int] = []
        while len(found) < limit:
            row = self._session.one("SELECT MIN(account_id) FROM mail_text WHERE account_id > ?", after)
            if row[0] is None:
                break
            after = row[0]
            found.append(after)
        return found

    def match(self, account_id: int, units: Sequence[Unit], columns: Collection[str] = ()) -> frozenset[int]:
        return self._words.match(account_id, units, columns)

    def documents(self, account_id: int, ids: Iterable[int]) -> dict[int, bytes]:
        return dict(
            select_in(
                self._session,
                "SELECT email_id, document FROM mail_text WHERE account_id = ? AND email_id IN",
                account_id,
                ids=ids,
            )
        )

    def form(self) -> str | None:
        found = self._session.one("SELECT form FROM mail_text_form")
        return found[0] if found else None

    def reset(self, form: str) -> None:
        self._words.clear()
        self._session.later("DELETE FROM mail_text")
        self._session.later("DELETE FROM mail_text_queue")
        self._session.later("INSERT INTO mail_text_queue(account_id, email_id) SELECT account_id, id FROM email")
        self._session.later("DELETE FROM mail_text_form")
        self._session.later("INSERT INTO mail_text_form(form) VALUES (?)", form)

    def _account_above(self, after: int) -> int | None:
        found = self._session.one("SELECT MIN(account_id) FROM mail_text_queue WHERE account_id > ?", after)
        return None if found[0] is None else int(found[0])

    def _take(self, account_id: int, ids: Sequence[int]) -> list[int]:
        """Out of the queue; those that were in it."""
        statement = "DELETE FROM mail_text_queue WHERE account_id = ? AND email_id IN {} RETURNING email_id"
        taken: list[int] = []
        for marks, chosen in in_lists(ids):
            taken += (id for (id,) in self._session.all(statement.format(marks), account_id, *chosen))
        return sorted(taken)

    def _remove(self, account_id: int, ids: Sequence[int]) -> int:
        """What is indexed of these; how many were."""
        removed = 0
        for marks, chosen in in_lists(ids):
            statement = (
                f"DELETE FROM mail_text WHERE account_id = ? AND email_id IN {marks} RETURNING email_id, document"
            )
            for email_id, document in self._session.all(statement, account_id, *chosen):
                removed += 1
                # of one that cannot be read the words stay in the index, of an id that is never used again
                with contextlib.suppress(UnreadableDocument):
                    self._words.remove(account_id, email_id, columns(unpack(document)))
        return removed


def _by_account(emails: Iterable[tuple[int, int]]) -> Iterator[tuple[int, list[int]]]:
    for account_id, found in itertools.groupby(sorted(emails), key=lambda each: each[0]):
        yield account_id, [email_id for _, email_id in found]


def queue_text(session: Session, account_id: int, email_id: int) -> None:
    """Have an e-mail looked at again."""
    session.later(
        "INSERT INTO mail_text_queue(account_id, email_id) VALUES (?, ?) ON CONFLICT DO NOTHING", account_id, email_id
    )
