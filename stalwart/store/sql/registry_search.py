"""Searches in the index of settings objects (JMAP ``/query``: settings A.6, RFC 8620 5.5).

A search walks one range of an index and tests each id that it meets against the other terms. Which range, is
decided by counting how many rows the candidates have, up to a limit: a rare word leads, a broad one is only
tested. Statements are put together from fixed pieces; what callers give is always a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from stalwart.store.rows import Term
from stalwart.store.sql.session import Session

_NO_LIMIT = (1 << 63) - 1
_MANY = 1000  # from so many rows on, walking in the order of the sort beats sorting
_EQUAL = "{0}.property = ? AND {0}.value = ?"
_NO_MORE = "{0}.property = ? AND {0}.value {1} ? AND {0}.value > ''"
_SORT_VALUE = "(SELECT s.value FROM registry_index AS s WHERE s.type = ? AND s.id = {0}.id AND s.property = ?)"


@frozen
class _Matching:
    """FROM and WHERE that find ``f.id``, with their values, and by which expression to sort before the id."""

    text: str
    values: tuple[Any, ...]
    sort_key: str | None = None
    sort_values: tuple[Any, ...] = ()


class RegistrySearch:
    """Reads ``registry_index``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ids(
        self, type: str, terms: Sequence[Term], sort: str | None, descending: bool, offset: int, limit: int | None
    ) -> list[int]:
        """The ids that match, in order."""
        found = self._matching(type, terms, sort)
        direction = "DESC" if descending else "ASC"
        order = ", ".join(f"{key} {direction}" for key in (found.sort_key, "f.id") if key)
        rows = self._session.all(
            f"SELECT f.id {found.text} ORDER BY {order} LIMIT ? OFFSET ?",
            *(*found.values, *found.sort_values, _NO_LIMIT if limit is None else limit, offset),
        )
        return [id for (id,) in rows]

    def count(self, type: str, terms: Sequence[Term]) -> int:
        """How many match."""
        found = self._matching(type, terms, None)
        return int(self._session.one(f"SELECT COUNT(*) {found.text}", *found.values)[0])

    def position(self, type: str, terms: Sequence[Term], id: int, sort: str | None, descending: bool) -> int | None:
        """How many match before ``id``; None if it does not match itself."""
        found = self._matching(type, terms, sort)
        operator = ">" if descending else "<"
        before = f"f.id {operator} a.id"
        anchor_values: tuple[Any, ...] = ()
        if found.sort_key:
            before = f"({found.sort_key}, f.id) {operator} ({_SORT_VALUE.format('a')}, a.id)"
            anchor_values = (type, sort)
        here, here_values = _tested(type, terms, "a")
        row = self._session.one(
            f"SELECT (SELECT COUNT(*) {found.text} AND {before})"
            f" FROM registry AS a WHERE a.type = ? AND a.id = ?{here}",
            *(*found.values, *found.sort_values, *anchor_values, type, id, *here_values),
        )
        return row[0] if row else None

    def _matching(self, type: str, terms: Sequence[Term], sort: str | None) -> _Matching:
        leading = self._leading(type, terms, sort)
        if leading is not None:
            return _led_by(leading, type, [term for term in terms if term is not leading], sort)
        if sort is not None:
            return _in_order(type, terms, sort)
        return _Matching("FROM registry AS f WHERE f.type = ?", (type,))

    def _leading(self, type: str, terms: Sequence[Term], sort: str | None) -> Term | None:
        """The term whose range to walk; None to walk in the order of the sort."""
        equal = [term for term in terms if term.comparison == "="]
        if sort is None and len(equal) <= 1:
            return next(iter([*equal, *terms]), None)
        if not equal:
            return None
        rows = self._rows(type, equal)
        fewest = min(range(len(equal)), key=rows.__getitem__)
        return equal[fewest] if sort is None or rows[fewest] < _MANY else None

    def _rows(self, type: str, terms: Sequence[Term]) -> Sequence[int]:
        """How many rows each term has, at most ``_MANY``."""
        piece = "SELECT 1 FROM registry_index AS f WHERE f.type = ? AND " + _EQUAL.format("f")
        counts = ", ".join([f"(SELECT COUNT(*) FROM ({piece} LIMIT {_MANY}) AS r)"] * len(terms))
        values = [value for term in terms for value in (type, term.property, term.value)]
        found: Sequence[int] = self._session.one(f"SELECT {counts}", *values)
        return found


def _led_by(leading: Term, type: str, others: Sequence[Term], sort: str | None) -> _Matching:
    walked = f"registry_index AS f WHERE f.type = ? AND {_condition(leading, 'f')}"
    if leading.comparison != "=":  # an object may have several values there; + keeps SQLite from another index
        walked = f"(SELECT DISTINCT +f.id AS id FROM {walked}) AS f WHERE TRUE"
    tests, values = _tested(type, others, "f")
    return _Matching(
        f"FROM {walked}{tests}",
        (type, leading.property, leading.value, *values),
        sort_key=_SORT_VALUE.format("f") if sort else None,
        sort_values=(type, sort) if sort else (),
    )


def _in_order(type: str, terms: Sequence[Term], sort: str) -> _Matching:
    """Walks the values of the sort; terms about them narrow the walk."""
    own = [term for term in terms if term.property == sort]
    narrowed = "".join(f" AND {_condition(term, 'f')}" for term in own)
    tests, values = _tested(type, [term for term in terms if term.property != sort], "f")
    return _Matching(
        f"FROM registry_index AS f WHERE f.type = ? AND f.property = ?{narrowed}{tests}",
        (type, sort, *_values(own), *values),
        sort_key="f.value",
    )


def _tested(type: str, terms: Sequence[Term], alias: str) -> tuple[str, tuple[Any, ...]]:
    """Conditions that every one of ``terms`` holds for the id of ``alias``."""
    text = "".join(
        f" AND EXISTS (SELECT 1 FROM registry_index AS t WHERE t.type = ? AND t.id = {alias}.id"
        f" AND {_condition(term, 't')})"
        for term in terms
    )
    return text, tuple(value for term in terms for value in (type, term.property, term.value))


def _condition(term: Term, alias: str) -> str:
    return _EQUAL.format(alias) if term.comparison == "=" else _NO_MORE.format(alias, term.comparison)


def _values(terms: Sequence[Term]) -> tuple[str, ...]:
    return tuple(value for term in terms for value in (term.property, term.value))
