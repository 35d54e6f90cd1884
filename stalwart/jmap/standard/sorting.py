"""Sorting of queries (RFC 8620 5.5): comparators against what a type declares, and the order they make.

Null comes before everything, false before true; texts go by their collation; the id decides last, so that the order is
always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import field, frozen

from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.collation import Key, collation
from stalwart.jmap.standard.scalars import PropertyType, Unfit

Row = tuple[int, Mapping[str, Any]]
"""An object: its number and its wire form."""


@frozen
class Sort:
    """A property that results can be sorted by.

    ``key(object, members)`` gives the value to compare, None where the type's own source sorts; ``members`` are further
    members of the Comparator, all required; ``on`` and ``calculable`` are as in ``filters.Condition``.
    """

    key: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] | None = None
    on: tuple[str, ...] = ()
    calculable: bool = True
    members: Mapping[str, PropertyType] = field(factory=dict)

    @classmethod
    def by(cls, name: str) -> Sort:
        """Sorting by the value of the property ``name``."""
        return cls(lambda object, members: object[name], (name,))


@frozen
class Criterion:
    """A Comparator that was read: ``name`` of the declared ``sort``, ``collate`` is the key for texts."""

    name: str
    sort: Sort
    is_ascending: bool
    collate: Key
    members: Mapping[str, Any]


def read_sort(comparators: Iterable[Comparator], sorts: Mapping[str, Sort]) -> tuple[Criterion, ...]:
    """Raises ``MethodError`` ``unsupportedSort``, ``invalidArguments``."""
    return tuple(_criterion(each, sorts) for each in comparators)


def _criterion(comparator: Comparator, sorts: Mapping[str, Sort]) -> Criterion:
    name = comparator.property
    sort = sorts.get(name)
    if sort is None:
        raise MethodError("unsupportedSort", f'Results cannot be sorted by "{name[:255]}".')
    members = {}
    for member, type in sort.members.items():
        try:
            members[member] = type.read(comparator.members.get(member))
        except Unfit as problem:
            text = f'The member "{member}" of the comparator for "{name}" {problem.rule}.'
            raise MethodError("invalidArguments", text) from None
    return Criterion(name, sort, comparator.is_ascending, collation(comparator.collation), members)


def ordered(rows: Iterable[Row], criteria: Iterable[Criterion]) -> list[Row]:
    """The rows in order; every criterion must have a key."""
    found = sorted(rows, key=lambda row: row[0])
    for criterion in reversed(tuple(criteria)):
        found.sort(key=_key(criterion), reverse=not criterion.is_ascending)
    return found


def _key(criterion: Criterion) -> Callable[[Row], tuple[bool, Any]]:
    value_of, collate, members = criterion.sort.key, criterion.collate, criterion.members
    assert value_of is not None, criterion.name

    def key(row: Row) -> tuple[bool, Any]:
        value = value_of(row[1], members)
        return (value is not None, collate(value) if isinstance(value, str) else value)

    return key
