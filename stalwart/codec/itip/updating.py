"""What the organizer says, in the copy of an attendee: REQUEST, ADD, CANCEL (RFC 5546 3.2, 3.4).

Of an attendee's copy the organizer's is what people are told of; alarms, X- properties, and all that is neither, stay
as the attendee has them. A cancelled event stays, too, as one that is cancelled: attendees delete it themselves. An
instance that an attendee has declined and taken out (EXDATE) stays out, until he is asked again (RFC 6638 3.2.2.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from stalwart.codec.icalendar.checking import check
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS, sequence_of
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.zones import named_zone
from stalwart.codec.itip.differences import changed_names, says_of_people
from stalwart.codec.itip.facts import Facts, facts_of
from stalwart.codec.itip.messages import named_zones
from stalwart.codec.itip.objects import (
    Key,
    SchedulingObject,
    bounded,
    derived,
    earlier,
    exceptions,
    is_cancelled,
    octets_of,
    read_object,
    without_people,
)
from stalwart.codec.itip.outcomes import Applied, Ignored, Method, Options, Reason, TagStep, TooLarge
from stalwart.codec.itip.participants import (
    DECLINED,
    NEEDS_ACTION,
    SCHEDULING_PARAMETERS,
    Participant,
    one_of,
    participant,
    without_scheduling,
)

_ORGANIZERS: Final = ("URL", "GEO", "CONFERENCE")
"""Not significant, but nothing that attendees write: taken over where the organizer has them."""

_OWN: Final = ("CATEGORIES", "COLOR", "TRANSP")
_OWN_POINTERS: Final = ("useDefaultAlerts", "color", "keywords", "freeBusyStatus", "alerts")

_MOST_ALARMS: Final = 10
"""In an instance that is added."""

_MOST_DELEGATORS: Final = 10
_PEOPLE: Final = ("ATTENDEE", "ORGANIZER")


def invitation(said: SchedulingObject, options: Options) -> Applied | Ignored:
    """A REQUEST of something that is not stored."""
    if all(one_of(said.people(key), options.addresses) is None for key in said.parts):
        return Ignored(Reason.RECIPIENT_NOT_INVITED)
    calendar = said.calendar.copy()
    calendar.remove("METHOD")
    for part in calendar.components:
        if part.name == said.kind:
            part.properties = [item for item in _clean(part.properties) if not _is_own_extra(item)]
    check(calendar)
    return Applied("REQUEST", _facts(said, None), calendar, is_new=True, tag=TagStep.FIRST)


def update(
    said: SchedulingObject, present: SchedulingObject, options: Options, *, is_own: bool = False
) -> Applied | Ignored:
    """A REQUEST of something that is; with ``is_own`` the organizer's own word."""
    editing = _Editing(present, options.max_octets)
    master = said.master
    if master is not None and present.master is not None and sequence_of(master) < sequence_of(present.master):
        return Ignored(Reason.OUT_OF_SEQUENCE)
    given_up = _given_up(said, present, options)
    asked: set[Key] = set()
    is_stale = True
    for key in bounded(said.parts):
        part, mine = said.parts[key], editing.parts.get(key)
        if mine is None:
            if key not in given_up:
                editing.append(_added(part, present))
                asked.add(key)
        elif sequence_of(part) >= sequence_of(mine):
            own = given_up if key is None else {}
            editing.is_changed |= _merge(mine, part, said, present, options, own)
        else:
            continue
        is_stale = False
    if is_stale:
        return Ignored(Reason.OUT_OF_SEQUENCE)
    if master is not None:
        editing.keep_only(said.parts)
    else:
        editing.take_in_again(asked)
    return editing.applied("REQUEST", said, options, is_own)


def add(
    said: SchedulingObject, present: SchedulingObject, options: Options, *, is_own: bool = False
) -> Applied | Ignored:
    """More instances (RFC 5546 3.2.4): by RECURRENCE-ID, or, without it, at another time than those of the series."""
    editing = _Editing(present, options.max_octets)
    asked: set[Key] = set()
    sequence = sequence_of(present.master) if present.master is not None else 0
    if all(sequence_of(part) < sequence for part in said.parts.values()):
        return Ignored(Reason.OUT_OF_SEQUENCE)
    for key in bounded(said.parts):
        part = said.parts[key]
        if key is None:
            start, master = part.first("DTSTART"), editing.parts.get(None)
            if start is None or master is None:
                continue
            recurrence = _renamed(start, "RECURRENCE-ID")
            key = present.key(recurrence)
            part = part.copy()
            part.put(recurrence)
            if key not in editing.parts and not present.has_instance(key):
                master.properties.append(_renamed(start, "RDATE"))
        if key not in editing.parts:
            editing.append(_added(part, present))
            editing.parts[key] = part
            asked.add(key)
    editing.take_in_again(asked)
    return editing.applied("ADD", said, options, is_own)


def cancel(
    said: SchedulingObject, present: SchedulingObject, options: Options, *, is_own: bool = False
) -> Applied | Ignored:
    """What does not take place (RFC 5546 3.2.5)."""
    editing = _Editing(present, options.max_octets)
    lean = without_people(present)
    is_stale = True
    for key in bounded(said.parts):
        part, mine = said.parts[key], editing.parts.get(key)
        if mine is not None:
            if sequence_of(part) < sequence_of(mine):
                continue
            editing.is_changed |= _cancelled(mine, part)
        elif key is not None:
            series = lean if part.has("ATTENDEE") else present
            editing.append(_cancelled_instance(part, said, series) if present.can_have(key) else None)
        is_stale = False
        if key is None:
            for each in editing.parts.values():
                if not is_cancelled(each):
                    each.set("STATUS", "CANCELLED")
                    editing.is_changed = True
    if is_stale:
        return Ignored(Reason.OUT_OF_SEQUENCE)
    return editing.applied("CANCEL", said, options, is_own)


def delegate(said: SchedulingObject, present: SchedulingObject, sender: str, options: Options) -> Applied | Ignored:
    """A REQUEST of an attendee to one who is invited already (RFC 5546 3.2.2.3): only that the one comes for the other
    is taken from it.
    """
    editing = _Editing(present, options.max_octets)
    for key in bounded(said.parts):
        part, people = editing.parts.get(key), present.people(key)
        me, other = one_of(people, options.addresses), people.get(sender)
        if part is None or me is None or other is None or me.address == sender:
            continue
        if me.address not in other.delegated_to:
            names = {"PARTSTAT": "DELEGATED", "DELEGATED-TO": f"mailto:{me.address}"}
            _exchange(part, other.item, names)
            editing.is_changed = True
        if sender not in me.delegated_from and len(me.delegated_from) < _MOST_DELEGATORS:
            _exchange(part, me.item, {"DELEGATED-FROM": [f"mailto:{each}" for each in (*me.delegated_from, sender)]})
            editing.is_changed = True
    if not editing.is_changed:
        return Ignored(Reason.UNCHANGED)
    check(editing.calendar)
    tag = TagStep.NEXT if options.is_tagged else TagStep.FIRST
    return Applied("REQUEST", _facts(read_object(editing.calendar), present), editing.calendar, tag=tag)


def _exchange(part: Component, item: Property, parameters: Mapping[str, str | list[str]]) -> None:
    changed = item
    for name, value in parameters.items():
        changed = changed.with_parameter(name, value)
    part.exchange(item, changed)


class _Editing:
    """The stored object while it is changed."""

    def __init__(self, present: SchedulingObject, room: int) -> None:
        self.present = present
        self.calendar = present.calendar.copy()
        keys = {id(part): key for key, part in present.parts.items()}
        pairs = zip(present.calendar.components, self.calendar.components, strict=True)
        self.parts: dict[Key, Component] = {keys[id(source)]: copy for source, copy in pairs if id(source) in keys}
        self.is_changed = False
        self.room = room

    def append(self, part: Component | None) -> None:
        """A component more."""
        if part is not None:
            self.room -= octets_of(part)
            if self.room < 0:
                raise TooLarge
            self.calendar.components.append(part)
            self.is_changed = True

    def keep_only(self, keys: Iterable[Key]) -> None:
        """Of the components that were stored, only these."""
        kept = set(keys)
        gone = {id(part) for key, part in self.parts.items() if key not in kept}
        if gone:
            self.calendar.components = [each for each in self.calendar.components if id(each) not in gone]
            self.is_changed = True

    def take_in_again(self, keys: Collection[Key]) -> None:
        """Instances that the attendee has taken out, and that he is asked for again."""
        master = self.parts.get(None)
        if master is None or not keys or not master.has("EXDATE"):
            return
        kept = [_renamed(each, "EXDATE") for each in exceptions(master) if self.present.key(each) not in keys]
        if len(kept) < sum(1 for _ in exceptions(master)):
            master.remove("EXDATE")
            master.put(*kept)

    def _take_organizer(self, head: Participant) -> None:
        """Who speaks for the organizer (SENT-BY) is what the organizer says, of all components."""
        for part in self.calendar.components:
            item = part.first("ORGANIZER")
            if item is None or without_scheduling(item).parameters == without_scheduling(head.item).parameters:
                continue
            own = {each: item.parameters[each] for each in SCHEDULING_PARAMETERS if each in item.parameters}
            taken = without_scheduling(head.item)
            for name, values in own.items():
                taken = taken.with_parameter(name, values)
            part.put(taken)
            self.is_changed = True

    def applied(self, method: Method, said: SchedulingObject, options: Options, is_own: bool) -> Applied | Ignored:
        """The object as it is now."""
        if is_own and said.organizer is not None:
            self._take_organizer(said.organizer)
        if not self.is_changed:
            return Ignored(Reason.UNCHANGED)
        take_zones(self.calendar, said.calendar)
        check(self.calendar)
        tag = TagStep.NEXT if options.is_tagged else TagStep.FIRST
        return Applied(method, _facts(said, None if method == "CANCEL" else self.present), self.calendar, tag=tag)


def _facts(said: SchedulingObject, present: SchedulingObject | None) -> Facts:
    key, part = next(iter(said.parts.items()))
    before = earlier(present, key, part, said.zones) if present is not None else None
    zones_before = present.zones if present is not None else None
    return facts_of(part, said.zones, instances=len(said.parts), before=before, zones_before=zones_before)


def _clean(items: Iterable[Property]) -> list[Property]:
    """Without what is between a client and its own server, and without the state of a request."""
    return [
        without_scheduling(item) if item.name in _PEOPLE else item for item in items if item.name != "REQUEST-STATUS"
    ]


def _given_up(said: SchedulingObject, present: SchedulingObject, options: Options) -> dict[Key, Property]:
    """The instances that the attendee has taken out, of which the organizer knows that he does not come; RECURRENCE-ID
    of each.
    """
    found: dict[Key, Property] = {}
    for each in exceptions(present.master) if present.master is not None and said.master is not None else ():
        key = present.key(each)
        me = one_of(said.people(key), options.addresses) if key in said.parts and key not in present.parts else None
        if me is not None and me.participation == DECLINED and me.force != "REQUEST":
            found[key] = each
    return found


def _without(mine: Component, present: SchedulingObject, keys: Mapping[Key, Property]) -> list[Property]:
    """EXDATE of a series without some of its instances."""
    return [_renamed(each, "EXDATE") for each in exceptions(mine) if present.key(each) not in keys]


def _merge(
    mine: Component,
    part: Component,
    said: SchedulingObject,
    present: SchedulingObject,
    options: Options,
    given_up: Mapping[Key, Property],
) -> bool:
    """Take over what is significant; whether anything is different. Files that the attendee has attached stay, and the
    instances that he has taken out.
    """
    attached = [each for each in mine.all("ATTACH") if each.parameter("MANAGED-ID") in options.attached]
    for each in attached:
        mine.exchange(each, None)
    known = mine
    if given_up:
        others = [each for each in mine.properties if each.name != "EXDATE"]
        known = Component(mine.name, [*others, *_without(mine, present, given_up)])
    names = changed_names(known, present.zones, part, said.zones, has_people=False)
    names.update(name for name in _ORGANIZERS if part.has(name) and part.all(name) != mine.all(name))
    for name in names:
        items = part.all(name)
        if name == "EXDATE":
            items += [_renamed(each, "EXDATE") for each in given_up.values()]
        if items:
            mine.put(*items)
        else:
            mine.remove(name)
    mine.properties += attached
    people = says_of_people(mine)
    is_rescheduled = sequence_of(part) > sequence_of(mine)
    _take_people(mine, part, () if is_rescheduled else options.addresses)
    for name in ("DTSTAMP", "SEQUENCE"):
        item = part.first(name)
        if item is not None:
            mine.put(item)
    return bool(names) or is_rescheduled or says_of_people(mine) != people


def _take_people(mine: Component, part: Component, answered: Iterable[str]) -> None:
    """The attendees as the organizer has them; but an answer that the organizer does not know yet is kept."""
    own = {}
    kept = frozenset(answered)
    for item in mine.all("ATTENDEE") if kept else ():
        each = participant(item)
        if each is not None and each.address in kept and each.participation != NEEDS_ACTION:
            own[each.address] = item
    items = []
    for item in part.all("ATTENDEE"):
        each = participant(item)
        if each is not None and each.address in own and each.participation == NEEDS_ACTION:
            items.append(own[each.address])
        else:
            items.append(without_scheduling(item))
    mine.put(*items)


def _added(part: Component, present: SchedulingObject) -> Component:
    """An instance that the organizer has added, or made another one, with what the attendee has of his own in the
    series: alarms, colour, categories, and whether it takes up time.
    """
    series = present.master
    alarms = series.within("VALARM")[:_MOST_ALARMS] if series is not None else []
    properties = [item for item in _clean(part.properties) if not item.name.startswith("X-")]
    if series is not None:
        own = [item for item in _clean(series.properties) if _is_own(item)]
        properties = [*(item for item in properties if not _is_own(item)), *own]
    inner = [each.copy() for each in part.components if each.name != "VALARM"]
    return Component(part.name, properties, [*inner, *(each.copy() for each in alarms)])


def _is_own(item: Property) -> bool:
    """Whether a line says what each who takes part has of his own (draft-ietf-jmap-calendars 5.2)."""
    return item.name in _OWN or _is_own_extra(item)


def _is_own_extra(item: Property) -> bool:
    """The same of those that have no line; nobody says them to others."""
    return item.name == "JSPROP" and (item.parameter("JSPTR") or "").partition("/")[0] in _OWN_POINTERS


def _cancelled(mine: Component, part: Component) -> bool:
    before = list(mine.properties)
    if part.has("ATTENDEE"):
        _take_people(mine, part, ())
    if not is_cancelled(mine):
        mine.set("STATUS", "CANCELLED")
    for name in ("DTSTAMP", "SEQUENCE"):
        item = part.first(name)
        if item is not None and (name == "SEQUENCE" or mine.properties != before):
            mine.put(item)
    return mine.properties != before


def _cancelled_instance(part: Component, said: SchedulingObject, series: SchedulingObject) -> Component | None:
    """An instance, as one that is cancelled; None if it cannot be said which."""
    recurrence = part.first("RECURRENCE-ID")
    if recurrence is None:
        return None
    if series.master is None:
        made: Component | None = Component(part.name, _clean(part.properties))
    else:
        made = derived(series, recurrence, said.zones)
    if made is not None:
        made.components = [each for each in made.components if each.name != "VALARM"]
        _cancelled(made, part)
    return made


def _renamed(item: Property, name: str) -> Property:
    parameters = {each: item.parameters[each] for each in ("TZID", "VALUE") if each in item.parameters}
    return Property.made(name, item.value, parameters)


def take_zones(calendar: Component, message: Component) -> None:
    """The time zones that a message brings, where the object names them and does not know them better."""
    wanted = {each.strip() for each in named_zones(part for part in calendar.components if part.name in KINDS)}
    own = {(each.value("TZID") or "").strip(): each for each in calendar.components if each.name == "VTIMEZONE"}
    for each in message.components:
        tzid = (each.value("TZID") or "").strip()
        if each.name != "VTIMEZONE" or tzid not in wanted:
            continue
        known = own.get(tzid)
        if known is None:
            own[tzid] = each
            calendar.components.insert(0, each)
        elif named_zone(tzid) is None and known.lines() != each.lines():
            # Some programs give one name to all zones that have none.
            calendar.components[calendar.components.index(known)] = each
            own[tzid] = each
