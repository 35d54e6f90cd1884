"""The index of words in PostgreSQL's TSVECTOR: a row for each column of an e-mail, or several where it is long.

Positions end at 16,383 and vectors at 1 MiB, so a long text is cut into pieces; each begins with the last words of the
one before it, so that words which follow one another are found across the cut. Words begin with the sign of their
account; they come from ``codec.search_terms`` and are quoted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from stalwart.codec.search_document import COLUMNS
from stalwart.codec.search_terms import Row, Unit
from stalwart.errors import Invalid
from stalwart.store.sql.session import Session
from stalwart.store.sql.word_signs import LARGEST_ACCOUNT, sign_of, signed

PIECE = 8000
"""Words of a piece."""
SHARED = 50
"""Words that a piece has in common with the next one."""
_LONGEST = 500
_QUOTED = str.maketrans({"'": "''", "\\": "\\\\"})


class TsvectorWords:
    """The table ``mail_words``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, account_id: int, email_id: int, words: Sequence[str]) -> None:
        """Index an e-mail that is not in the index."""
        for part, vector in parts(account_id, words):
            self._session.later(
                "INSERT INTO mail_words(account_id, email_id, part, words) VALUES (?, ?, ?, CAST(? AS TSVECTOR))",
                *(account_id, email_id, part, vector),
            )

    def remove(self, account_id: int, email_id: int, words: Sequence[str]) -> None:
        """Remove an e-mail."""
        self._session.later("DELETE FROM mail_words WHERE account_id = ? AND email_id = ?", account_id, email_id)

    def match(self, account_id: int, units: Sequence[Unit], columns: Collection[str]) -> frozenset[int]:
        """See ``store.mail_text``."""
        if not 0 <= account_id < LARGEST_ACCOUNT:
            return frozenset()
        sign, found = sign_of(account_id), list[frozenset[int]]()
        for unit in units:
            narrowed = f" AND split_part(part, '/', 1) IN ({', '.join('?' * len(columns))})" if columns else ""
            rows = self._session.all(
                f"SELECT email_id FROM mail_words WHERE words @@ CAST(? AS TSQUERY) AND account_id = ?{narrowed}",
                *(" | ".join(_row(sign, row) for row in unit), account_id, *columns),
            )
            found.append(frozenset(id for (id,) in rows))
            if not found[-1]:
                break
        return frozenset.intersection(*found) if found else frozenset()

    def clear(self) -> None:
        """Remove everything."""
        self._session.later("DELETE FROM mail_words")


def parts(account_id: int, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The rows of an e-mail: what part each is, and its vector as text."""
    if not 0 <= account_id < LARGEST_ACCOUNT:
        raise Invalid("The number of the account is too large for the full-text index.")
    for column, text in zip(COLUMNS, signed(account_id, words), strict=True):
        for number, vector in enumerate(_vectors(text)):
            yield f"{column}/{number}" if number else column, vector


def _vectors(text: str) -> Iterator[str]:
    """What TSVECTOR reads, piece by piece."""
    words = text.split()
    for start in range(0, len(words), PIECE):
        places: dict[str, list[str]] = {}
        for place, word in enumerate(words[start : start + PIECE + SHARED], 1):
            places.setdefault(word[:_LONGEST], []).append(str(place))
        yield " ".join(f"{_quoted(word)}:{','.join(at[:255])}" for word, at in places.items())


def _row(sign: str, row: Row) -> str:
    *before, last = [_quoted((sign + word)[:_LONGEST]) for word in row.words]
    return f"({' <-> '.join((*before, f'{last}:*' if row.begins else last))})"


def _quoted(word: str) -> str:
    return f"'{word.translate(_QUOTED)}'"
