"""Figures over time and traces: rows whose ids grow with time, found by ranges of ids.

What is searched for walks one index from one end; nothing is read but what the page shows. Words of traces are found
by LIKE over at most as many traces as are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stalwart.store.rows import MetricSample, MetricSearch, TraceRow, TraceSearch
from stalwart.store.sql.found import Found, literal
from stalwart.store.sql.lists import insert_new, select_in
from stalwart.store.sql.session import Session

_SAMPLE = "id, metric, kind, count, sum"
_TRACE = "id, sender, recipients, size, kinds, words, events"


class SqlMetricSamples:
    """``store.MetricSamples`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, samples: Sequence[MetricSample]) -> None:
        rows = [(each.id, each.metric, each.kind, each.count, each.sum) for each in samples]
        insert_new(self._session, f"INSERT INTO metric_sample({_SAMPLE})", rows)

    def many(self, ids: Iterable[int]) -> dict[int, MetricSample]:
        wanted = list(ids)
        rows = select_in(self._session, f"SELECT {_SAMPLE} FROM metric_sample WHERE id IN", ids=wanted)
        return _in_order(wanted, {row[0]: MetricSample(*row) for row in rows})

    def search(self, search: MetricSearch, *, descending: bool, offset: int, limit: int) -> list[int]:
        return self._found(search).ids(descending, offset, limit)

    def count(self, search: MetricSearch) -> int:
        return self._found(search).count()

    def position(self, search: MetricSearch, id: int, *, descending: bool) -> int | None:
        return self._found(search).position(id, descending)

    def trim(self, keep: int, before: int, limit: int) -> int:
        oldest_kept = _nth_newest(self._session, "metric_sample", keep)
        return _remove_below(self._session, "metric_sample", max(before, oldest_kept), limit)

    def _found(self, search: MetricSearch) -> Found:
        where = "id >= ? AND id <= ?"
        values: list[Any] = [search.first, search.last]
        for column, wanted in (("metric", search.metric), ("kind", search.kind)):
            if wanted is not None:
                where += f" AND {column} = ?"
                values.append(wanted)
        order = ("metric", "id") if search.by_metric else ("id",)
        return Found(self._session, "metric_sample", where, tuple(values), order)


class SqlTraces:
    """``store.Traces`` on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, trace: TraceRow) -> None:
        self._session.later(
            f"INSERT INTO trace({_TRACE}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " sender = excluded.sender, recipients = excluded.recipients, size = excluded.size,"
            " kinds = excluded.kinds, words = excluded.words, events = excluded.events",
            *(trace.id, trace.sender, trace.recipients, trace.size, trace.kinds, trace.words, trace.events),
        )

    def many(self, ids: Iterable[int]) -> dict[int, TraceRow]:
        wanted = list(ids)
        rows = select_in(self._session, f"SELECT {_TRACE} FROM trace WHERE id IN", ids=wanted)
        return _in_order(wanted, {row[0]: TraceRow(*row) for row in rows})

    def search(self, search: TraceSearch, *, descending: bool, offset: int, limit: int) -> list[int]:
        return self._found(search).ids(descending, offset, limit)

    def count(self, search: TraceSearch) -> int:
        return self._found(search).count()

    def position(self, search: TraceSearch, id: int, *, descending: bool) -> int | None:
        return self._found(search).position(id, descending)

    def trim(self, keep: int, limit: int) -> int:
        return _remove_below(self._session, "trace", _nth_newest(self._session, "trace", keep), limit)

    def _found(self, search: TraceSearch) -> Found:
        where = "id >= ? AND id <= ?"
        values: list[Any] = [search.first, search.last]
        patterns = [("kinds", f" {kind} ") for kind in search.kinds] + [("words", text) for text in search.texts]
        for column, text in patterns:
            where += f" AND {column} LIKE ? ESCAPE '!'"
            values.append(f"%{literal(text)}%")
        return Found(self._session, "trace", where, tuple(values))


def _nth_newest(session: Session, table: str, keep: int) -> int:
    """The id of the last row among the newest ``keep`` ones; 0 if there are not so many."""
    row = session.one(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1 OFFSET ?", max(0, keep - 1))
    return int(row[0]) if row else 0


def _remove_below(session: Session, table: str, id: int, limit: int) -> int:
    """Remove the oldest rows below ``id``, at most ``limit``."""
    return session.changed(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE id < ? ORDER BY id LIMIT ?)", id, limit
    )


def _in_order(ids: Iterable[int], rows: dict[int, Any]) -> dict[int, Any]:
    return {id: rows[id] for id in ids if id in rows}
