"""Events as reports give them: with the part of their data that was asked for, in the order of the request.

Rows are written by templates; data given whole are never parsed. What is asked of instances is bounded for the report:
an event with more of them than are left is answered with 507 by itself, the others in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import define, evolve, field

from stalwart.codec.caldav.selection import MOST_OCTETS, is_whole, select
from stalwart.codec.dav.multistatus import empty, status_response
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import href
from stalwart.codec.dav.property_request import CALENDAR_DATA, PropertyRequest
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.asking import Asking
from stalwart.dav.contents import CutShort, Given, responses_with
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction

_MOST_LEFT_OUT: Final = 10
"""Events with too many instances, after which a report ends: each was reckoned for nothing."""


class TooManyInstances(CutShort):
    """The report gives as many instances of recurring events as it may."""


@define
class EventRows:
    """Writes the events of one report. ``instances`` is how many it has made of recurring ones."""

    asking: Asking
    wanted: PropertyRequest
    instances: int = 0
    _octets: int = field(default=0, init=False)
    _left_out: int = field(default=0, init=False)
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
        left_out: dict[int, bytes] = {}
        for number, (member, found) in enumerate(contents):
            selected, is_cut = self._selected(found, zone or UTC)
            if not is_cut:
                given.append((member, selected))
                continue
            self._left_out += 1
            if self.instances >= self._limit or self._left_out > _MOST_LEFT_OUT:
                written = self._responses(tx, above, given, left_out)
                raise TooManyInstances([*written, self._told(self.asking.target.href())])
            path = href(above.kind.service, above.home.address, *above.segments, member.segment, collection=False)
            left_out[number] = self._told(path)
        return self._responses(tx, above, given, left_out)

    def _responses(
        self, tx: Transaction, above: Resource, given: list[Given], left_out: dict[int, bytes]
    ) -> list[bytes]:
        """The responses of what is given, with those of what is not where it would be."""
        responses = responses_with(tx, self.asking, above, self._given, given)
        for number, told in left_out.items():
            responses.insert(number, told)
        return responses

    def _told(self, path: str) -> bytes:
        condition = empty(name("D:number-of-matches-within-limits"))
        text = f"The number of recurrence instances exceeds the limit of {self._limit}"
        return status_response(path, 507, condition, text)

    def _selected(self, octets: bytes | None, zone: Zone) -> tuple[bytes | None, bool]:
        """What is given of an event, and whether that is not all."""
        wanted = self.wanted.calendar_data
        if octets is None or wanted is None or self._is_whole:
            return octets, False
        if wanted.expand is None:
            return select(octets, wanted, zone, limit=self._limit).octets, False
        left, most = self._limit - self.instances, MOST_OCTETS - self._octets
        selected = select(octets, wanted, zone, limit=left, most_octets=most)
        if not selected.is_cut:
            self.instances += selected.instances
            self._octets += len(selected.octets) if selected.instances else 0
        return selected.octets, selected.is_cut
