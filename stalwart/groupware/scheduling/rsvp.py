"""Answers to invitations by a link (spec/dav.md 8.8): what it carries, what it shows, and recording the answer.

A link is for one guest of one event. It is sealed, so that nobody can make or read one, and works until it expires or
the event is gone; a change of password does not end it. The answer changes the organizer's copy, and nobody is told
besides: Schedule-Tag stays as it is (RFC 6638 3.2.10).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from attrs import evolve, frozen

from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.itip import replying
from stalwart.codec.sealing import Sealer
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.errors import Invalid, Unavailable
from stalwart.groupware.calendar_objects import CalendarObjects, Examined
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Level, Resource, locate
from stalwart.groupware.viewers import Viewer
from stalwart.store import Store, Transaction

T = TypeVar("T")

ANSWERS: Final = ("ACCEPTED", "DECLINED", "TENTATIVE", "COMPLETED", "IN-PROCESS")
"""What can be answered; the last two to tasks."""
MAILED: Final = ("ACCEPTED", "DECLINED", "TENTATIVE")
"""Those that mail has links for."""
PATH: Final = "/calendar/rsvp"
LONGEST_LINK: Final = 10 * 366 * 86_400
"""Seconds that a link works at most, whatever is set."""
_CONTEXT = "rsvp"
_LONGEST = 4096
_TRIES = 5
_BUSY = "The event is being changed by others; please try again."


class _Sealed(msgspec.Struct, array_like=True, frozen=True):
    """What a link carries."""

    account_id: int
    attendee: str
    event: int | str
    """Its number, or its UID."""
    issued_at: int
    expires_at: int


class Problem(Enum):
    """Why a link leads to nothing."""

    MALFORMED = "malformed"
    """It is none of ours, or too old, or that is no answer."""
    GONE = "gone"
    """There is no such event any more."""
    STRANGER = "stranger"
    """The event has no such guest any more."""


class NoAnswer(Exception):
    """The link leads to nothing."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@frozen
class Asked:
    """What a link is about. ``calendar`` is as the guest may have it, ``answer`` what he has said: PARTSTAT in upper
    case.
    """

    attendee: str
    calendar: Component
    kind: str
    answer: str

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be answered to it."""
        return ANSWERS if self.kind == "VTODO" else MAILED


@frozen
class _Found:
    sealed: _Sealed
    resource: Resource
    octets: bytes


class Rsvp:
    """Makes links and takes answers. The service ``rsvp``; ``base_url`` is empty where nobody knows the host's name."""

    def __init__(
        self, store: Store, settings: Any, sealer: Sealer, objects: CalendarObjects, base_url: str, clock: Any
    ) -> None:
        self._store = store
        self._settings = settings
        self._sealer = sealer
        self._objects = objects
        self._base_url = base_url
        self._clock = clock

    @property
    def is_enabled(self) -> bool:
        """Whether answers are taken by links."""
        rules = self._settings.of(CalendarScheduling)
        return bool(rules.enable and rules.http_rsvp_enable)

    def links_for(self, account_id: int, event: int | str, attendee: str) -> dict[str, str] | None:
        """The links for one guest of the event that an organizer's account keeps, by answer; None where there is no
        page. ``event`` is its number, or its UID as long as it is not written yet.
        """
        rules = self._settings.of(CalendarScheduling)
        base = rules.http_rsvp_url or (f"{self._base_url}{PATH}" if self._base_url else "")
        if not base or not self.is_enabled:
            return None
        now = int(self._clock.seconds())
        until = now + min(rules.http_rsvp_link_expiry // 1000, LONGEST_LINK)
        sealed = _Sealed(account_id, attendee.lower(), event, now, until)
        token = self._sealer.seal(_CONTEXT, msgspec.json.encode(sealed))
        begun = f"{base}{'&' if '?' in base else '?'}"
        return {answer: begun + urlencode({"i": token, "m": answer}) for answer in MAILED}

    async def look(self, token: str) -> Asked:
        """What a link is about. Raises NoAnswer."""
        sealed = self._opened(token)
        found = await self._store.read(partial(_found, sealed=sealed))
        return await self._aside(partial(self._asked, found))

    async def _aside(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a thread: it reads objects."""
        return await self._store.blob_work(lambda files: work())

    async def record(self, token: str, answer: str) -> Asked:
        """Record an answer; what is known then. Raises NoAnswer, Unavailable and what writing objects raises."""
        answer = answer.upper()
        if answer not in ANSWERS:
            raise NoAnswer(Problem.MALFORMED)
        sealed = self._opened(token)
        for _ in range(_TRIES):
            found = await self._store.read(partial(_found, sealed=sealed))
            examined = await self._aside(partial(self._answered, found, answer))
            if examined is None:
                return await self._aside(partial(self._asked, found))
            if await self._store.write(partial(self._keep, found=found, examined=examined)):
                kept = evolve(found, octets=examined.octets)
                return await self._aside(partial(self._asked, kept))
        raise Unavailable(_BUSY)

    def _opened(self, token: str) -> _Sealed:
        raw = self._sealer.open(_CONTEXT, token, longest=_LONGEST) if self.is_enabled else None
        if raw is None:
            raise NoAnswer(Problem.MALFORMED)
        sealed = msgspec.json.decode(raw, type=_Sealed)
        if sealed.expires_at <= self._clock.seconds():
            raise NoAnswer(Problem.MALFORMED)
        return sealed

    def _read(self, found: _Found) -> Component:
        try:
            longest = max(self._largest, len(found.octets))
            (calendar,) = read_calendars(found.octets, max_octets=longest, is_lenient=True)
        except (MalformedCalendar, ValueError):
            raise NoAnswer(Problem.GONE) from None
        return calendar

    @property
    def _largest(self) -> int:
        size: int = self._settings.of(Calendar).max_i_calendar_size
        return size

    def _asked(self, found: _Found) -> Asked:
        attendee = found.sealed.attendee
        calendar = replying.seen_by(self._read(found), attendee, int(self._clock.seconds()))
        present = replying.current_answer(calendar, attendee) if calendar is not None else None
        if calendar is None or present is None:
            raise NoAnswer(Problem.STRANGER)
        is_task = any(each.name == "VTODO" for each in calendar.components)
        return Asked(attendee, calendar, "VTODO" if is_task else "VEVENT", present.upper())

    def _answered(self, found: _Found, answer: str) -> Examined | None:
        """The object with the answer; None if that is what it says already."""
        now = int(self._clock.seconds())
        try:
            answered = replying.answer(self._read(found), found.sealed.attendee, answer, now)
        except Invalid:
            raise NoAnswer(Problem.MALFORMED) from None
        if answered is None:
            raise NoAnswer(Problem.STRANGER)
        if not answered.is_changed:
            return None
        return self._objects.examined_anew(answered.calendar, now)

    def _keep(self, tx: Transaction, found: _Found, examined: Examined) -> bool:
        """Write it, unless somebody else has written meanwhile."""
        present = _found(tx, found.sealed)
        if present.octets != found.octets:
            return False
        now = int(self._clock.seconds())
        account_id = found.sealed.account_id
        self._objects.put(tx, present.resource, examined, user_id=account_id, now=now, is_silent=True)
        return True


def _found(tx: Transaction, sealed: _Sealed) -> _Found:
    """The event as it is. Raises NoAnswer."""
    account_id = sealed.account_id
    if isinstance(sealed.event, int):
        places = tx.collections.places(account_id, sealed.event)
    else:
        places = tx.collections.by_uid(account_id, CALENDARS.item_type, sealed.event)
    place = next((each for each in places if not each.is_collection and each.type == CALENDARS.item_type), None)
    octets = tx.collections.octets(account_id, place.item_id) if place is not None else None
    above = tx.collections.path(account_id, place.collection_id) if place is not None else None
    if place is None or octets is None or above is None:
        raise NoAnswer(Problem.GONE)
    home = Home(account_id, "")
    resource = locate(tx, Viewer(account_id), CALENDARS, home, (*above, place.segment))
    if resource.level is not Level.ITEM:
        raise NoAnswer(Problem.GONE)
    return _Found(sealed, resource, octets)
