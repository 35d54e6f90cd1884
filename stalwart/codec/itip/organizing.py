"""The organizer writes or deletes an object: whom to invite, tell, and take the invitation back from (RFC 6638 3.2.1).

Everybody gets what concerns them: the series without the instances that they are not invited to, or only the instances
that they are. Recipients who get the same share one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from attrs import Factory, define

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.discretion import hides_people, without_people
from stalwart.codec.icalendar.instances import sequence_of
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.itip.differences import RESCHEDULING, changed_names, has_other_people
from stalwart.codec.itip.facts import Facts
from stalwart.codec.itip.messages import cancel_part, exception, first_facts, message, request_part
from stalwart.codec.itip.objects import Key, SchedulingObject, bounded, is_cancelled
from stalwart.codec.itip.outcomes import ItipMessage, Method, Options, Outcome, SchedulingRefused, TagStep
from stalwart.codec.itip.participants import (
    DECLINED,
    NEEDS_ACTION,
    NOBODY,
    PENDING,
    Participant,
    kept_people,
    unreachable,
    without_scheduling,
)
from stalwart.codec.itip.rescheduling import asked_anew


def organizer_creates(new: SchedulingObject, options: Options) -> Outcome:
    """An object is new: those who have not answered are invited. All are who were told that it does not take place."""
    plan = _Plan(options, new)
    if options.called_off is not None:
        asked = list(plan.concerned(new))
    else:
        waiting = _waiting(new)
        asked = [address for address, each in new.invited().items() if address in waiting and plan.is_written_to(each)]
    plan.refuse_more_than(len(asked))
    for address in asked:
        plan.whole(address)
    told = plan.told_of()
    least = options.called_off or 0
    plan.sequences = {key: max(sequence_of(part), least) + 1 for key, part in new.parts.items() if key in told}
    return plan.outcome(has_alarms=True)


def organizer_changes(old: SchedulingObject, new: SchedulingObject, options: Options) -> Outcome:
    """An object is changed. Raises SchedulingRefused."""
    if (old.master is None) != (new.master is None):
        raise SchedulingRefused("ATTENDEE_CHANGE", "The series itself cannot be added or taken away.")
    moved = asked_anew(old, new, options.addresses)
    new = moved or new
    plan = _Plan(options, new, old, is_touched=moved is not None)
    changed = _changes(old, new)
    added = [key for key in new.parts if key not in old.parts]
    removed = [key for key in old.parts if key not in new.parts]
    plan.sequences = _sequences(old, new, changed)
    # An instance that is as the series has it again is told with the series.
    is_main = None in changed or any(new.has_instance(key) for key in removed)
    parts = bounded([*added, *removed, *(key for key in changed if key is not None)])
    invited = new.invited()
    people = plan.concerned(old, new)
    if not is_main and not parts:
        people = {address: each for address, each in people.items() if each.force == "REQUEST"}
    plan.refuse_more_than(len(people))
    for address, each in people.items():
        if address not in invited:
            plan.taken_back(address)
        elif plan.is_written_to(invited[address]):
            is_in_series = address in new.people(None)
            if each.force == "REQUEST" or (is_main and is_in_series):
                plan.whole(address)
            elif address in old.people(None) and not is_in_series:
                plan.only_instances(address)
            else:
                plan.instances(address, parts)
    return plan.outcome(has_alarms=False)


def organizer_deletes(old: SchedulingObject, options: Options) -> Outcome:
    """An object is deleted, or nobody is invited by it any more: all are told that it does not take place."""
    plan = _Plan(options, old, old)
    people = plan.concerned(old)
    plan.refuse_more_than(len(people))
    for address in people:
        plan.taken_back(address, names_all=True)
    return Outcome(None, TagStep.DROP if options.is_tagged else TagStep.KEEP, plan.messages())


def full_request(source: SchedulingObject, recipient: str, options: Options) -> ItipMessage | None:
    """What an attendee is told who asks how it stands (REFRESH, RFC 5546 3.2.6)."""
    plan = _Plan(options, source)
    plan.whole(recipient)
    return next(iter(plan.messages()), None)


@define
class _Plan:
    """Who gets what."""

    options: Options
    new: SchedulingObject
    old: SchedulingObject | None = None
    sequences: dict[Key, int] = Factory(dict)
    """SEQUENCE of the components of ``new``, where it is another than what is written."""
    is_touched: bool = False
    """Whether ``new`` is not as it was written."""
    _asked: dict[str, tuple[Method, tuple[Key, ...]]] = Factory(dict)
    _cancelled: dict[str, tuple[tuple[Key, ...], bool]] = Factory(dict)

    def is_written_to(self, each: Participant) -> bool:
        """Whether mail goes to somebody at all."""
        if each.address in self.options.addresses or not each.is_ours:
            return False
        return not each.refuses_mail or each.force == "REQUEST"

    def may_be_told(self, each: Participant) -> bool:
        """Whether somebody has to do with it still."""
        return self.is_written_to(each) and _takes_part(each)

    def concerned(self, *objects: SchedulingObject) -> dict[str, Participant]:
        """Those who have to do with any instance still; as the last of the objects says."""
        found: dict[str, Participant] = {}
        for each in objects:
            here: dict[str, Participant] = {}
            for key in each.parts:
                for address, person in each.people(key).items():
                    if address not in here and self.may_be_told(person):
                        here[address] = person
            found.update(here)
        return found

    def told_of(self) -> set[Key]:
        """The components that anybody is told of."""
        return {key for _, keys in self._asked.values() for key in keys}

    def refuse_more_than(self, count: int) -> None:
        """Raises SchedulingRefused if so many people are too many."""
        if count >= self.options.max_recipients:
            text = f"Fewer than {self.options.max_recipients} people can be invited."
            raise SchedulingRefused("TOO_MANY_ATTENDEES", text)

    def whole(self, address: str) -> None:
        """The full REQUEST, for those who have not declined all of it."""
        keys = tuple(key for key in self.new.parts if address in self.new.people(key))
        if any(_takes_part(self.new.people(key)[address]) for key in keys):
            self._asked[address] = "REQUEST", keys

    def only_instances(self, address: str) -> None:
        """Somebody is not invited to the series any more, but to instances of it."""
        self.taken_back(address)
        self.whole(address)

    def instances(self, address: str, parts: Iterable[Key]) -> None:
        """What concerns somebody of the instances that were changed, added, taken away."""
        asked: dict[Method, list[Key]] = {"REQUEST": [], "ADD": [], "CANCEL": []}
        for key in parts:
            method = self._told(address, key)
            if method is not None:
                asked[method].append(key)
        requests, additions, cancelled = asked.values()
        if sum(map(bool, asked.values())) > 1 and address in self.new.people(None):
            self.whole(address)
            return
        if requests:
            self._asked[address] = "REQUEST", (*requests, *additions)
        elif additions:
            self._asked[address] = "ADD", tuple(additions)
        if cancelled:
            self._cancelled[address] = tuple(cancelled), False

    def _told(self, address: str, key: Key) -> Method | None:
        """What somebody is told of an instance that is not as it was."""
        old, new = self.old or self.new, self.new
        before = old.people(key if key in old.parts else None).get(address)
        now = new.people(key).get(address)
        if now is None or key not in new.parts:
            return "CANCEL" if before is not None and _takes_part(before) else None
        if not _takes_part(now):
            return None
        if key in old.parts or before is None:
            return "REQUEST"
        return "CANCEL" if is_cancelled(new.parts[key]) else "ADD"

    def taken_back(self, address: str, *, names_all: bool = False) -> None:
        """Somebody is not invited any more, to nothing of it."""
        old = self.old
        if old is None:
            return
        each = ((key, old.people(key).get(address)) for key in old.parts)
        told: list[Key] = [key for key, person in each if person is not None and self.may_be_told(person)]
        if None in told:
            told = [None]
        if told:
            self._cancelled[address] = tuple(bounded(told)), names_all

    def outcome(self, *, has_alarms: bool) -> Outcome:
        """All of it. Raises SchedulingRefused if too many are written to."""
        messages = self.messages(has_alarms=has_alarms)
        tag = TagStep.KEEP
        if self.options.is_tagged:
            tag = TagStep.NEXT
        elif messages:
            tag = TagStep.FIRST
        return Outcome(self._stored(), tag, messages)

    def messages(self, *, has_alarms: bool = False) -> tuple[ItipMessage, ...]:
        """One for all who get the same."""
        self.refuse_more_than(len(self._asked.keys() | self._cancelled.keys()))
        found = list(self._cancellations())
        prepared: dict[Key, Component] = {}
        exceptions: dict[Key, list[Property]] = {}
        facts: dict[Key, Facts] = {}
        asked: dict[tuple[Method, tuple[Key, ...], tuple[Key, ...], str | None], list[str]] = {}
        for address, (method, keys) in self._asked.items():
            alone = address if self._hides_people else None
            asked.setdefault((method, keys, self._missing(address, keys), alone), []).append(address)
        for (method, keys, missing, alone), recipients in asked.items():
            parts: dict[Key, Component] = {}
            for key in keys:
                if key not in prepared:
                    sequence = self.sequences.get(key)
                    source = self.new.parts[key]
                    prepared[key] = request_part(source, self.options.now, sequence=sequence, has_alarms=has_alarms)
                parts[key] = prepared[key]
            if missing:
                series = parts[None].copy()
                for key in missing:
                    if key not in exceptions:
                        exceptions[key] = exception(self.new.parts[key])
                    series.properties += exceptions[key]
                parts[None] = series
            first = prepared[keys[0]]
            if alone is not None:
                parts = {key: without_people(part, alone.__eq__) for key, part in parts.items()}
                first = parts[keys[0]]
            if keys[0] not in facts or alone is not None:
                facts[keys[0]] = first_facts({keys[0]: first}, self.new, before=self.old)
            found.append(message(method, self._sender(), recipients, parts, self.new, facts=facts[keys[0]]))
        return tuple(found)

    def _missing(self, address: str, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        """The instances of a series that somebody is not invited to who is invited to the series."""
        if None not in keys or len(keys) == len(self.new.parts):
            return ()
        return tuple(key for key in self.new.parts if address not in self.new.people(key))

    def _cancellations(self) -> Iterable[ItipMessage]:
        shared: dict[tuple[tuple[Key, ...], str | None], list[str]] = {}
        for address, (keys, names_all) in self._cancelled.items():
            shared.setdefault((keys, None if names_all and not self._hides_people else address), []).append(address)
        for (keys, only), recipients in shared.items():
            parts = {key: self._cancelled_part(key, only) for key in keys}
            yield message("CANCEL", self._sender(), recipients, parts, self.old or self.new)

    def _cancelled_part(self, key: Key, only: str | None) -> Component:
        old = self.old or self.new
        before, after = old.parts.get(key), self.new.parts.get(key)
        source = before or after
        assert source is not None
        sequence = max(sequence_of(before) + 1 if before is not None else 0, self.sequences.get(key, 0))
        if old.master is not None:
            sequence = max(sequence, sequence_of(old.master))
        made = cancel_part(source, self.options.now, sequence, None if only is None else (only,))
        if only is not None and not made.has("ATTENDEE"):
            each = old.invited().get(only)
            if each is not None:
                made.put(without_scheduling(each.item))
        return made

    @cached_property
    def _hides_people(self) -> bool:
        """Whether nobody is told who else takes part, now or before."""
        return hides_people(self.new.calendar) or (self.old is not None and hides_people(self.old.calendar))

    def _sender(self) -> str:
        organizer = self.new.organizer
        return organizer.address if organizer is not None else ""

    def _stored(self) -> Component | None:
        """The object as it is kept: SEQUENCE, and what the server has to say of people; None if it is as given."""
        statuses = {
            address: each.item.parameter("SCHEDULE-STATUS")
            for address, each in (self.old.invited() if self.old is not None else {}).items()
        }
        statuses.update(dict.fromkeys(self._asked, PENDING))
        for part in self.new.parts.values():
            statuses.update(dict.fromkeys(unreachable(part), NOBODY))
        kept = kept_people(self.new.calendar, statuses)
        stored = kept if kept is not None else self.new.calendar.copy()
        keys = {id(part): key for key, part in self.new.parts.items()}
        is_touched = self.is_touched or kept is not None
        for source, part in zip(self.new.calendar.components, stored.components, strict=True):
            sequence = self.sequences.get(keys[id(source)]) if id(source) in keys else None
            if sequence is not None and sequence != sequence_of(source):
                part.set("SEQUENCE", str(sequence))
                is_touched = True
        return stored if is_touched else None


def _sequences(old: SchedulingObject, new: SchedulingObject, changed: Mapping[Key, set[str]]) -> dict[Key, int]:
    """SEQUENCE of all components: never less than it was, and more where people have to look again (RFC 5546 2.1.4)."""
    found = {}
    master = max(sequence_of(each) for each in (old.master, new.master) if each is not None) if new.master else 0
    for key, part in new.parts.items():
        before = old.parts.get(key)
        if before is None:
            found[key] = max(sequence_of(part), master) + 1
            continue
        found[key] = max(sequence_of(before), sequence_of(part))
        names = changed.get(key, set())
        if names & RESCHEDULING or ("ATTENDEE" in names and has_other_people(before, part)):
            found[key] += 1
    return found


def _changes(old: SchedulingObject, new: SchedulingObject) -> dict[Key, set[str]]:
    """What is different in the components that both have; those in which nothing is are left out."""
    found = {}
    for key, part in new.parts.items():
        before = old.parts.get(key)
        if before is not None:
            names = changed_names(before, old.zones, part, new.zones)
            if names:
                found[key] = names
    return found


def _waiting(new: SchedulingObject) -> set[str]:
    """Those who have not answered yet, or are to be asked again."""
    return {
        address
        for key in new.parts
        for address, each in new.people(key).items()
        if each.participation == NEEDS_ACTION or each.force == "REQUEST"
    }


def _takes_part(each: Participant) -> bool:
    return each.participation != DECLINED or each.force == "REQUEST"
