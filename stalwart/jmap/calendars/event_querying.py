"""CalendarEvent/query (jmap.md 16.2): which events match, or which of their instances, and in which order.

When they are is known from the index of spans, without reading any event; only instances are reckoned from what is
kept, as many as ``x:Calendar.maxRecurrenceExpansions`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Any, Final

from stalwart.codec.caldav.filter import Hint
from stalwart.codec.caldav.selection import stored
from stalwart.codec.caldav.time_index import TimeQuestion, kind_of
from stalwart.codec.icalendar.discretion import PRIVATE, SECRET
from stalwart.codec.icalendar.instances import Instance, instances
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.spans import BEGINNING, END
from stalwart.codec.icalendar.time_ranges import meets
from stalwart.codec.icalendar.timezones import Zone
from stalwart.codec.icalendar.values import DAY
from stalwart.codec.search_terms import fold
from stalwart.config.collaboration.calendar import Calendar
from stalwart.groupware.guarded_events import is_one_of
from stalwart.groupware.kinds import CALENDARS
from stalwart.jmap.calendars.event_conditions import (
    PEOPLE,
    TEXTS,
    Predicate,
    bare,
    combined,
    has_person,
    is_about_text,
    needed,
    told_by,
)
from stalwart.jmap.calendars.event_ids import base_of, instance_number
from stalwart.jmap.calendars.event_order import Sorting
from stalwart.jmap.calendars.event_sight import EventSight
from stalwart.jmap.calendars.event_view import zone_argument
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.jmap.standard.filters import Test, tests
from stalwart.jmap.standard.source import Query
from stalwart.store.collection_rows import Span
from stalwart.store.store import Transaction

LONGEST: Final = 366 * DAY
"""The longest range that is expanded: 365 days, and an hour or so where clocks change."""
_KINDS: Final = frozenset({"VEVENT", "VTODO"})
_RECURS: Final = (b"RRULE", b"RDATE", b"RECURRENCE-ID", b"rrule", b"rdate", b"recurrence-id")
_PAGE: Final = 200
_MOST_OCTETS: Final = 64 << 20
_MOST_EXPANDED: Final = 8 << 20
"""Octets of events that one query reads, and of those whose instances it reckons."""
_MOST_LOOKS: Final = 50
"""Texts that are looked for in what is indexed of all events."""


def expands(asking: Asking) -> bool:
    """Whether a query is about single instances."""
    return ArgumentReader(asking.rest).flag("expandRecurrences")


class EventSearch:
    """One query in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, query: Query, sight: EventSight) -> None:
        """Raises ``MethodError``."""
        self._tx = tx
        self._asking = asking
        self._account_id = asking.account_id
        self._query = query
        self._sight = sight
        self._zone: Zone = zone_argument(ArgumentReader(asking.rest))
        self._rows: dict[int, Span] = {}
        self._starts: dict[int, int] = {}
        self._octets = self._expanded_octets = 0
        self._limit: int = asking.services["settings"].of(Calendar).max_recurrence_expansions
        if len({test for test in tests(query.filter) if is_about_text(test)}) > _MOST_LOOKS:
            raise MethodError("unsupportedFilter", f"A filter looks for at most {_MOST_LOOKS} different texts.")

    def results(self) -> list[int]:
        """The numbers of all events that match, in order. Raises ``MethodError``."""
        self._load(*self._rows_range())
        self._leave_out_secrets()
        matches = combined(self._query.filter, self._test)
        found = [id for id in self._rows if matches(id)]
        self._starts = {id: self._rows[id].first_at for id in found}
        return self._sorted(found)

    def instances(self) -> list[int]:
        """The numbers of all instances that match, and of events that have none, in order. Raises ``MethodError``."""
        conditions = bare(self._query.filter)
        given = {test.name: test.value for test in conditions or ()}
        if conditions is None or len(given) < len(conditions) or not {"after", "before"} <= given.keys():
            text = "Instances are listed between after and before, with one filter condition without operators."
            raise MethodError("invalidArguments", text)
        start, end = self._zone.utc(given["after"]), self._zone.utc(given["before"])
        if end - start > LONGEST:
            raise MethodError("expandDurationTooLarge", "Instances are listed for a year at most.")
        question = TimeQuestion(Hint(_KINDS, start, end), self._zone)
        self._load(*question.rows)
        self._leave_out_secrets()
        others = [test for test in conditions if test.name not in ("after", "before") and not is_about_text(test)]
        matches = [self._test(test) for test in others]
        wanted = [id for id, row in self._rows.items() if all(each(id) for each in matches) and _met(question, row)]
        texts = [test for test in conditions if is_about_text(test)]
        found: list[int] = []
        for id, octets in self._contents(wanted):
            found += self._expanded(id, octets, start, end, texts)
            if len(found) > self._limit:
                text = f"There are more than {self._limit} instances; ask for a shorter time."
                raise MethodError("invalidArguments", text)
        return self._sorted(found)

    def _expanded(self, id: int, octets: bytes, start: int, end: int, texts: list[Test]) -> Iterator[int]:
        """The instances of an event in a time range; the event itself where it has none."""
        is_plain = not any(each in octets for each in _RECURS)
        row = self._rows[id]
        if texts and id in self._private:
            return
        if is_plain and not texts and row.periods is None and not _floats(row):
            self._starts[id] = row.first_at
            yield id
            return
        self._expanded_octets += len(octets)
        if self._expanded_octets > _MOST_EXPANDED:
            raise MethodError("cannotCalculateOccurrences", "There is too much that recurs; ask for a shorter time.")
        try:
            calendar = stored(octets)
        except MalformedCalendar:
            return
        expansion = instances(calendar, zone_for_floating=self._zone, since=start, limit=self._limit + 1)
        for each in expansion:
            if not meets(expansion, each, start, end) or not all(told_by(each.component, test) for test in texts):
                continue
            number = id if is_plain else _number(id, each)
            self._starts[number] = each.start
            yield number
        if is_plain and not expansion.instances and all(told_by(each, t) for each in expansion.undated for t in texts):
            self._starts[id] = END
            yield id

    def _contents(self, ids: Collection[int]) -> Iterator[tuple[int, bytes]]:
        listed = list(ids)
        for begin in range(0, len(listed), _PAGE):
            page = listed[begin : begin + _PAGE]
            found = self._tx.collections.octets_of(self._account_id, page)
            self._octets += sum(map(len, found.values()))
            if self._octets > _MOST_OCTETS:
                raise MethodError("requestTooLarge", "That is more than one query reads; look for fewer events.")
            seen = self._sight.discretion.seen
            yield from ((id, seen(id, found[id], self._is_me)) for id in page if id in found)

    def _load(self, start: int | None, end: int | None) -> None:
        """The rows of the index that can match, each object once."""
        collections = set(self._sight.rights)
        for test in needed(self._query.filter):
            if test.name == "inCalendar":
                number = number_of(test.value)
                collections = {number} & collections if number is not None else set()
        every = self._sight.is_own and len(collections) == len(self._sight.rights)
        for calendar in (None,) if every else sorted(collections):
            for member, span, _ in self._tx.collections.spans(self._account_id, calendar, start=start, end=end):
                if kind_of(span.kind) in _KINDS:
                    self._rows[member.item_id] = span
                    self._calendars.setdefault(member.item_id, set()).add(member.collection_id)

    def _leave_out_secrets(self) -> None:
        """What of an account that is not his own somebody does not see, and what he sees no texts of."""
        if self._sight.is_own:
            return
        for id, how in self._sight.discretion.guards.items():
            if how == SECRET:
                self._rows.pop(id, None)
            elif how == PRIVATE:
                self._private.add(id)

    @cached_property
    def _texts(self) -> dict[Test, set[int]]:
        """What has the texts that were looked for."""
        return {}

    @cached_property
    def _is_me(self) -> Callable[[str], bool]:
        """Whether an address is one of who asks."""
        return is_one_of(self._tx, self._asking.services["homes"], self._sight.viewer)

    @cached_property
    def _private(self) -> set[int]:
        return set()

    @cached_property
    def _calendars(self) -> dict[int, set[int]]:
        """Where each object is, as far as that was looked at."""
        return {}

    def _rows_range(self) -> tuple[int | None, int | None]:
        """Between which times events have to be, by the conditions that must hold."""
        after = before = None
        for test in needed(self._query.filter):
            if test.name == "after":
                after = max(test.value, after) if after is not None else test.value
            elif test.name == "before":
                before = min(test.value, before) if before is not None else test.value
        if after is None and before is None:
            return None, None
        question = self._question(after, before)
        return question.rows

    def _question(self, after: int | None, before: int | None) -> TimeQuestion:
        start = BEGINNING if after is None else self._zone.utc(after)
        end = END if before is None else self._zone.utc(before)
        return TimeQuestion(Hint(_KINDS, start, end), self._zone)

    def _test(self, test: Test) -> Predicate:
        """A condition as a function of numbers."""
        if test.name in ("after", "before"):
            return self._in_time(test)
        if test.name == "inCalendar":
            number = number_of(test.value)
            return lambda id: number in self._calendars[id]
        if test.name == "uid":
            members = self._tx.collections.by_uid(self._account_id, CALENDARS.item_type, test.value)
            holders = {each.item_id for each in members}
            return lambda id: id in holders
        if test not in self._texts:
            self._texts[test] = self._with_text(test) - self._private
        return self._texts[test].__contains__

    def _in_time(self, test: Test) -> Predicate:
        """``after`` and ``before`` that must hold both are asked of the same instance."""
        both = {each.name: each.value for each in needed(self._query.filter) if each.name in ("after", "before")}
        given = both if test.name in both and both[test.name] == test.value else {test.name: test.value}
        after, before = given.get("after"), given.get("before")
        question = self._question(after, before)
        start = BEGINNING if after is None else self._zone.utc(after)
        end = END if before is None else self._zone.utc(before)

        def is_met(id: int) -> bool:
            row = self._rows[id]
            known = question.meets(row.kind, row.first_at, row.last_at, row.periods)
            return self._is_read_met(id, start, end) if known is None else known

        return is_met

    def _is_read_met(self, id: int, start: int, end: int) -> bool:
        try:
            calendar = stored(self._tx.collections.octets(self._account_id, id) or b"")
        except MalformedCalendar:
            return False
        since = start if start > BEGINNING else None
        expansion = instances(calendar, zone_for_floating=self._zone, since=since, limit=self._limit)
        return expansion.is_truncated or any(meets(expansion, each, start, end) for each in expansion)

    def _with_text(self, test: Test) -> set[int]:
        """The objects that have a text, or people of that name."""
        wanted = fold(test.value)
        found: set[int] = set()
        collections = self._tx.collections
        calendars = {calendar for each in self._calendars.values() for calendar in each}
        for calendar in calendars:
            for name in TEXTS.get(test.name, ()):
                found |= collections.matching(self._account_id, calendar, name, [("*", wanted)], every=True)
            if test.name in PEOPLE:
                involved = collections.having(self._account_id, calendar, "organizer")
                involved |= collections.having(self._account_id, calendar, "attendee")
                found |= self._with_people(involved & self._rows.keys() - found, PEOPLE[test.name], wanted)
        return found

    def _with_people(self, ids: Collection[int], names: tuple[str, ...], wanted: str) -> set[int]:
        found = set()
        for id, octets in self._contents(ids):
            try:
                calendar = stored(octets)
            except MalformedCalendar:
                continue
            if any(has_person(each, names, wanted) for each in calendar.components):
                found.add(id)
        return found

    def _sorted(self, found: list[int]) -> list[int]:
        return Sorting(self._tx, self._account_id, self._starts).sorted(found, self._query.sort)


def _met(question: TimeQuestion, row: Span) -> bool:
    return question.meets(row.kind, row.first_at, row.last_at, row.periods) is not False


def _floats(row: Span) -> bool:
    return bool(row.kind & (8 | 16))


def _number(id: int, each: Instance) -> int:
    """The number of an instance, which is named by when the series has it."""
    local: Any = each.recurrence_local
    return id if local is None else instance_number(base_of(id), local)
