"""One event that is made, changed or destroyed (jmap.md 16.2): what may be, then what is written.

Everything goes the way of CalDAV's PUT (``groupware.calendar_objects``), but that people are told only if the client
says so. An instance is changed by an override of its series.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from msgspec import json

from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.discretion import PRIVATE
from stalwart.codec.jscalendar.checking import InvalidEvent
from stalwart.codec.jscalendar.values import Json, utc_text
from stalwart.config.collaboration.calendar import Calendar
from stalwart.errors import NotFound
from stalwart.groupware.attachments import Held, held_in, written
from stalwart.groupware.calendar_objects import CalendarObjects, Examined
from stalwart.groupware.event_private import (
    OVERRIDES,
    joined,
    own_part,
    per_user,
    said_by_sharee,
    seen_by_sharee,
    shared_part,
)
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.own_alerts import look_again, reminds
from stalwart.groupware.traits import ATTACHMENTS, DRAFT
from stalwart.groupware.violations import Rule, Violation
from stalwart.jmap.calendars.event_ids import base_of, recurrence_id_of
from stalwart.jmap.calendars.event_links import Attached, brought_along, has_blob_ids, mark_attached, taken_in
from stalwart.jmap.calendars.event_people import (
    MAILTO,
    ORGANIZER,
    PARTICIPANTS,
    Identities,
    is_only_answer,
    people,
    told_overrides,
)
from stalwart.jmap.calendars.event_places import EventPlaces
from stalwart.jmap.calendars.event_properties import CALENDAR_IDS, IS_DRAFT, NOT_MEMBERS, UTC_TIMES
from stalwart.jmap.calendars.event_refusals import forbidden, refusals, uid_taken, wrong
from stalwart.jmap.calendars.event_sight import EventSight, StoredEvent
from stalwart.jmap.calendars.event_view import read_event
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.store.store import Transaction

SENDS: Final = "sendSchedulingMessages"
DRAFTS: Final = "drafts"
"""What is prepared: objects that were made of events before the transaction, as (before, event, examined)."""
_OF_SERIES: Final = ("recurrenceRule", "recurrenceRules", "excludedRecurrenceRules", OVERRIDES)
_OWN_BOUND: Final = 64 * 1024
_RESCHEDULING: Final = ("start", "duration", "due", "timeZone", "endTimeZone", "recurrenceRule", "status")


class Tried(Exception):
    """A change that was only tried has come to an object that can be kept."""

    def __init__(self, before: bytes | None, event: Json, examined: Examined) -> None:
        super().__init__()
        self.before = before
        self.event = event
        self.examined = examined


class EventWriting:
    """One change in one transaction. With ``is_trial`` it ends with ``Tried`` where something would be written.
    ``origin`` is the asking for what a copy is made of.
    """

    def __init__(
        self,
        tx: Transaction,
        asking: Asking,
        change: Change,
        sight: EventSight,
        *,
        is_trial: bool = False,
        origin: Asking | None = None,
    ) -> None:
        self._is_trial = is_trial
        self._origin = origin
        self._tx = tx
        self._asking = asking
        self._change = change
        self._sight = sight
        self._now = asking.now
        self._objects: CalendarObjects = asking.services["calendar_objects"]
        self._account = Identities(tx, asking, asking.account_id)
        self._user = self._account if sight.is_own else Identities(tx, asking, sight.viewer.account_id)
        self._places = EventPlaces(tx, asking, sight)
        self._sends = bool(asking.prepared.get(SENDS))

    def create(self, original: StoredEvent | None = None, held: Held | None = None) -> int:
        """A new event, in the lines of the ``original`` that it is copied from, if there is one; of the files that a
        copied event has ``held`` it has copies.
        """
        change, now = self._change, self._now
        event = self._given()
        event.setdefault("@type", "Event")
        event.setdefault("uid", self._asking.prepared.setdefault(f"uid {change.key}", str(uuid4())))
        event.setdefault("created", utc_text(now))
        event["updated"] = utc_text(now)
        with refusals():
            event = _in_this_form(event)
        self._check_uid(event["uid"])
        self._organize(event)
        calendars = self._places.wanted(change.new[CALENDAR_IDS])
        for each in calendars:
            self._places.require(each, Rights.ADD_ITEMS, owns=self._user.owns(event), text="Nothing may be added here.")
        own: Json = {}
        if not self._sight.is_own:
            own, event = own_part(event), shared_part(event)
        brought: list[Attached] = []
        if held:
            event, brought = brought_along(self._asking, self._places.address, event, held)
        event, attached = self._with_files(event, {})
        attached += brought
        self._check_people(event, {})
        is_draft = bool(change.new[IS_DRAFT])
        beside: dict[str, Any] = {DRAFT: True} if is_draft else {}
        before = None
        if original is not None:
            before = original.octets
        beside = _holding(beside, attached, {})
        is_silent = original is not None or is_draft or not self._tells(event)
        with refusals():
            examined = self._examined(event, before, attached)
            found = self._places.free(calendars[0])
            kept = self._objects.put(
                self._tx, found, examined, user_id=self._sight.viewer.account_id, now=now, is_silent=is_silent,
                beside=beside,
            )  # fmt: skip
            id = kept.member.item_id
            for each in calendars[1:]:
                self._places.link(id, each)
        if own:
            self._keep_own(id, {}, own)
        return id

    def update(self) -> None:
        """What the patch says."""
        change, number = self._change, self._change.id or 0
        given = self._stored()
        old = self._read(given)
        changed = change.changed
        if old is None:
            raise NotFound
        if changed.get(IS_DRAFT) is True:
            raise wrong("An event that is finished does not become a draft again.", IS_DRAFT)
        if CALENDAR_IDS in changed and recurrence_id_of(number) is not None:
            raise wrong("An instance is where its series is.", CALENDAR_IDS)
        if IS_DRAFT in changed and recurrence_id_of(number) is not None:
            raise wrong("An instance is a draft as long as its series is.", IS_DRAFT)
        if not changed.keys() <= {CALENDAR_IDS}:
            self._write(given, old, recurrence_id_of(number), self._given())
        if CALENDAR_IDS in changed and not self._is_trial:
            self._check_seen(given)
            self._places.rearrange(self._stored(), change.new[CALENDAR_IDS], owns=self._user.owns(first(old)))

    def destroy(self) -> None:
        """The event in all calendars that are seen, or one instance."""
        number = self._change.id or 0
        given, recurrence_id = self._stored(), recurrence_id_of(number)
        old = self._read(given)
        if recurrence_id is not None and old is not None and not _is_lone(old):
            self._write(given, old, recurrence_id, None)
            return
        if self._is_trial:
            return
        owns = old is not None and self._user.owns(first(old))
        self._check_seen(given)
        sends = self._sends and DRAFT not in given.data and old is not None and self._tells(first(old))
        with refusals():
            for member in given.places:
                self._places.remove(member, owns=owns, sends=sends)

    def _stored(self) -> StoredEvent:
        id = base_of(self._change.id or 0)
        found = self._sight.events(self._tx, [id]).get(id)
        if found is None:
            raise NotFound
        return found

    def _read(self, given: StoredEvent) -> Json | None:
        return read_event(given.octets, known=self._asking.prepared)

    def _given(self) -> Json:
        """The members that the event or the instance is to have."""
        new = self._change.new
        event = {name: value for name, value in new.items() if value is not None and name not in NOT_MEMBERS}
        if event.get("@type", "Event") not in ("Event", "Task"):
            raise wrong("This is Event or Task.", "@type")
        times = [new.get(name) for name in UTC_TIMES]
        if any(name in self._change.changed for name in UTC_TIMES) and times != [None, None]:
            from stalwart.codec.jscalendar.occurrences import with_utc_times

            with refusals():
                event = with_utc_times(event, *times)
        return event

    def _write(self, given: StoredEvent, old: Json, recurrence_id: str | None, wanted: Json | None) -> None:
        """Keep an event, of which ``wanted`` is the part that is changed; None takes an instance out."""
        from stalwart.codec.jscalendar.occurrences import without_stale
        from stalwart.codec.jscalendar.patches import copied

        own = {}
        seen: Json | None = old
        if not self._sight.is_own:
            preferences = self._tx.preferences.get(self._asking.account_id, given.id, self._sight.viewer.account_id)
            own = dict(preferences or {})
            is_private = given.guard == PRIVATE
            seen = old if old["@type"] == "Group" else seen_by_sharee(old, own, is_private=is_private)
        if seen is None:
            raise NotFound
        self._check_seen(given, is_change_of_own=wanted is not None and _is_own_change(seen, wanted))
        with refusals():
            whole = _with_part(seen, recurrence_id, wanted)
            if whole["@type"] == "Group":
                new = whole
            else:
                new = without_stale(_in_this_form(whole), seen)
                if not self._sight.is_own:
                    said = said_by_sharee(new, old)
                    if said != said_by_sharee(seen, old):
                        self._places.require_private(given, owns=self._user.owns(old))
                        self._keep_own(given.id, own, said)
                    new = joined(shared_part(new, old), own_part(old))
        is_finished = IS_DRAFT in self._change.changed
        if _plain(new) == _plain(old) and not is_finished:
            return
        self._write_shared(given, old, copied(new), is_finished)

    def _write_shared(self, given: StoredEvent, old: Json, new: Json, is_finished: bool) -> None:
        """Keep what all see of an event."""
        before, after = first(old), first(new)
        if after.get("uid") != before.get("uid"):
            raise wrong("The uid of an event stays what it is.", "uid")
        self._check_changes(given, old, new, is_finished=is_finished)
        if after.get("updated") == before.get("updated"):
            after["updated"] = utc_text(self._now)
        if self._sends or _people(after) != _people(before):  # else events of other programs stay without one
            self._organize(after)
        is_draft = DRAFT in given.data and not is_finished
        is_silent = is_draft or not self._tells(after)
        if is_silent:  # else the scheduling does it
            self._raise_sequence(before, after)
        attached: list[Attached] = []
        if new["@type"] != "Group":
            new, attached = self._with_files(new, self._shown_links(given, old))
            after = new
        self._check_people(after, before)
        beside = _holding({DRAFT: None} if is_finished else {}, attached, given.data)
        with refusals():
            examined = self._examined(new, given.octets, attached)
            found = self._places.at(self._places.writable(given))
            self._objects.put(
                self._tx, found, examined, user_id=self._sight.viewer.account_id, now=self._now, is_silent=is_silent,
                beside=beside, is_first=is_finished,
            )  # fmt: skip

    def _with_files(self, event: Json, old: Json) -> tuple[Json, list[Attached]]:
        """An event whose new links to blobs are files that it holds; such are written in the transaction only."""
        if self._is_trial and has_blob_ids(event):
            raise NotFound
        return taken_in(self._tx, self._asking, self._places.address, event, old, self._origin)

    def _shown_links(self, given: StoredEvent, old: Json) -> Json:
        from stalwart.jmap.calendars.event_links import with_blob_ids

        return with_blob_ids(old, given.data)

    def _examined(self, event: Json, before: bytes | None, attached: list[Attached]) -> Examined:
        if not attached:
            for known_before, known, examined in self._asking.prepared.get(DRAFTS, ()):
                if known_before == before and known == event:
                    return examined
        examined = object_of(self._objects, event, before, attached, self._now)
        if self._is_trial:
            raise Tried(before, event, examined)
        return examined

    def _check_uid(self, uid: Any) -> None:
        if not isinstance(uid, str):
            raise wrong("A uid is a string.", "uid")
        for holder in self._tx.collections.by_uid(self._asking.account_id, CALENDARS.item_type, uid):
            is_seen = bool(self._sight.places(self._tx, [holder.item_id]))
            raise uid_taken(holder.item_id if is_seen else None)

    def _check_seen(self, given: StoredEvent, *, is_change_of_own: bool = False) -> None:
        """Others change nothing of what their owner keeps private."""
        if given.guard == PRIVATE and not is_change_of_own:
            raise forbidden("This event is private.")

    def _check_changes(self, given: StoredEvent, old: Json, new: Json, *, is_finished: bool) -> None:
        """Whether who asks may change that much of an event. Raises ``SetRefused`` ``forbidden``."""
        before, after = first(old), first(new)
        held, rules = self._sight.held(self._tx, given.id), before
        if not self._sight.is_own and Rights.MODIFY_ITEMS not in held:
            owns = self._user.owns(before) and self._user.owns(after)
            if not (Rights.MODIFY_ITEMS_OWN in held and owns):
                me = self._user.participant(before) or self._user.participant(after)
                is_answer = not is_finished and is_only_answer(before, after, me, invites_self=rules)
                if Rights.RSVP not in held or not is_answer:
                    raise forbidden("You may not change this event.")
        sees_all = self._sight.is_own or before.get("hideAttendees") is not True or self._user.owns(before)
        if not sees_all and (after.get("hideAttendees") is not True or self._user.owns(after)):
            raise forbidden("Only its owners may say who sees who takes part.")
        is_invited = not self._account.is_origin(before) and self._account.participant(before) is not None
        adds_self = not self._account.is_origin(before) and before.get("mayInviteSelf") is True
        if is_invited or (adds_self and self._account.participant(after) is not None):
            me = self._account.participant(before)
            if not is_only_answer(shared_part(before), shared_part(after), me, invites_self=rules):
                raise forbidden("Only the organizer may change this; you may change your answer.")

    def _check_people(self, event: Json, old: Json) -> None:
        """How many take part, and whether they can be told. Raises ``SetRefused``."""
        given = people(event)
        most = self._asking.services["settings"].of(Calendar).max_attendees
        if len(given) > max(most, len(people(old))):
            raise wrong(f"An event can have {most} participants.", PARTICIPANTS)
        if self._sends and self._account.is_origin(event):
            unknown = [str(each.get("calendarAddress")) for each in given.values() if not _is_mail(each)]
            if unknown:
                text = "People can be told by mail only."
                raise SetRefused("noSupportedScheduleMethods", text, recipients=unknown)

    def _tells(self, event: Json) -> bool:
        return self._sends and (event.get(ORGANIZER) is not None or bool(people(event)))

    def _organize(self, event: Json) -> None:
        """Whoever has participants has an organizer: the account, if nobody else is said to be it."""
        if people(event) and event.get(ORGANIZER) is None and self._account.listed:
            from stalwart.jmap.calendars.participant_keeping import address_of, default_participant

            default = default_participant(self._tx, self._asking.account_id)
            row = self._tx.objects.get(self._asking.account_id, default) if default is not None else None
            address = address_of(row.data or {}) if row is not None else self._account.listed[0]
            event[ORGANIZER] = f"{MAILTO}{address}"

    def _raise_sequence(self, old: Json, new: Json) -> None:
        if not people(new) or not self._account.is_origin(new) or new.get("sequence") != old.get("sequence"):
            return
        is_moved = any(old.get(name) != new.get(name) for name in _RESCHEDULING)
        if is_moved or told_overrides(old) != told_overrides(new):
            new["sequence"] = int(old.get("sequence") or 0) + 1

    def _keep_own(self, id: int, old: Mapping[str, Any], own: Json) -> None:
        """Keep what who asks has of his own; clients that watch the event hear of it."""
        if len(json.encode(own)) > _OWN_BOUND:
            raise wrong("There is too much of your own in this event.")
        account_id, user = self._asking.account_id, self._sight.viewer.account_id
        if dict(old) != own and not self._is_trial:
            self._tx.objects.update(account_id, id, now=self._now)
            self._tx.preferences.set(account_id, id, user, own or None)
            if reminds(own) or reminds(old):
                look_again(self._tx, account_id, id, self._now)


def first(event: Json) -> Json:
    """The event, or the first of several instances without their series."""
    if event["@type"] != "Group":
        return event
    entry: Json = event["entries"][0]
    return entry


def object_of(
    objects: CalendarObjects, event: Json, before: bytes | None, attached: list[Attached], now: int
) -> Examined:
    """The calendar object of an event, over the one that it was; may be called in any thread. Raises InvalidEvent,
    Violation.
    """
    from stalwart.codec.jscalendar.series import calendar_of

    try:
        calendar = calendar_of(event, None if before is None else stored(before))
    except InvalidEvent as problem:
        if len(json.encode(event)) > objects.largest:
            raise Violation(Rule.TOO_LARGE, limit=objects.largest) from problem
        raise
    if attached:
        mark_attached(calendar, attached)
    return objects.examine(calendar.octets(), now)


def _people(event: Json) -> tuple[Any, Any]:
    """Who takes part in an event, and who organizes it."""
    return event.get(ORGANIZER), people(event)


def _with_part(event: Json, recurrence_id: str | None, wanted: Json | None) -> Json:
    """An event with another part of it: all of it, or one instance; None for one that is taken out."""
    if event["@type"] == "Group":
        entries = list(event["entries"])
        at = next((at for at, each in enumerate(entries) if each.get("recurrenceId") == recurrence_id), 0)
        entries[at : at + 1] = [] if wanted is None else [_in_this_form({"@type": "Event", **wanted})]
        return {**event, "entries": entries}
    if recurrence_id is None or event.get("recurrenceId") is not None:
        return wanted or event
    from stalwart.codec.jscalendar.occurrences import with_instance

    if wanted is not None:
        fixed = [name for name in _OF_SERIES if wanted.get(name) is not None]
        if fixed or wanted.get("recurrenceId", recurrence_id) != recurrence_id:
            raise wrong("An instance does not recur itself.", *(fixed or ["recurrenceId"]))
    return with_instance(event, recurrence_id, wanted)


def _is_lone(event: Json) -> bool:
    """Whether an object is one instance without its series."""
    if event["@type"] == "Group":
        return len(event["entries"]) < 2
    return event.get("recurrenceId") is not None


def _in_this_form(event: Json) -> Json:
    from stalwart.codec.jscalendar.older import translated

    return translated(event)


def _plain(event: Json) -> Json:
    return event if event["@type"] == "Group" else {**_in_this_form(event), "updated": None}


def _is_own_change(seen: Json, wanted: Json) -> bool:
    own = per_user()
    return all(seen.get(name) == wanted.get(name) or name in own for name in seen.keys() | wanted.keys())


def _is_mail(participant: Json) -> bool:
    address = participant.get("calendarAddress")
    return isinstance(address, str) and address[: len(MAILTO)].lower() == MAILTO


def _holding(beside: dict[str, Any], attached: list[Attached], data: Mapping[str, Any]) -> dict[str, Any]:
    if not attached:
        return beside
    held = held_in(data) | {each.id: each.record for each in attached}
    return {**beside, ATTACHMENTS: written(held)}
