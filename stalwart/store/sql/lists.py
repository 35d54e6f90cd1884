"""Statements over many values at once: the texts come in few lengths, so that prepared statements are found again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

from stalwart.store.sql.marks import LONGEST_INSERT, marks
from stalwart.store.sql.session import Session

T = TypeVar("T")

_LARGEST_ID = (1 << 63) - 1
_LONGEST_LIST = 512


def bounded(number: int) -> int:
    """The number that a database can hold and that is nearest; for ids, one that nothing has."""
    return max(-_LARGEST_ID, min(number, _LARGEST_ID))


def possible(ids: Iterable[int]) -> list[int]:
    """Each once, without those that nothing can have."""
    return [id for id in dict.fromkeys(ids) if 0 <= id <= _LARGEST_ID]


def in_lists(items: Sequence[T]) -> Iterator[tuple[str, list[T]]]:
    """The list that has to follow IN, and its values, as often as it takes for all ``items``."""
    for chunk in _chunks(items, _LONGEST_LIST):
        length = 1 << (len(chunk) - 1).bit_length()
        yield marks(length), [*chunk, *[chunk[0]] * (length - len(chunk))]


def select_in(session: Session, statement: str, *values: Any, ids: Iterable[int]) -> list[Any]:
    """The rows of ``statement``, which takes ``values`` and ends where the list of ``ids`` has to follow."""
    found: list[Any] = []
    for listed, chosen in in_lists(possible(ids)):
        found += session.all(f"{statement} {listed}", *values, *chosen)
    return found


def change_in(session: Session, statement: str, *values: Any, ids: Iterable[int]) -> None:
    """Run ``statement``, which changes rows, takes ``values`` and ends where the list of ``ids`` has to follow."""
    for listed, chosen in in_lists(list(ids)):
        session.later(f"{statement} {listed}", *values, *chosen)


def insert_new(session: Session, insert: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Add ``rows`` by ``insert``, which ends before VALUES, but for those that are there; answers how many were
    not.
    """
    return sum(
        session.changed(
            f"{insert} VALUES {marks(len(chunk[0]), len(chunk))} ON CONFLICT DO NOTHING",
            *chain.from_iterable(chunk),
        )
        for chunk in _chunks(rows, LONGEST_INSERT)
    )


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
