"""The full text of mail over one session: queue and documents; the index itself is that of the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from stalwart.codec.search_document import UnreadableDocument, columns, unpack
from stalwart.codec.search_terms import Unit
from stalwart.store.mail_text import IndexedText
from stalwart.store.sql.lists import select_in
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
        taken = 0
        for account_id, email_id, text in sorted(texts, key=lambda each: each[:2]):
            if not self._take(account_id, email_id):
                continue
            self._remove(account_id, email_id)
            if not self._is_there(account_id, email_id):
                continue
            self._session.later(
                "INSERT INTO mail_text(account_id, email_id, document) VALUES (?, ?, ?)",
                *(account_id, email_id, text.document),
            )
            self._words.add(account_id, email_id, text.words)
            taken += 1
        return taken

    def forget(self, emails: Iterable[tuple[int, int]]) -> int:
        return sum(
            self._take(account_id, email_id) and self._remove(account_id, email_id)
            for account_id, email_id in sorted(emails)
        )

    def forget_account(self, account_id: int, limit: int) -> int:
        found = self._session.all(
            "SELECT email_id FROM mail_text WHERE account_id = ? ORDER BY email_id LIMIT ?", account_id, limit
        )
        for (email_id,) in found:
            self._remove(account_id, email_id)
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

    def _take(self, account_id: int, email_id: int) -> bool:
        """Out of the queue; whether it was in it."""
        statement = "DELETE FROM mail_text_queue WHERE account_id = ? AND email_id = ?"
        return self._session.changed(statement, account_id, email_id) > 0

    def _is_there(self, account_id: int, email_id: int) -> bool:
        return bool(self._session.one("SELECT 1 FROM email WHERE account_id = ? AND id = ?", account_id, email_id))

    def _remove(self, account_id: int, email_id: int) -> bool:
        found = self._session.one(
            "DELETE FROM mail_text WHERE account_id = ? AND email_id = ? RETURNING document", account_id, email_id
        )
        if found is None:
            return False
        try:
            words = columns(unpack(found[0]))
        except UnreadableDocument:
            return True  # the words stay in the index, of an id that is never used again
        self._words.remove(account_id, email_id, words)
        return True


def queue_text(session: Session, account_id: int, email_id: int) -> None:
    """Have an e-mail looked at again."""
    session.later(
        "INSERT INTO mail_text_queue(account_id, email_id) VALUES (?, ?) ON CONFLICT DO NOTHING", account_id, email_id
    )
