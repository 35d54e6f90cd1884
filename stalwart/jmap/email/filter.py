"""Filters and sorts of Email/query in the words of the store (RFC 8621 4.4.1, 4.4.2).

The lists that clients page through, a mailbox or all mail by time of receipt, are walks along an index: ``plain_list``
tells them from searches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from attrs import frozen

from stalwart.jmap.email.data_type import TEXT_CONDITIONS
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.collation import ascii_numeric
from stalwart.jmap.standard.filters import EVERYTHING, Filter, Operation, Operator, Test, tests
from stalwart.jmap.standard.sorting import Criterion
from stalwart.store import Transaction
from stalwart.store.mail_rows import Combined, Condition, Shown, Sort, SortKey
from stalwart.store.mail_rows import Filter as MailFilter
from stalwart.store.mail_rows import Test as MailTest

T = TypeVar("T")

_NOTHING = -1
_TEXTS = ("from", "to", "subject")


class Finder(Protocol):
    """What answers the text conditions of one search."""

    def find(self, test: str, value: Any) -> frozenset[int]:
        """The e-mails that a text condition holds for, ``header`` with a list of one or two texts. Raises Invalid."""


class TextSearch(Protocol):
    """The service ``text_search``."""

    async def ready(self, account_id: int) -> None:
        """Wait, for a bounded time, until what has arrived is found."""

    async def search(
        self, account_id: int, conditions: Sequence[tuple[str, Any]], work: Callable[[Transaction, Any], T]
    ) -> T:
        """What ``work`` answers, with a ``Finder`` that knows all ``conditions``; after ``ready``, and in turn."""


@frozen
class PlainList:
    """E-mails of a mailbox, or all (None), by time of receipt; perhaps only unread or flagged ones."""

    mailbox: int | None
    shown: Shown | None
    ascending: bool


_SHOWN: Mapping[tuple[str, str], Shown] = {("notKeyword", "$seen"): "unread", ("hasKeyword", "$flagged"): "flagged"}


def plain_list(filter: Filter, sort: Iterable[Criterion]) -> PlainList | None:
    """The list that is asked for, None if it is a search."""
    criteria = tuple(sort)
    if len(criteria) > 1 or (criteria and criteria[0].name != "receivedAt"):
        return None
    mailbox: int | None = None
    shown: Shown | None = None
    for test in _all_of(filter):
        if test is None or not isinstance(test.value, str):
            return None
        narrowed = _SHOWN.get((test.name, test.value))
        if test.name == "inMailbox" and mailbox is None:
            mailbox = _number(test.value)
        elif narrowed is not None and shown is None:
            shown = narrowed
        else:
            return None
    return PlainList(mailbox, shown, bool(criteria) and criteria[0].is_ascending)


def _all_of(filter: Filter) -> Iterable[Test | None]:
    """What must hold, None for anything but a test."""
    if isinstance(filter, Test):
        yield filter
    elif filter.operator == "AND":
        for part in filter.parts:
            yield from _all_of(part)
    else:
        yield None


def text_conditions(filter: Filter) -> list[tuple[str, Any]]:
    """The conditions about text, with their values; with any, the filter needs a text search."""
    return [(test.name, test.value) for test in tests(filter) if test.name in TEXT_CONDITIONS]


def store_filter(filter: Filter, find: Callable[[str, Any], frozenset[int]]) -> MailFilter | None:
    """``filter`` for the store; ``find`` answers what text conditions are true of."""
    return None if filter == EVERYTHING else _translated(filter, find)


def _translated(filter: Filter, find: Callable[[str, Any], frozenset[int]]) -> MailFilter:
    if isinstance(filter, Operation):
        parts = [_translated(part, find) for part in filter.parts]
        lists = [part.value for part in parts if isinstance(part, Condition) and part.test == "among"]
        if len(lists) > 1:  # one list of e-mails is much cheaper to look into than many
            parts = [part for part in parts if not isinstance(part, Condition) or part.test != "among"]
            parts.append(Condition("among", _merged(filter.operator, lists)))
        return Combined(filter.operator, tuple(parts))
    if filter.name in TEXT_CONDITIONS:
        return Condition("among", find(filter.name, filter.value))
    name, value_of = _TESTS[filter.name]
    return Condition(name, value_of(filter.value))


def _merged(operator: Operator, sets: Sequence[Any]) -> frozenset[int]:
    first, *others = sets
    found: frozenset[int] = first.intersection(*others) if operator == "AND" else first.union(*others)
    return found


def store_sort(sort: Iterable[Criterion]) -> tuple[Sort, ...]:
    """``sort`` for the store; raises ``MethodError`` ``unsupportedSort``."""
    return tuple(map(_sort, sort))


def _sort(criterion: Criterion) -> Sort:
    if criterion.collate is ascii_numeric and criterion.name in _TEXTS:  # the store sorts by letters
        raise MethodError("unsupportedSort", f'Sorting by "{criterion.name}" does not know i;ascii-numeric.')
    return Sort(_SORTS[criterion.name], criterion.is_ascending, criterion.members.get("keyword", ""))


def _number(id: str) -> int:
    number = number_of(id)
    return _NOTHING if number is None else number


def _numbers(ids: Iterable[str]) -> frozenset[int]:
    return frozenset(map(_number, ids))


def _seconds(date: str) -> int:
    return int(datetime.fromisoformat(date).timestamp())


def _same(value: Any) -> Any:
    return value


_TESTS: Mapping[str, tuple[MailTest, Callable[[Any], Any]]] = {
    "inMailbox": ("in_mailbox", _number),
    "inMailboxOtherThan": ("in_mailbox_other_than", _numbers),
    "before": ("before", _seconds),
    "after": ("after", _seconds),
    "minSize": ("min_size", _same),
    "maxSize": ("max_size", _same),
    "allInThreadHaveKeyword": ("all_in_thread_have_keyword", _same),
    "someInThreadHaveKeyword": ("some_in_thread_have_keyword", _same),
    "noneInThreadHaveKeyword": ("none_in_thread_have_keyword", _same),
    "hasKeyword": ("has_keyword", _same),
    "notKeyword": ("not_keyword", _same),
    "hasAttachment": ("has_attachment", _same),
}
_SORTS: Mapping[str, SortKey] = {
    "receivedAt": "received_at",
    "size": "size",
    "from": "from",
    "to": "to",
    "subject": "subject",
    "sentAt": "sent_at",
    "hasKeyword": "has_keyword",
    "allInThreadHaveKeyword": "all_in_thread_have_keyword",
    "someInThreadHaveKeyword": "some_in_thread_have_keyword",
}
