"""An attendee writes or deletes an object that somebody else organizes: what the organizer is told (RFC 6638 3.2.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from attrs import Factory, define, evolve

from stalwart.codec.icalendar.comparing import is_same
from stalwart.codec.icalendar.components import Component
from stalwart.codec.itip.differences import SIGNIFICANT
from stalwart.codec.itip.messages import PROGRESS, REPLIED, message, reply_part, request_part
from stalwart.codec.itip.objects import Key, SchedulingObject, bounded, derived, exceptions, is_cancelled, lean
from stalwart.codec.itip.organized import as_organized
from stalwart.codec.itip.outcomes import ItipMessage, Options, Outcome, SchedulingRefused, TagStep
from stalwart.codec.itip.participants import (
    DECLINED,
    NEEDS_ACTION,
    PENDING,
    Participant,
    delegate_property,
    kept_people,
    one_of,
    organizer,
)

_OWN: Final = frozenset({"EXDATE", "SUMMARY", "DESCRIPTION", "ATTACH"})
"""Significant, and an attendee's to change."""

_SETTLED: Final = (NEEDS_ACTION, DECLINED, "DELEGATED")
"""Answers after which deleting says nothing new."""


def attendee_creates(new: SchedulingObject, options: Options) -> Outcome:
    """An attendee stores an invitation that came by other ways; the answer in it counts (RFC 6638 3.2.2.1)."""
    replies = _Replies(new, options)
    for key in new.parts:
        each = replies.me(key)
        if each is not None and each.participation != NEEDS_ACTION:
            replies.add(key)
    return replies.outcome()


def attendee_changes(old: SchedulingObject, new: SchedulingObject, options: Options) -> Outcome:
    """An attendee changes the copy. Raises SchedulingRefused for what only the organizer may change."""
    if (old.master is None) != (new.master is None):
        raise SchedulingRefused("ATTENDEE_CHANGE", "Only the organizer can add or take away the series itself.")
    for key in new.parts:
        if key in old.parts:
            _check(key, old, new, options.addresses)
    organized = as_organized(old, new, options.addresses)
    new = organized or new
    replies = _Replies(new, options, old)
    for key in new.parts:
        if replies.is_news(key):
            replies.add(key)
    for key, part in _given_up(old, new):
        if replies.can_decline(key, part):
            replies.decline(key, part)
    outcome = replies.outcome()
    if organized is None:
        return outcome
    return evolve(outcome, calendar=outcome.calendar or organized.calendar, is_put_back=True)


def attendee_deletes(old: SchedulingObject, options: Options) -> Outcome:
    """An attendee deletes the copy, which declines what was answered before (RFC 6638 3.2.2.3)."""
    replies = _Replies(old, options)
    if options.sends_reply:
        told = [(key, part) for key, part in old.parts.items() if replies.can_delete(key, part)]
        for key, part in told[:1] if told and told[0][0] is None else told:
            replies.decline(key, part)
    return Outcome(None, TagStep.KEEP, replies.messages())


@define
class _Replies:
    """What is said about each instance."""

    new: SchedulingObject
    options: Options
    old: SchedulingObject | None = None
    _parts: dict[Key, Component] = Factory(dict)
    _answer: str = ""
    _delegators: dict[str, None] = Factory(dict)
    _delegates: dict[str, list[Key]] = Factory(dict)

    def me(self, key: Key) -> Participant | None:
        """The attendee of a component who has the calendar."""
        return one_of(self.new.people(key), self.options.addresses)

    def before(self, key: Key) -> Participant | None:
        """The same as it was, in the component or in the series that it is an instance of."""
        old = self.old
        if old is None:
            return None
        return one_of(old.people(key if key in old.parts else None), self.options.addresses)

    def is_news(self, key: Key) -> bool:
        """Whether the organizer does not know what a component says now."""
        now, was, part = self.me(key), self.before(key), self.new.parts[key]
        if now is None or self.old is None:
            return False
        head = organizer(part)
        if now.force == "REPLY" or (head is not None and head.force == "REPLY"):
            return True
        earlier = self.old.parts.get(key)
        if earlier is None:
            # An instance of its own: the answer to it stands by itself, unless there is none yet.
            return now.participation != NEEDS_ACTION or (was is not None and was.participation != NEEDS_ACTION)
        if was is None or (now.participation, now.delegated_to) != (was.participation, was.delegated_to):
            return True
        return part.name == "VTODO" and any(
            not is_same(earlier.first(name), part.first(name), self.old.zones, self.new.zones) for name in PROGRESS
        )

    def add(self, key: Key) -> None:
        """Say of a component what it says."""
        now, was = self.me(key), self.before(key)
        if now is None:
            return
        self._parts[key] = reply_part(self.new.parts[key], self.options.now, now)
        self._answer = self._answer or now.participation
        self._delegators.update(dict.fromkeys(now.delegated_from))
        known = was.delegated_to if was is not None else ()
        for address in now.delegated_to:
            if address not in known and address not in self.options.addresses:
                self._delegates.setdefault(address, []).append(key)

    def can_decline(self, key: Key, part: Component) -> bool:
        """Whether an instance that is given up was one that somebody counts with."""
        was = self.before(key)
        return was is not None and was.participation != DECLINED and not is_cancelled(part) and key not in self._parts

    def can_delete(self, key: Key, part: Component) -> bool:
        """Whether deleting a component takes back an answer."""
        each = self.me(key)
        if each is None or each.refuses_mail or is_cancelled(part):
            return False
        return each.participation not in _SETTLED

    def decline(self, key: Key, part: Component) -> None:
        """Say of a component that the attendee does not come."""
        each = one_of(self.new.people(key), self.options.addresses) or self.before(key)
        if each is not None:
            self._parts[key] = reply_part(part, self.options.now, each, DECLINED)
            self._answer = self._answer or DECLINED
            self._delegators.update(dict.fromkeys(each.delegated_from))

    def messages(self) -> tuple[ItipMessage, ...]:
        """The REPLY, and REQUEST to those whom the attendee sends instead (RFC 5546 3.2.2.3)."""
        head = self.new.organizer
        sender = self._sender()
        if head is None or sender is None or not self._parts:
            return ()
        told = dict.fromkeys([head.address, *self._delegators])
        recipients = [address for address in told if address not in self.options.addresses]
        if len(recipients) + len(self._delegates) >= self.options.max_recipients:
            raise SchedulingRefused("TOO_MANY_ATTENDEES", "There are too many people in its delegations.")
        bounded(self._parts)
        found = []
        if recipients:
            found.append(message("REPLY", sender, recipients, self._parts, self.new, participation=self._answer))
        for address, keys in self._delegates.items():
            parts = {key: self._forwarded(key, address, sender) for key in keys}
            found.append(message("REQUEST", sender, (address,), parts, self.new))
        return tuple(found)

    def _forwarded(self, key: Key, delegate: str, sender: str) -> Component:
        part = request_part(self.new.parts[key], self.options.now)
        if delegate not in self.new.people(key):
            part.properties.append(delegate_property(delegate, sender))
        return part

    def _sender(self) -> str | None:
        for source in (self.new, self.old):
            for key in source.parts if source is not None else ():
                each = one_of(source.people(key), self.options.addresses) if source is not None else None
                if each is not None:
                    return each.address
        return None

    def outcome(self) -> Outcome:
        """All of it, and the copy as it is stored."""
        messages = self.messages()
        if messages:
            tag = TagStep.KEEP if self.options.is_tagged else TagStep.FIRST
        else:
            tag = TagStep.NEXT if self.options.is_tagged else TagStep.KEEP
        return Outcome(self._stored(bool(messages)), tag, messages)

    def _stored(self, is_sent: bool) -> Component | None:
        old = self.old
        head = old.organizer.item.parameter("SCHEDULE-STATUS") if old is not None and old.organizer else None
        people = old.invited() if old is not None else {}
        statuses = {address: each.item.parameter("SCHEDULE-STATUS") for address, each in people.items()}
        return kept_people(self.new.calendar, statuses, PENDING if is_sent else head)


def _check(key: Key, old: SchedulingObject, new: SchedulingObject, addresses: frozenset[str]) -> None:
    """Raises SchedulingRefused if a component has more, or fewer, of what only the organizer may change."""
    before, after = old.parts[key], new.parts[key]
    given = SIGNIFICANT - _OWN - (frozenset(PROGRESS) if after.name == "VTODO" else frozenset())
    counts = [Counter(each.name for each in part.properties if each.name in given) for part in (before, after)]
    changed = next((name for name in counts[0] | counts[1] if counts[0][name] != counts[1][name]), None)
    if changed is not None:
        raise SchedulingRefused("ATTENDEE_CHANGE", f"Only the organizer can change {changed}.")
    was, now = one_of(old.people(key), addresses), one_of(new.people(key), addresses)
    if was is not None and (now is None or now.address != was.address):
        raise SchedulingRefused("ATTENDEE_CHANGE", "Attendees cannot take themselves out, or change their address.")
    allowed = {*(now.delegated_to if now else ()), *(was.delegated_to if was else ())}
    different = old.people(key).keys() ^ new.people(key).keys()
    if different - allowed - addresses:
        raise SchedulingRefused("ATTENDEE_CHANGE", "Only the organizer can invite others, or not invite them any more.")


def _given_up(old: SchedulingObject, new: SchedulingObject) -> Iterator[tuple[Key, Component]]:
    """The instances that an attendee has taken out: by EXDATE, or by deleting what replaced them."""
    found: set[Key] = set()
    for key, part in old.parts.items():
        if key not in new.parts:
            found.add(key)
            yield key, part
    if old.master is None or new.master is None:
        return
    known = {old.key(each) for each in exceptions(old.master)}
    series = lean(old, REPLIED)
    for each in exceptions(new.master):
        key = new.key(each)
        if key in known or key in found or key in new.parts or not old.has_instance(key):
            continue
        found.add(key)
        bounded(found)
        instance = derived(series, each, new.zones)
        if instance is not None:
            yield key, instance
