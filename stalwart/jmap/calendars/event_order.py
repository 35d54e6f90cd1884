"""In which order events and instances are answered (draft-ietf-jmap-calendars 5.11): by when they start, by what they
are called, by when they were made and changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from stalwart.jmap.calendars.event_ids import base_of, recurrence_id_of
from stalwart.jmap.standard.sorting import Criterion
from stalwart.store.store import Transaction

_PAGE: Final = 500
_EVENT: Final = re.compile(rb"(?:\A|\n)BEGIN:(?:VEVENT|VTODO)\r?\n", re.I)
_STAMPS: Final[Mapping[str, tuple[re.Pattern[bytes], ...]]] = {
    "created": (re.compile(rb"\nCREATED[^:\r\n]*:([0-9TZ]+)", re.I),),
    "updated": (
        re.compile(rb"\nLAST-MODIFIED[^:\r\n]*:([0-9TZ]+)", re.I),
        re.compile(rb"\nDTSTAMP[^:\r\n]*:([0-9TZ]+)", re.I),
    ),
}
"""Where the times of objects stand, the first that is there."""
Key = Callable[[int], Any]


class Sorting:
    """Sorts the numbers of one query. ``starts`` says when each starts, in UTC seconds."""

    def __init__(self, tx: Transaction, account_id: int, starts: Mapping[int, int]) -> None:
        self._tx = tx
        self._account_id = account_id
        self._starts = starts

    def sorted(self, numbers: Iterable[int], criteria: Iterable[Criterion]) -> list[int]:
        """The numbers in order; where nothing is asked for, and where all is equal, by number."""
        found = sorted(numbers)
        for each in reversed(tuple(criteria)):
            found.sort(key=self._key(each, found), reverse=not each.is_ascending)
        return found

    def _key(self, by: Criterion, numbers: list[int]) -> Key:
        if by.name == "start":
            return self._starts.__getitem__
        if by.name == "recurrenceId":
            return lambda number: recurrence_id_of(number) or ""
        bases = list(dict.fromkeys(map(base_of, numbers)))
        known = self._uids(bases, by) if by.name == "uid" else self._stamps(bases, by.name)
        return lambda number: known[base_of(number)]

    def _uids(self, bases: list[int], by: Criterion) -> dict[int, Any]:
        rows = {id: self._tx.objects.get(self._account_id, id) for id in bases}
        return {id: by.collate((row.uid or "") if row is not None else "") for id, row in rows.items()}

    def _stamps(self, bases: list[int], name: str) -> dict[int, bytes]:
        found: dict[int, bytes] = dict.fromkeys(bases, b"")
        for begin in range(0, len(bases), _PAGE):
            contents = self._tx.collections.octets_of(self._account_id, bases[begin : begin + _PAGE])
            found |= {id: _stamp(octets, name) for id, octets in contents.items()}
        return found


def _stamp(octets: bytes, name: str) -> bytes:
    """A time of the first event of an object, as it is written; they sort as texts."""
    begin = _EVENT.search(octets)
    if begin is None:
        return b""
    for pattern in _STAMPS[name]:
        found = pattern.search(octets, begin.end() - 1)
        if found is not None:
            return found[1]
    return b""
