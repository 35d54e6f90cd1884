"""calendar-query: the events of a calendar that a filter means (RFC 4791 7.8, spec/dav.md 5.2).

What asks for a kind and a time only is answered by what is kept beside the events; others are read, page by page, and
only where the time does not rule them out.
"""

from __future__ import annotations

from attrs import define, field

from stalwart.codec.caldav.described_zones import described_zone
from stalwart.codec.caldav.filter import Filter, compiled
from stalwart.codec.caldav.selection import stored
from stalwart.codec.caldav.time_index import TimeQuestion
from stalwart.codec.dav.calendar_reports import CalendarQuery
from stalwart.codec.dav.errors import UnmetCondition
from stalwart.codec.dav.names import name
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.zones import named_zone
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.asking import Asking
from stalwart.dav.contents import Given
from stalwart.dav.declaring import report
from stalwart.dav.events import EventRows, TooManyInstances
from stalwart.dav.inbox import query_inbox
from stalwart.dav.searching import Begun, Search, bounds, may_query
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Content, Member
from stalwart.web.answers import Answer, EventStream

_ZONE = name("A:valid-timezone")


@report(CalendarQuery)
async def calendar_query(asking: Asking, asked: CalendarQuery) -> Answer | EventStream:
    """What was asked for of the events that the filter means."""
    if asking.target.service == "itip":
        return await query_inbox(asking, asked)
    may_query(asking, CALENDARS)
    truncation, kept = await bounds(asking, asked.limit)
    rows = EventRows(asking, asked.request or PropertyRequest("prop"))
    return await _Search(asking, rows, truncation, kept, compiled(asked.filter), _zone_asked(asked)).answer()


def _zone_asked(asked: CalendarQuery) -> Zone | None:
    """The zone that the query gives; None if it is silent. Raises UnmetCondition."""
    zone = None
    if asked.timezone_id is not None:
        zone = named_zone(asked.timezone_id)
    elif asked.timezone is not None:
        zone = described_zone(asked.timezone)
    else:
        return None
    if zone is None:
        raise UnmetCondition(_ZONE, "The time zone of the query is not known.")
    return zone


@define
class _Search(Search):
    """The events that can be meant, then those that are."""

    filter: Filter
    zone: Zone | None
    _sure: dict[int, bool] = field(factory=dict, init=False)

    def begin(self, tx: Transaction, found: Resource) -> Begun:
        """See ``Search``."""
        if self.zone is None:
            self.zone = calendar_zone(tx, found.account_id, found.inside, self.asking.viewer.account_id)
        return self.paged(tx, found, self._candidates(tx, found, self.zone))

    def _candidates(self, tx: Transaction, found: Resource, zone: Zone) -> list[Member]:
        """The members that the filter can mean, by name; ``_sure`` are those that are in its time range."""
        question = TimeQuestion(self.filter.hint, zone)
        start, end = question.rows
        members = []
        for member, span, _ in tx.collections.spans(found.account_id, found.inside, start=start, end=end):
            met = question.meets(span.kind, span.first_at, span.last_at, span.periods)
            if met is not False:
                self._sure[member.item_id] = met is True
                members.append(member)
        members.sort(key=lambda member: member.segment)
        return found.discretion.members(members)

    def page(self, tx: Transaction, found: Resource, members: list[Member]) -> list[bytes]:
        """See ``Search``."""
        is_read = self.rows.wants_octets or not all(self._is_known(member) for member in members)
        contents: list[Given] = [(member, None) for member in members]
        if is_read:
            ids = [member.item_id for member in members]
            read = tx.collections.item_contents(found.account_id, found.inside, ids)
            if found.discretion.guards:
                seen = self.asking.seen
                read = [each._replace(octets=seen(tx, found, each.member.item_id, each.octets)) for each in read]
            contents = [(each.member, each.octets) for each in read if self._is_meant(each)]
            contents.sort(key=lambda each: each[0].segment)
        if found.discretion.guards:
            sizes = {each.item_id: each for each in self.asking.listed(tx, found, [member for member, _ in contents])}
            contents = [(sizes[member.item_id], octets) for member, octets in contents]
        allowed = self.truncation.take(len(contents))
        try:
            written = self.rows.written(tx, found, contents[:allowed], self.zone or UTC)
        except TooManyInstances as error:
            self.is_over = True
            return error.written
        if allowed < len(contents):
            self.is_over = True
            written.append(self.truncation.told())
        return written

    def _is_known(self, member: Member) -> bool:
        return self.filter.is_hint_all and self._sure[member.item_id]

    def _is_meant(self, content: Content) -> bool:
        if self._is_known(content.member):
            return True
        limit = self.asking.tools.settings.of(Calendar).max_recurrence_expansions
        try:
            calendar = stored(content.octets)
        except MalformedCalendar:
            return False
        is_sure = self._sure[content.member.item_id]
        return self.filter.matches(calendar, self.zone or UTC, limit=limit, is_in_range=is_sure)
