"""Events, tasks and journal entries: what may be kept, and keeping it so that it comes back as it was sent
(RFC 4791 4.1, 5.3.2; spec/dav.md 4.6).

An object is examined before the transaction: read, judged, and its times reckoned. In the transaction it is compared
with what is there. Who keeps the scheduling of invitations is asked then (``Scheduler``) and may change what is
written. METHOD makes a message of an object; it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol
from zlib import crc32

from attrs import define, frozen

from stalwart.codec.caldav.time_index import TimeIndex, time_index
from stalwart.codec.icalendar.alarms import next_alarms
from stalwart.codec.icalendar.checking import (
    ObjectFacts,
    RefusedCalendarObject,
    check,
    impossible_rule,
    impossible_start,
)
from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.lines import MalformedCalendar, has_controls, without_controls
from stalwart.codec.icalendar.zones import named_zone
from stalwart.codec.search_terms import fold
from stalwart.config.collaboration.calendar import Calendar
from stalwart.errors import OverQuota
from stalwart.groupware.attachments import blobs_of, held_in, settled, written
from stalwart.groupware.event_notices import CREATED, DESTROYED, UPDATED, add_notice_of, by_account, notice_of
from stalwart.groupware.guarded_events import guard_values
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.own_alerts import BY_DEFAULT, may_use_defaults, was_written
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.traits import ATTACHMENTS, COMPONENTS, DRAFT, SCHEDULE_TAG
from stalwart.groupware.violations import Rule, Violation
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member, NewItem, Span

SMALL: Final = 16 * 1024
"""Objects up to this size, of one time, are examined in less than a thread would take to begin."""
_FEW: Final = 4
_ZONE_BEGIN, _ZONE_END, _TZID = b"BEGIN:VTIMEZONE", b"END:VTIMEZONE", re.compile(rb"\nTZID:([^\r\n]*)")
_RECURS: Final = (b"RRULE", b"RDATE", b"rrule", b"rdate", b"EXRULE")
_TOO_MANY: Final = "The account has as many events as it may have."
MOST_TOLD: Final = 1000
"""Objects of a calendar that is removed, about which people are told."""
_LONGEST_VALUE: Final = 1000
_MOST_ADDRESSES: Final = 100
_ORGANIZER: Final = "organizer"
_NOTHING: Final[Mapping[str, Any]] = {}


@frozen
class Examined:
    """A calendar object that may be kept: ``octets`` as they will be."""

    octets: bytes
    calendar: Component
    facts: ObjectFacts
    index: TimeIndex
    alarm_at: int | None
    """When the next alarm goes off."""
    wrong_rule: str | None = None
    """A recurrence rule that cannot be one; it is taken where it stands already."""
    wrong_start: str | None = None
    """A beginning that is no time; it is taken where it stands already."""


@define
class Writing:
    """An object that is about to be written, for who looks after its scheduling. ``before`` is what is there, None for
    a new one; ``data`` is what is kept beside it, to be changed in place.
    """

    found: Resource
    user_id: int
    before: bytes | None
    after: Examined
    data: dict[str, Any]
    now: int
    merges: bool = False
    """Whether answers that have come meanwhile are kept (RFC 6638 3.2.10)."""
    is_restored: bool = False
    """Whether it was deleted and comes back; people know it."""
    is_put_back: bool = False
    """Set where something is kept as it was, and not as it is written (RFC 6638 3.2.2.1)."""


class Scheduler(Protocol):
    """Sees each write and removal of objects in their transaction. It may raise Violation."""

    def writing(self, tx: Transaction, writing: Writing) -> Examined:
        """What is to be written instead, or the same."""

    def removing(
        self, tx: Transaction, found: Resource, member: Member, user_id: int, now: int, *, sends_reply: bool
    ) -> None:
        """An object, which is what was found or in it, goes, and people are to be told; an organizer only if
        ``sends_reply`` (RFC 6638 8.1).
        """

    def leaving(
        self, tx: Transaction, found: Resource, member: Member, to: int, user_id: int, now: int, *, sends_reply: bool
    ) -> None:
        """An object goes to the account ``to``. Nobody is told; what people would have to be told of stays."""


@frozen
class Kept:
    """What came of a write. ``octets`` are those that are kept now."""

    member: Member
    is_new: bool
    octets: bytes
    schedule_tag: int | None = None
    is_put_back: bool = False
    """See ``Writing``; who has written it should read it again."""


def is_small(octets: bytes) -> bool:
    """Whether an object can be examined where it is: nothing in it recurs but time zones that are known anyway. Others
    belong into a thread.
    """
    if len(octets) > SMALL:
        return False
    rest = octets
    begin = octets.find(_ZONE_BEGIN)
    if begin >= 0:
        end = octets.rfind(_ZONE_END)
        zones = _TZID.findall(octets, begin, end)
        if not 0 < len(zones) <= _FEW or any(named_zone(each.decode("ascii", "replace")) is None for each in zones):
            return False
        rest = octets[:begin] + octets[end:]
    return not any(each in rest for each in _RECURS)


class CalendarObjects:
    """Examines and writes calendar objects. ``scheduler`` is there where invitations are."""

    def __init__(self, settings: Any, quotas: Quotas, scheduler: Scheduler | None = None) -> None:
        self._settings = settings
        self._quotas = quotas
        self.scheduler = scheduler

    @property
    def largest(self) -> int:
        """How many octets an object may have."""
        size: int = self._settings.of(Calendar).max_i_calendar_size
        return size

    def examine(self, octets: bytes, now: int) -> Examined:
        """Read and judge an object; it is not known yet where it goes. Needs no transaction, may be called in any
        thread. Raises Violation.
        """
        limits = self._settings.of(Calendar)
        if len(octets) > limits.max_i_calendar_size:
            raise Violation(Rule.TOO_LARGE, limit=limits.max_i_calendar_size)
        try:
            if has_controls(octets):
                octets = without_controls(octets)
            calendars = read_calendars(octets, max_octets=limits.max_i_calendar_size, is_lenient=True)
            if len(calendars) != 1:
                raise MalformedCalendar("There has to be exactly one VCALENDAR.")
            (calendar,) = calendars
            facts = check(calendar)
        except RefusedCalendarObject as error:
            raise Violation(Rule.WRONG_OBJECT, error.detail) from error
        except MalformedCalendar as error:
            raise Violation(Rule.UNREADABLE, error.detail) from error
        if facts.method is not None:
            calendar.remove("METHOD")
            octets = calendar.octets()
        elif not _is_text(octets):
            octets = calendar.octets()
        return self._timed(octets, calendar, facts, limits.max_recurrence_expansions, now)

    def examined_anew(self, calendar: Component, now: int) -> Examined:
        """The same of an object that was changed here. Raises Violation."""
        return self.examine(calendar.octets(), now)

    def put(
        self,
        tx: Transaction,
        found: Resource,
        given: Examined,
        *,
        user_id: int,
        now: int,
        is_silent: bool = False,
        beside: Mapping[str, Any] = _NOTHING,
        merges: bool = False,
        is_first: bool = False,
    ) -> Kept:
        """Keep an object where ``found`` is, which was guarded before; what is there in the same octets stays as it
        is. With ``is_silent`` nobody is invited; ``beside`` is then put to what is kept beside it, but for what is
        None, which goes. ``merges`` is as in ``Writing``; with ``is_first`` people hear of it for the first time,
        though it was there before. Raises Violation, OverQuota.
        """
        account_id, member = found.account_id, found.member
        before: bytes | None = None
        data: dict[str, Any] = {}
        if member is not None:
            row = tx.objects.get(account_id, member.item_id)
            data = dict(row.data or {}) if row is not None else {}
            before = tx.collections.octets(account_id, member.item_id)
            if before == given.octets and not is_first:
                return Kept(member, False, given.octets, data.get(SCHEDULE_TAG))
            if row is not None and row.uid is not None and row.uid != given.facts.uid:
                raise Violation(Rule.UID_TAKEN, holder=(found.place, found.name))
        if _is_new(given.wrong_start, before):
            raise Violation(Rule.WRONG_START, "DTSTART of an event is a date, or a date and a time.")
        if _is_new(given.wrong_rule, before):
            raise Violation(Rule.WRONG_RULE, "A recurrence rule has a FREQ, and COUNT and INTERVAL of 1 at least.")
        self._check_place(tx, found, given)
        writing = Writing(found, user_id, None if is_first else before, given, data, now, merges)
        held = blobs_of(held_in(data))
        if not is_silent and (is_first or DRAFT not in data):
            self._schedule(tx, writing)
        writing.data.update(beside)
        kept = self._keep(tx, writing, held)
        if not found.is_own:
            self._tell_owner(tx, found.account_id, kept.member.item_id, (before, kept.octets), user_id, now)
        return kept

    def bring_back(
        self,
        tx: Transaction,
        found: Resource,
        given: Examined,
        data: Mapping[str, Any],
        *,
        user_id: int,
        now: int,
        is_silent: bool = False,
    ) -> Kept:
        """Keep an object that was deleted where ``found`` is, with what was kept beside it; nothing is there. Unless it
        ``is_silent``, people are told as of a new one. Raises Violation, OverQuota.
        """
        self._check_place(tx, found, given)
        writing = Writing(found, user_id, None, given, dict(data), now, is_restored=True)
        if not is_silent:
            self._schedule(tx, writing)
        return self._keep(tx, writing, {})

    def _schedule(self, tx: Transaction, writing: Writing) -> None:
        """Have people be told, and what is written be changed accordingly. Raises Violation."""
        if self.scheduler is not None and (writing.after.facts.is_scheduling or SCHEDULE_TAG in writing.data):
            writing.after = self.scheduler.writing(tx, writing)

    def _keep(self, tx: Transaction, writing: Writing, held: Mapping[bytes, int]) -> Kept:
        """Write it. ``held`` are the blobs that were held for it, with their sizes. Raises OverQuota."""
        found, given, data, now = writing.found, writing.after, writing.data, writing.now
        account_id, member = found.account_id, found.member
        data[ATTACHMENTS] = written(settled(tx, account_id, given.calendar, held_in(data), now))
        data = {name: value for name, value in data.items() if value is not None}
        item = item_of(given, data)
        more = len(given.octets) - (member.size if member is not None else 0) + item.size - sum(held.values())
        self._quotas.check(tx, account_id, more)
        kept, is_new = tx.collections.put(account_id, found.place, found.name, item, now=now)
        for hash in held.keys() - set(item.held):
            tx.blobs.unlink(account_id, kept.item_id, now, hash)
        was_written(tx, account_id, kept.item_id, given.octets, now)
        return Kept(kept, is_new, given.octets, data.get(SCHEDULE_TAG), writing.is_put_back)

    def withdraw(self, tx: Transaction, found: Resource, *, user_id: int, now: int, sends_reply: bool = True) -> None:
        """Have people be told that an object goes, or a calendar with what is to come in it; called before that.
        Raises Violation.
        """
        if self.scheduler is not None:
            for each in _going(tx, found, now):
                self.scheduler.removing(tx, found, each, user_id, now, sends_reply=sends_reply)
        self.note_going(tx, found, user_id=user_id, now=now)

    def note_going(self, tx: Transaction, found: Resource, *, user_id: int, now: int) -> None:
        """The owner of a calendar hears that somebody else deletes an object; nobody else is told."""
        member = found.member
        if found.is_own or found.kind is not CALENDARS or member is None or member.is_collection:
            return
        if len(tx.collections.places(found.account_id, member.item_id)) < 2:
            octets = tx.collections.octets(found.account_id, member.item_id)
            self._tell_owner(tx, found.account_id, member.item_id, (octets, None), user_id, now)

    def note_leaving(
        self, tx: Transaction, source: Resource, to: Resource, *, moves: bool, user_id: int, now: int
    ) -> bytes | None:
        """The same before an object is copied or moved, of what goes; answers what the owner of ``to`` had, if that is
        to be another one and not gone: it had the same UID.
        """
        if source.kind is not CALENDARS or source.level is not Level.ITEM:
            return None
        if moves and source.account_id != to.account_id:
            self.note_going(tx, source, user_id=user_id, now=now)
        if to.member is None or (source.account_id == to.account_id and to.member.item_id == _item_id(source)):
            return None
        if _uid(tx, to.account_id, to.member) == _uid(tx, source.account_id, source.member):
            return tx.collections.octets(to.account_id, to.member.item_id)
        self.note_going(tx, to, user_id=user_id, now=now)
        return None

    def note_arriving(
        self, tx: Transaction, to: Resource, member: Member, before: bytes | None, *, user_id: int, now: int
    ) -> None:
        """The owner of a calendar hears that somebody else has copied or moved an object to it from another account, in
        place of what was there ``before``; one that is only in another of his calendars is nothing new.
        """
        if to.is_own or to.kind is not CALENDARS or member.is_collection:
            return
        octets = tx.collections.octets(to.account_id, member.item_id)
        self._tell_owner(tx, to.account_id, member.item_id, (before, octets), user_id, now)

    def _tell_owner(
        self,
        tx: Transaction,
        account_id: int,
        item_id: int,
        change: tuple[bytes | None, bytes | None],
        user_id: int,
        now: int,
    ) -> None:
        """Somebody else has made another object of one, which may be new or gone."""
        before, after = change
        row = tx.objects.get(account_id, item_id)
        is_draft = row is not None and DRAFT in (row.data or {})
        what = CREATED if before is None else DESTROYED if after is None else UPDATED
        notice = notice_of(what, before, after, by_account(tx, user_id), is_draft=is_draft)
        limit = self._settings.of(Calendar).max_event_notifications
        add_notice_of(tx, account_id, item_id, notice, now, limit)

    def make_way(self, tx: Transaction, source: Resource, to: Resource, *, user_id: int, now: int) -> None:
        """The same of what is at ``to`` and makes way for ``source``; one of the same UID goes on. Raises Violation."""
        if self.scheduler is not None:
            uid = _uid(tx, source.account_id, source.member)
            for each in _going(tx, to, now):
                if uid is None or _uid(tx, to.account_id, each) != uid:
                    self.scheduler.removing(tx, to, each, user_id, now, sends_reply=True)

    def hand_over(
        self, tx: Transaction, source: Resource, to: Resource, *, user_id: int, now: int, sends_reply: bool = True
    ) -> None:
        """See that nobody is left who waits for ``source`` once it is in the account of ``to``. Raises Violation."""
        if self.scheduler is not None and source.account_id != to.account_id:
            for each in _going(tx, source, now):
                self.scheduler.leaving(tx, source, each, to.account_id, user_id, now, sends_reply=sends_reply)

    def _check_place(self, tx: Transaction, found: Resource, given: Examined) -> None:
        taken = (tx.collections.data_of(found.account_id, found.place) or {}).get(COMPONENTS)
        if taken and given.facts.kind not in taken:
            raise Violation(Rule.WRONG_KIND)
        for holder in tx.collections.by_uid(found.account_id, CALENDARS.item_type, given.facts.uid):
            if holder.collection_id == found.place and holder.segment != found.name:
                is_told = holder.item_id not in found.discretion.secret
                raise Violation(Rule.UID_TAKEN, holder=(holder.collection_id, holder.segment) if is_told else None)
        most = self._settings.of(Calendar).max_events if found.member is None else None
        if most is not None and tx.objects.count(found.account_id, CALENDARS.item_type) >= most:
            raise OverQuota(_TOO_MANY)

    def _timed(self, octets: bytes, calendar: Component, facts: ObjectFacts, limit: int, now: int) -> Examined:
        expansion = instances(calendar, limit=max(limit, 1))
        coming = next_alarms(expansion, now) if facts.has_alarms else []
        alarm_at = coming[0].at if coming else None
        wrong_rule = impossible_rule(calendar) if facts.is_recurring else None
        return Examined(
            *(octets, calendar, facts, time_index(expansion), alarm_at, wrong_rule, impossible_start(calendar))
        )


def _item_id(found: Resource) -> int | None:
    return None if found.member is None else found.member.item_id


def _is_new(text: str | None, before: bytes | None) -> bool:
    """Whether a text that is wrong was not there before."""
    return text is not None and text.encode("utf-8", "replace") not in _unfolded(before or b"")


def _unfolded(octets: bytes) -> bytes:
    return octets.replace(b"\r\n ", b"").replace(b"\n ", b"")


def _going(tx: Transaction, found: Resource, now: int) -> list[Member]:
    """The objects that people may be invited to and that are gone with what was found."""
    member, account_id = found.member, found.account_id
    if found.kind is not CALENDARS or member is None:
        return []
    going = [member]
    if member.is_collection:
        invited = tx.collections.having(account_id, member.item_id, _ORGANIZER)
        coming = tx.collections.spans(account_id, member.item_id, start=now) if invited else []
        going = [each.member for each in coming if each.member.item_id in invited][:MOST_TOLD]
    return [each for each in going if len(tx.collections.places(account_id, each.item_id)) < 2]


def _uid(tx: Transaction, account_id: int, member: Member | None) -> str | None:
    row = tx.objects.get(account_id, member.item_id) if member is not None else None
    return row.uid if row is not None else None


def _is_text(octets: bytes) -> bool:
    """Whether octets are UTF-8 as they are, not only after folds within characters are undone."""
    if octets.isascii():
        return True
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def item_of(given: Examined, data: dict[str, Any]) -> NewItem:
    """What is written of an object, with what it is found by; ``data`` is kept beside it."""
    index = given.index
    span = Span(index.code, index.first, index.last, index.table, None if DRAFT in data else given.alarm_at)
    mark, held = crc32(given.octets) or 1, blobs_of(held_in(data))
    return NewItem(
        *(mark, given.octets),
        size=sum(held.values()),
        uid=given.facts.uid,
        data=data or None,
        span=span,
        values=(
            *_values(given.facts),
            *((BY_DEFAULT,) if may_use_defaults(given.octets) else ()),
            *guard_values(given.calendar, given.octets),
        ),
        held=tuple(held),
    )


def _values(facts: ObjectFacts) -> tuple[tuple[str, str], ...]:
    """What an object is found by: its texts, folded, and the addresses of people."""
    texts = (("summary", facts.summary), ("location", facts.location), ("description", facts.description))
    found = [(name, fold(text[:_LONGEST_VALUE])) for name, text in texts if text]
    if facts.organizer is not None:
        found.append((_ORGANIZER, facts.organizer))
    found += (("attendee", address) for address in facts.attendees[:_MOST_ADDRESSES])
    return tuple(found)
