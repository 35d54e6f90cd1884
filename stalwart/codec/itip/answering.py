"""What an attendee answers, in the copy of the organizer: REPLY (RFC 5546 3.2.3, 3.4.3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

from attrs import Factory, define, evolve

from stalwart.codec.icalendar.checking import check
from stalwart.codec.icalendar.comparing import is_same
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import sequence_of
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import MalformedValue, moment_of, time_text, unescaped
from stalwart.codec.itip.facts import LONGEST_TEXT, Facts, facts_of
from stalwart.codec.itip.messages import PROGRESS
from stalwart.codec.itip.objects import Key, SchedulingObject, bounded, derived, octets_of
from stalwart.codec.itip.outcomes import Applied, Ignored, Options, Reason, TooLarge
from stalwart.codec.itip.participants import Participant, attendees, delegate_property, last_answer, with_last_answer

_MOST_NEW: Final = 100
"""Instances of their own that one REPLY can make."""
_MOST_PARTS: Final = 400
"""Components of an object that answers still add to."""
_MOST_DELEGATES: Final = 10
"""Whom one attendee sends instead, in all instances."""
_MOST_SENT: Final = 50
"""Who is sent instead of others, by all attendees."""
_LONGEST_NAME: Final = 200
_STATUS: Final = re.compile(r"\s*([1-5](?:\.[0-9]{1,3}){1,2})(?:;|\Z)")
_SUCCESS: Final = "2.0"
_STATES: Final = ("NEEDS-ACTION", "IN-PROCESS", "COMPLETED")


def reply(said: SchedulingObject, present: SchedulingObject, sender: str, options: Options) -> Applied | Ignored:
    """The answer of one attendee."""
    editing = _Editing(said, present, sender, options)
    for key in bounded(said.parts):
        editing.take(key)
    if editing.facts is None:
        return Ignored(Reason.OUT_OF_SEQUENCE if editing.is_late else Reason.SENDER_NOT_INVITED)
    if not editing.is_changed:
        return Ignored(Reason.UNCHANGED)
    check(editing.calendar)
    return Applied("REPLY", editing.facts, editing.calendar)


@define
class _Editing:
    """The organizer's object while it is changed."""

    said: SchedulingObject
    present: SchedulingObject
    sender: str
    options: Options
    calendar: Component = Factory(lambda self: self.present.calendar.copy(), takes_self=True)
    facts: Facts | None = None
    """Of the first component that has the sender."""
    is_changed: bool = False
    is_late: bool = False
    """Whether something newer is known than a part of the message."""
    _parts: dict[Key, Component] = Factory(dict)
    _made: int = 0
    _standing: Counter[str] | None = None
    """Whom the sender sends instead, and in how many components."""
    _sent: set[str] = Factory(set)
    """All who are sent instead of others."""
    _everybody: set[str] = Factory(set)
    _room: int = Factory(lambda self: self.options.max_octets, takes_self=True)

    def __attrs_post_init__(self) -> None:
        keys = {id(part): key for key, part in self.present.parts.items()}
        pairs = zip(self.present.calendar.components, self.calendar.components, strict=True)
        self._parts = {keys[id(source)]: copy for source, copy in pairs if id(source) in keys}

    def take(self, key: Key) -> None:
        """What is said of one instance, or of all."""
        part, answer = self.said.parts[key], self.said.people(key).get(self.sender)
        if answer is None or not self._is_known(self.present.people(key if key in self._parts else None)):
            return
        target = self._parts.get(key)
        is_new = target is None
        if target is None:
            target = self._instance(key, part)
            if target is None:
                return
        if self._is_late(target, part, is_new):
            self.is_late = True
            return
        if self._take_answer(target, answer, part, is_new) | self._take_progress(target, part):
            self.is_changed = True
            if is_new:
                self._room -= octets_of(target)
                if self._room < 0:
                    raise TooLarge
                self.calendar.components.append(target)
                self._made += 1
        if self.facts is None:
            facts = facts_of(
                target, self.present.zones, instances=len(self.said.parts), participation=answer.participation
            )
            comment = unescaped((part.value("COMMENT") or "")[:LONGEST_TEXT]).strip()
            self.facts = evolve(facts, comment=comment)

    def _is_known(self, people: Mapping[str, Participant]) -> bool:
        """Whether the sender is an attendee, or one whom an attendee sends instead."""
        return self.sender in people or any(self.sender in each.delegated_to for each in people.values())

    def _order(self, target: Component, part: Component) -> tuple[int, str]:
        """Of two answers the greater one is newer (RFC 5546 2.1.5). A clock that is fast shuts nobody out, nor does a
        revision that there is not.
        """
        present, item, at = sequence_of(target), part.first("DTSTAMP"), self.options.now
        with suppress(MalformedValue):
            at = min(at, self.said.zones.utc(moment_of(item))) if item is not None else at
        sequence = sequence_of(part) if part.has("SEQUENCE") else present
        return min(sequence, present), time_text(max(at, 0), is_utc=True)

    def _is_late(self, target: Component, part: Component, is_new: bool) -> bool:
        """Whether it is the answer to another time, or the attendee has given another one since. An older revision of
        the same time is as good, since not every change reaches everybody.
        """
        known = attendees(target).get(self.sender)
        last = last_answer(known.item) if known is not None and not is_new else None
        if last is not None and self._order(target, part) < last:
            return True
        if part.has("SEQUENCE") and sequence_of(part) >= sequence_of(target):
            return False
        pairs = [(part.first(name), target.first(name)) for name in ("DTSTART", "DUE")]
        given = [pair for pair in pairs if None not in pair]
        if not given:
            return part.has("SEQUENCE")
        zones = self.said.zones, self.present.zones
        return not all(is_same(one, other, *zones) for one, other in given)

    def _instance(self, key: Key, part: Component) -> Component | None:
        """A component for an instance that has none of its own yet."""
        recurrence = part.first("RECURRENCE-ID")
        if recurrence is None or not self._may_make() or not self.present.has_instance(key):
            return None
        made = derived(self.present, recurrence, self.said.zones)
        if made is not None:
            made.set("DTSTAMP", time_text(self.options.now, is_utc=True))
        return made

    def _may_make(self) -> bool:
        return self._made < _MOST_NEW and len(self._parts) + self._made < _MOST_PARTS

    def _take_answer(self, target: Component, answer: Participant, part: Component, is_new: bool) -> bool:
        people = attendees(target)
        known = people.get(self.sender)
        if known is None:
            delegator = next(each.address for each in people.values() if self.sender in each.delegated_to)
            item = delegate_property(self.sender, delegator)
            target.properties.append(item)
            known = attendees(target)[self.sender]
        given = answer.item.parameters
        status = ",".join(_statuses(part)) or _SUCCESS
        was = known.item
        delegates = self._delegates(target, answer, is_new) if answer.delegated_to else ()
        same = was.parameter("SCHEDULE-STATUS") == status and known.participation == answer.participation
        if same and known.has_participation and known.delegated_to == delegates:
            return False
        item = was.without_parameters("PARTSTAT", "RSVP", "DELEGATED-TO", "SCHEDULE-STATUS")
        if "RSVP" in given:
            item = item.with_parameter("RSVP", "FALSE" if answer.refuses_mail else "TRUE")
        if delegates:
            item = item.with_parameter("DELEGATED-TO", [f"mailto:{each}" for each in delegates])
        item = item.with_parameter("PARTSTAT", answer.participation).with_parameter("SCHEDULE-STATUS", status)
        target.exchange(was, with_last_answer(item, *self._order(target, part)))
        if answer.delegated_to:
            self._put_delegates(target, delegates, part, is_new)
        return True

    def _delegates(self, target: Component, answer: Participant, is_new: bool) -> tuple[str, ...]:
        """Whom the sender sends instead (RFC 5546 3.2.2.3), as many as there may be: they take the place of those whom
        he has sent before.
        """
        people, standing = attendees(target), self._counted()
        before = self._sent_by_sender(target)
        elsewhere = set(+standing if is_new else standing - Counter(before))
        found: list[str] = []
        new: set[str] = set()
        for address in answer.delegated_to[:_MOST_DELEGATES]:
            if address in before or address not in people:
                if len(elsewhere | new | {address}) > _MOST_DELEGATES:
                    continue
                if address not in self._everybody | new and not self._has_room(len(new)):
                    continue
                new.add(address)
            found.append(address)
        return tuple(found)

    def _has_room(self, more: int) -> bool:
        """Whether one more can be sent, so that the organizer can still write to all."""
        most = self.options.max_recipients - 1
        return len(self._sent) + more < _MOST_SENT and len(self._everybody) + more < most

    def _counted(self) -> Counter[str]:
        if self._standing is None:
            self._standing = Counter()
            for key in self.present.parts:
                for address, each in self.present.people(key).items():
                    self._everybody.add(address)
                    if each.delegated_from:
                        self._sent.add(address)
                        self._standing[address] += each.delegated_from == (self.sender,)
        return self._standing

    def _sent_by_sender(self, target: Component) -> dict[str, int]:
        people = attendees(target).items()
        return {address: 1 for address, each in people if each.delegated_from == (self.sender,)}

    def _put_delegates(self, target: Component, delegates: Collection[str], part: Component, is_new: bool) -> None:
        people, named, standing = attendees(target), attendees(part), self._counted()
        before = self._sent_by_sender(target)
        if not is_new:
            standing.subtract(before)
        for address in before:
            if address not in delegates:
                target.exchange(people[address].item, None)
        for address in delegates:
            if address not in people:
                item = delegate_property(address, self.sender)
                name = named[address].item.parameter("CN") if address in named else None
                target.properties.append(item.with_parameter("CN", name[:_LONGEST_NAME]) if name else item)
                self._sent.add(address)
                self._everybody.add(address)
        standing.update(self._sent_by_sender(target))

    def _take_progress(self, target: Component, part: Component) -> bool:
        if target.name != "VTODO":
            return False
        is_changed = False
        for name in PROGRESS:
            item = part.first(name)
            if item is not None and _is_progress(item) and target.first(name) != item:
                target.put(item)
                is_changed = True
        return is_changed


def _statuses(part: Component) -> list[str]:
    """The codes of REQUEST-STATUS (RFC 5545 3.8.8.3)."""
    found = (_STATUS.match(item.value) for item in part.all("REQUEST-STATUS")[:5])
    return list(dict.fromkeys(each.group(1) for each in found if each is not None))


def _is_progress(item: Property) -> bool:
    """Whether it can be what an attendee says of a task."""
    value = item.value.strip()
    if item.name == "STATUS":
        return value.upper() in _STATES
    if item.name == "PERCENT-COMPLETE":
        return value.isascii() and value.isdecimal() and int(value[:4]) <= 100
    try:
        moment_of(item)
    except MalformedValue:
        return False
    return True
