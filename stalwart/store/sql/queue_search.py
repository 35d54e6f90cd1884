"""Searches in the queue for those who look after it; one statement, put together from fixed pieces.

What is asked for by text walks all letters, in the order of the result, until the page is full.
"""

from __future__ import annotations

from typing import Any

from stalwart.store.queue_rows import LetterSearch
from stalwart.store.sql.found import Found, literal
from stalwart.store.sql.session import Session

_COMPARISONS = frozenset(("=", "<", "<=", ">", ">="))
_TO = "EXISTS (SELECT 1 FROM queue_recipient AS r WHERE r.letter_id = l.id AND LOWER(r.address) LIKE ? ESCAPE '!')"
_FROM = "LOWER(l.return_path) LIKE ? ESCAPE '!'"
_QUEUE = "EXISTS (SELECT 1 FROM queue_recipient AS r WHERE r.letter_id = l.id AND r.queue = ?)"


class LetterFinder:
    """Reads ``queue_letter``, letters in the order of their due, then of their ids."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def search(self, search: LetterSearch, *, descending: bool, offset: int, limit: int) -> list[int]:
        """See ``store.queue``."""
        return self._found(search).ids(descending, offset, limit)

    def count(self, search: LetterSearch) -> int:
        """See ``store.queue``."""
        return self._found(search).count()

    def position(self, search: LetterSearch, id: int, *, descending: bool) -> int | None:
        """See ``store.queue``."""
        return self._found(search).position(id, descending)

    def _found(self, search: LetterSearch) -> Found:
        where, values = _where(search)
        return Found(self._session, "queue_letter AS l", where, tuple(values), ("due", "id"))


def _where(search: LetterSearch) -> tuple[str, list[Any]]:
    parts: list[str] = ["TRUE"]
    values: list[Any] = []
    for word in search.text:
        parts.append(f"({_FROM} OR {_TO})")
        values += [_pattern(word)] * 2
    for word in search.to:
        parts.append(_TO)
        values.append(_pattern(word))
    if search.return_path is not None:
        parts.append("LOWER(l.return_path) = ?")
        values.append(search.return_path.lower())
    if search.queue is not None:
        parts.append(_QUEUE)
        values.append(search.queue)
    for comparison, moment in search.due:
        assert comparison in _COMPARISONS
        parts.append(f"l.due {comparison} ?")
        values.append(moment)
    if search.tenant_id is not None:
        parts.append("l.tenant_id = ?")
        values.append(search.tenant_id)
    return " AND ".join(parts), values


def _pattern(word: str) -> str:
    """What contains the word, however it is written."""
    return f"\x25{literal(word).lower()}\x25"
