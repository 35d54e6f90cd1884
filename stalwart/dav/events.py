"""Events as reports give them: with the part of their data that was asked for, in the order of the request.

Rows are written by templates; data given whole are never parsed. What is asked of instances is bounded for the report.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field

from stalwart.codec.caldav.selection import is_whole, select
from stalwart.codec.dav.multistatus import empty, status_response
from stalwart.codec.dav.names import name
from stalwart.codec.dav.property_request import CALENDAR_DATA, PropertyRequest
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.asking import Asking
from stalwart.dav.contents import CutShort, Given, responses_with
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction


class TooManyInstances(CutShort):
    """The report gives more instances of recurring events than it may."""


@define
class EventRows:
    """Writes the events of one report. ``instances`` is how many it has made of recurring ones."""

    asking: Asking
    wanted: PropertyRequest
    instances: int = 0
    _given: PropertyRequest = field(init=False)
    _is_whole: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        # What is written is selected before, so that the property gives it as it is.
        self._given = evolve(self.wanted, calendar_data=None)
        self._is_whole = is_whole(self.wanted.calendar_data)

    @property
    def wants_octets(self) -> bool:
        """Whether the data of events are asked for."""
        return CALENDAR_DATA in self.wanted.names

    @property
    def _limit(self) -> int:
        return self.asking.tools.settings.of(Calendar).max_recurrence_expansions

    def written(
        self, tx: Transaction, above: Resource, contents: Iterable[Given], zone: Zone | None = None
    ) -> list[bytes]:
        """The responses of members of a calendar; without a ``zone`` floating times are in that of the calendar.
        Raises TooManyInstances.
        """
        if zone is None and not self._is_whole:
            zone = calendar_zone(tx, above.account_id, above.inside, self.asking.viewer.account_id)
        given: list[Given] = []
        for member, found in contents:
            selected = self._selected(found, zone or UTC)
            if self.instances > self._limit:
                responses = responses_with(tx, self.asking, above, self._given, given)
                raise TooManyInstances([*responses, self._told()])
            given.append((member, selected))
        return responses_with(tx, self.asking, above, self._given, given)

    def _told(self) -> bytes:
        condition = empty(name("D:number-of-matches-within-limits"))
        text = f"The number of recurrence instances exceeds the limit of {self._limit}"
        return status_response(self.asking.target.href(), 507, condition, text)

    def _selected(self, octets: bytes | None, zone: Zone) -> bytes | None:
        if octets is None or self._is_whole:
            return octets
        selected = select(octets, self.wanted.calendar_data, zone, limit=self._limit + 1)
        self.instances += selected.instances
        return selected.octets
