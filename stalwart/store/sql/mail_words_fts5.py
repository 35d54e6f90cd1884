"""The index of words in SQLite's FTS5: an inverted index without the texts, whose rows are accounts and e-mails in one.

Each word begins with a sign of its account, so that a search never touches the words of others, however many there are
that begin alike. Words come from ``codec.search_terms`` and hold nothing that means something to FTS5; they are quoted
all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from stalwart.codec.search_document import COLUMNS
from stalwart.codec.search_terms import Row, Unit
from stalwart.errors import Invalid
from stalwart.store.sql.session import Session
from stalwart.store.sql.word_signs import LARGEST_ACCOUNT, sign_of, signed

_BITS = 32
_NAMES = ", ".join(COLUMNS)
_MARKS = ", ".join("?" * (len(COLUMNS) + 1))
_IDS = msgspec.json.Decoder(frozenset[int])


class Fts5Words:
    """The table ``mail_words``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, account_id: int, email_id: int, words: Sequence[str]) -> None:
        """Index an e-mail that is not in the index."""
        self._session.later(
            f"INSERT INTO mail_words(rowid, {_NAMES}) VALUES ({_MARKS})",
            *(_key(account_id, email_id), *signed(account_id, words)),
        )

    def remove(self, account_id: int, email_id: int, words: Sequence[str]) -> None:
        """Remove an e-mail with the words that it was added with."""
        self._session.later(
            f"INSERT INTO mail_words(mail_words, rowid, {_NAMES}) VALUES ('delete', {_MARKS})",
            *(_key(account_id, email_id), *signed(account_id, words)),
        )

    def match(self, account_id: int, units: Sequence[Unit], columns: Collection[str]) -> frozenset[int]:
        """See ``store.mail_text``."""
        if not 0 <= account_id < LARGEST_ACCOUNT:
            return frozenset()
        expression = _expression(sign_of(account_id), units, columns)
        (found,) = self._session.one(  # as one value: a row for each is three times the work
            f"SELECT json_group_array(rowid & {(1 << _BITS) - 1}) FROM mail_words WHERE mail_words MATCH ?", expression
        )
        return _IDS.decode(found)

    def clear(self) -> None:
        """Remove everything."""
        self._session.later("INSERT INTO mail_words(mail_words) VALUES ('delete-all')")


def _key(account_id: int, email_id: int) -> int:
    if not 0 <= account_id < LARGEST_ACCOUNT or not 0 <= email_id < 1 << _BITS:
        raise Invalid("The number of the account or of the e-mail is too large for the full-text index.")
    return (account_id << _BITS) + email_id


def _expression(sign: str, units: Sequence[Unit], columns: Collection[str]) -> str:
    text = " AND ".join(f"({' OR '.join(_row(sign, row) for row in unit)})" for unit in units)
    return f"{{{' '.join(columns)}}} : ({text})" if columns else text


def _row(sign: str, row: Row) -> str:
    words = " ".join(sign + word for word in row.words).replace('"', "")
    return f'"{words}" *' if row.begins else f'"{words}"'
