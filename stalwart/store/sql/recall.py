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

    def get(self, table: str, key: Hashable, ask: Callable[[], T]) -> T:
        """What ``ask`` answers, or has answered: it reads ``table`` alone. ``key`` says what of it."""
        known = self._known.setdefault(table, {})
        if key not in known:
            answer = ask()
            self._known.setdefault(table, {})[key] = answer
            return answer
        found: T = known[key]
        return found

    def find(self, table: str, key: Hashable) -> Any:
        """What was put down or asked for under this key; None for nothing."""
        return self._known.get(table, {}).get(key)

    def put(self, table: str, key: Hashable, answer: Any) -> None:
        """Something was read together with something else."""
        self._known.setdefault(table, {})[key] = answer

    def written(self, statement: str) -> None:
        """``statement`` is run."""
        if self._known:
            self._known.pop(table_of(statement), None)

    def clear(self) -> None:
        """Begin anew."""
        if self._known:
            self._known = {}


@functools.lru_cache(4096)
def table_of(statement: str) -> str:
    """The table that a statement changes; empty for one that changes none."""
    found = _TABLE.match(statement)
    return found[1] if found else ""
