"""ORGANIZER and ATTENDEE as organizerCalendarAddress and participants (RFC 8984 4.4.6, RFC 5545 3.8.4, RFC 6638 7).

The organizer is a participant of his own where his ORGANIZER names him, or where he attends; then he has the role
``owner``. Parameters that have no member stay on the property, as long as the participant stays.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.jscalendar.reading import (
    Aspect,
    Ids,
    Reading,
    Writing,
    identified,
    named,
    write_items,
)
from stalwart.codec.jscalendar.values import Json, derived_id

KINDS: Final = {"INDIVIDUAL": "individual", "GROUP": "group", "RESOURCE": "resource", "ROOM": "location"}
ROLES: Final = {
    "REQ-PARTICIPANT": "required",
    "OPT-PARTICIPANT": "optional",
    "NON-PARTICIPANT": "informational",
    "CHAIR": "chair",
}
STATUSES: Final = {
    "NEEDS-ACTION": "needs-action",
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
}
_PROGRESS: Final = {"IN-PROCESS": "in-process", "COMPLETED": "completed"}
AGENTS: Final = {"SERVER": "server", "CLIENT": "client", "NONE": "none"}

_TOKENS: Final = (
    ("CUTYPE", "kind", KINDS),
    ("PARTSTAT", "participationStatus", STATUSES),
    ("SCHEDULE-AGENT", "scheduleAgent", AGENTS),
    ("PARTSTAT", "progress", _PROGRESS),
)
_TEXTS: Final = (("CN", "name"), ("EMAIL", "email"), ("LANGUAGE", "language"))
_SETS: Final = (("DELEGATED-TO", "delegatedTo"), ("DELEGATED-FROM", "delegatedFrom"), ("MEMBER", "memberOf"))
_BARE = re.compile(r"[^\s:<>\"@]+@[^\s:<>\"@]+\Z")
_OF_ORGANIZERS: Final = frozenset({"@type", "name", "email", "calendarAddress", "roles"})


def same_address(one: str, other: str) -> bool:
    """Whether two calendar addresses are one."""
    return one == other or one.strip().casefold() == other.strip().casefold()


def address_id(item: Property) -> str:
    """The Id of whoever a property names, if nothing else was given."""
    return derived_id(item.value.strip().casefold())


def _address(item: Property) -> str:
    """A calendar address; what is an e-mail address without a scheme is one all the same."""
    text = item.value.strip()
    return f"mailto:{text}" if _BARE.match(text) is not None else text


def _participant(item: Property, is_task: bool) -> Json:
    made: Json = {"@type": "Participant", "calendarAddress": _address(item)}
    given = item.parameters
    for name, values in given.items():
        read = _MEMBERS.get(name)
        if read is not None:
            read(made, values, is_task)
    return made


def _text_member(key: str) -> Any:
    def read(made: Json, values: tuple[str, ...], is_task: bool) -> None:
        if values[0]:
            made[key] = values[0] if len(values) == 1 else ",".join(values)

    return read


def _set_member(key: str) -> Any:
    def read(made: Json, values: tuple[str, ...], is_task: bool) -> None:
        found = {each: True for each in values if each}
        if found:
            made[key] = found

    return read


def _token_member(key: str, meanings: dict[str, str]) -> Any:
    def read(made: Json, values: tuple[str, ...], is_task: bool) -> None:
        value = meanings.get(values[0].upper())
        if value is not None:
            made[key] = value

    return read


def _read_partstat(made: Json, values: tuple[str, ...], is_task: bool) -> None:
    token = values[0].upper()
    if token in STATUSES:
        made["participationStatus"] = STATUSES[token]
    elif is_task and token in _PROGRESS:
        made["participationStatus"], made["progress"] = "accepted", _PROGRESS[token]


def _read_role(made: Json, values: tuple[str, ...], is_task: bool) -> None:
    role = ROLES.get(values[0].upper())
    if role is not None:
        made["roles"] = {role: True}


def _read_rsvp(made: Json, values: tuple[str, ...], is_task: bool) -> None:
    token = values[0].upper()
    if token in ("TRUE", "FALSE"):
        made["expectReply"] = token == "TRUE"


def _read_sent_by(made: Json, values: tuple[str, ...], is_task: bool) -> None:
    text = values[0]
    if text[:7].lower() == "mailto:" and len(text) > 7:
        made["sentBy"] = text[7:]


def _read_schedule_status(made: Json, values: tuple[str, ...], is_task: bool) -> None:
    codes = [each.strip() for value in values for each in value.split(",") if each.strip()]
    if codes:
        made["scheduleStatus"] = codes


_MEMBERS: Final = {
    **{name: _text_member(key) for name, key in _TEXTS},
    **{name: _set_member(key) for name, key in _SETS},
    **{name: _token_member(key, meanings) for name, key, meanings in _TOKENS if name != "PARTSTAT"},
    "PARTSTAT": _read_partstat,
    "ROLE": _read_role,
    "RSVP": _read_rsvp,
    "SENT-BY": _read_sent_by,
    "SCHEDULE-STATUS": _read_schedule_status,
}


def _read(reading: Reading) -> None:
    items, organizer = reading.take("ATTENDEE"), reading.one("ORGANIZER")
    if not items and organizer is None:
        return
    found: Json = {key: _participant(item, reading.is_task) for key, item in identified(items, address_id)}
    if organizer is not None:
        address = _address(organizer)
        reading.made["organizerCalendarAddress"] = address
        present = [each for each in found.values() if same_address(each["calendarAddress"], address)]
        for each in present:
            each["roles"] = {"owner": True, **each.get("roles", {})}
        if not present and _is_named(organizer):
            ((key, item),) = identified([organizer], address_id)
            made = {key: value for key, value in _participant(item, False).items() if key in _OF_ORGANIZERS}
            found = {Ids(found).unused(key): {**made, "roles": {"owner": True}}, **found}
        elif present and organizer.parameter("CN"):
            present[0].setdefault("name", organizer.parameter("CN"))
    if found:
        reading.made["participants"] = found


def _is_named(organizer: Property) -> bool:
    return any(organizer.parameter(name) for name in ("CN", "EMAIL", "JSID"))


def _write(writing: Writing) -> None:
    component, address = writing.component, writing.new.get("organizerCalendarAddress")
    old, new = writing.old.get("participants") or {}, writing.new.get("participants") or {}
    present = identified(component.all("ATTENDEE"), address_id)
    attending = {key for key, _ in present}
    organizers = {
        key: each
        for key, each in new.items()
        if address is not None
        and key not in attending
        and same_address(each.get("calendarAddress", ""), address)
        and _is_only_organizer(each)
    }
    guests = {key: each for key, each in new.items() if key not in organizers}
    write_items(component, present, old, guests, partial(_line, writing.is_task), address_id)
    _write_organizer(writing, organizers, new)


def _is_only_organizer(given: Json) -> bool:
    return given.keys() <= _OF_ORGANIZERS and given.get("roles", {"owner": True}) == {"owner": True}


def _write_organizer(writing: Writing, organizers: Json, new: Json) -> None:
    component, address = writing.component, writing.new.get("organizerCalendarAddress")
    item = component.first("ORGANIZER")
    if address is None:
        component.remove("ORGANIZER")
        return
    if item is None:
        made = Property.made("ORGANIZER", address)
    elif _address(item) != address:
        made = item.without_parameters("CN", "EMAIL", "JSID", "SENT-BY", "DIR", "LANGUAGE").with_value(address)
    else:
        made = item
    if organizers:
        key, given = next(iter(organizers.items()))
        for name, member in (("CN", "name"), ("EMAIL", "email")):
            made = _with_text(made, name, given.get(member))
        made = named(made, key, address_id)
        if not _is_named(made):
            made = made.with_parameter("JSID", key)
    else:
        attends = [each for each in new.values() if same_address(each.get("calendarAddress", ""), address)]
        if not attends:
            made = made.without_parameters("CN", "EMAIL", "JSID")
        elif made.parameter("CN") and made.parameter("CN") != attends[0].get("name"):
            made = _with_text(made, "CN", attends[0].get("name"))
    if item is None:
        component.append(made)
    elif made is not item:
        component.exchange(item, made)


def _with_text(item: Property, name: str, text: str | None) -> Property:
    if text is None or not text:
        return item.without_parameters(name)
    return item if item.parameters.get(name) == (text,) else item.with_parameter(name, text)


def _line(is_task: bool, key: str, given: Json, over: Property | None) -> Property | None:
    """ATTENDEE for a participant, over the one that stood for him: what it says already is left as it is written."""
    address = given.get("calendarAddress")
    if not address:
        return None
    made = over if over is not None and _address(over) == address else None
    if made is None:
        made = Property.made("ATTENDEE", address) if over is None else over.with_value(address)
    said = _participant(made, is_task)
    for name, member in _TEXTS:
        if said.get(member) != given.get(member):
            made = _with_text(made, name, given.get(member))
    for name, member in _SETS:
        if said.get(member) != given.get(member):
            those = list(given.get(member) or ())
            made = made.with_parameter(name, those) if those else made.without_parameters(name)
    for name, wanted in _wanted_tokens(given, said):
        made = made.without_parameters(name) if wanted is None else made.with_parameter(name, wanted)
    return made


def _wanted_tokens(given: Json, said: Json) -> list[tuple[str, str | list[str] | None]]:
    """The parameters of one word that have to change."""
    wanted: list[tuple[str, str | list[str] | None]] = []
    for name, member, meanings in _TOKENS:
        if name != "PARTSTAT" and said.get(member) != given.get(member):
            wanted.append((name, _token(meanings, given.get(member))))
    if any(said.get(member) != given.get(member) for member in ("participationStatus", "progress")):
        progress = _token(_PROGRESS, given.get("progress"))
        wanted.append(("PARTSTAT", progress or _token(STATUSES, given.get("participationStatus"))))
    roles = {role for role in given.get("roles") or {} if role != "owner"}
    if set(said.get("roles") or {}) != roles:
        chosen = next((token for token in ("CHAIR", *ROLES) if ROLES[token] in roles), None)
        wanted.append(("ROLE", chosen))
    if said.get("expectReply") != given.get("expectReply"):
        reply = given.get("expectReply")
        wanted.append(("RSVP", None if reply is None else ("TRUE" if reply else "FALSE")))
    if said.get("sentBy") != given.get("sentBy"):
        sender = given.get("sentBy")
        wanted.append(("SENT-BY", sender and f"mailto:{sender}"))
    if said.get("scheduleStatus") != given.get("scheduleStatus"):
        codes = given.get("scheduleStatus")
        wanted.append(("SCHEDULE-STATUS", ",".join(codes) if codes else None))
    return wanted


def _token(meanings: dict[str, str], value: str | None) -> str | None:
    return next((token for token, meaning in meanings.items() if meaning == value), None)


PEOPLE: Final = Aspect(("participants", "organizerCalendarAddress"), _read, _write)
