"""What a work has read and need not ask for again: it is forgotten as soon as anything is written to its table."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")

_TABLE: Final = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")


class Recall:
    """Belongs to one work in one transaction, in which nobody else writes."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Hashable, Any]] = {}

    def get(self, tables: str, key: Hashable, ask: Callable[[], T]) -> T:
        """What ``ask`` answers, or has answered: it reads these ``tables`` alone, one or two with a blank between them.
        ``key`` begins with what is read of them.
        """
        known, second = self._of(tables)
        if key not in known or (second is not None and key not in second):
            answer = ask()
            self.put(tables, key, answer)
            return answer
        found: T = known[key]
        return found

    def find(self, table: str, key: Hashable) -> Any:
        """What was put down or asked for under this key; None for nothing."""
        return self._known.get(table, {}).get(key)

    def put(self, tables: str, key: Hashable, answer: Any) -> None:
        """Something was read together with something else."""
        for known in self._of(tables):
            if known is not None:
                known[key] = answer

    def forget(self, table: str, *keys: Hashable) -> None:
        """Only what these say of a table has become something else."""
        known = self._known.get(table, {})
        for key in keys:
            known.pop(key, None)

    def written(self, statement: str) -> None:
        """``statement`` is run."""
        if self._known:
            self._known.pop(table_of(statement), None)

    def counted(self, statement: str) -> None:
        """Only counters in the table are written by ``statement``, which few want to know."""
        if self._known:
            self._known.pop(f"{table_of(statement)}#", None)

    def clear(self) -> None:
        """Begin anew."""
        if self._known:
            self._known = {}

    def _of(self, tables: str) -> tuple[dict[Hashable, Any], dict[Hashable, Any] | None]:
        first, _, second = tables.partition(" ")
        known = self._known.setdefault(first, {})
        return known, self._known.setdefault(second, {}) if second else None


@functools.lru_cache(4096)
def reads(statement: str) -> bool:
    """Whether what a change writes depends on more than the rows that it changes, as they are."""
    return "SELECT" in statement or " FROM " in statement.removeprefix("DELETE FROM ")


@functools.lru_cache(4096)
def table_of(statement: str) -> str:
    """The table that a statement changes; empty for one that changes none."""
    found = _TABLE.match(statement)
    return found[1] if found else ""
