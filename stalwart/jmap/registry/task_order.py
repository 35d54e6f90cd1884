"""The order of x:Task/query where the client asks for none: failed tasks first, then by the time when they run.

Newest first among those that are alike. The index lists equal values in the direction of the sort, so the groups at
both ends of a page are listed by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from attrs import frozen

from stalwart.config import index
from stalwart.config.operation.task import Task
from stalwart.store import Term, Transaction
from stalwart.store.rows import Comparison

_TYPE = "Task"


@frozen
class TaskOrder:
    """``window.Results`` of the tasks for which all ``terms`` hold. A task that has failed is due never."""

    tx: Transaction
    terms: Sequence[Term]

    def count(self) -> int:
        """How many there are."""
        return self.tx.registry.count_matching(_TYPE, self.terms)

    def place(self, id: int) -> int | None:
        """Where ``id`` stands among them, None if it is not there."""
        row = self.tx.registry.get(_TYPE, id)
        if row is None:
            return None
        due = row.data.get("due")
        within = self.tx.registry.position(_TYPE, [*self.terms, *due_term("=", due)], id)
        if within is None or due is None:
            return within
        return self._count("=", None) + self._count("<", due) + within

    def page(self, offset: int, limit: int) -> list[int]:
        """At most ``limit`` of them from ``offset`` on."""
        failed = self._count("=", None)
        found = self._alike(None, offset, limit) if offset < failed else []
        if len(found) < limit:
            found += self._by_time(max(0, offset - failed), limit - len(found))
        return found

    def _by_time(self, offset: int, limit: int) -> list[int]:
        found: list[int] = []
        for due, group in self._groups(offset, limit):
            if not found:
                found += self._alike(due, offset - self._count("<", due), len(group))
            elif offset + len(found) + len(group) < offset + limit:
                found += reversed(group)
            else:
                found += self._alike(due, 0, len(group))
        return found

    def _groups(self, offset: int, limit: int) -> list[tuple[Any, list[int]]]:
        """A page by time with the ids of each moment, oldest first."""
        terms = [*self.terms, *due_term(">=", "1970-01-01T00:00:00Z")]
        ids = self.tx.registry.search(_TYPE, terms, sort="due", descending=False, offset=offset, limit=limit)
        rows = self.tx.registry.many(_TYPE, ids)
        return [(due, list(group)) for due, group in groupby(ids, lambda id: rows[id].data["due"])]

    def _alike(self, due: Any, offset: int, limit: int) -> list[int]:
        terms = [*self.terms, *due_term("=", due)]
        return self.tx.registry.search(_TYPE, terms, offset=offset, limit=limit)

    def _count(self, comparison: Comparison, due: Any) -> int:
        return self.tx.registry.count_matching(_TYPE, [*self.terms, *due_term(comparison, due)])


def due_term(comparison: Comparison, due: Any) -> list[Term]:
    """Tasks that run before, at or after a moment (wire form); None is those that have failed."""
    return index.term(Task, "due", comparison, due)
