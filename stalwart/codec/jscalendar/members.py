"""What members of JSCalendar objects may be (RFC 8984 1.4, 4; draft-ietf-calext-jscalendarbis 4), as judges of values.

A judge notes what is wrong where. Members that nobody knows are not judged: whoever adds one knows what it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from stalwart.codec.icalendar.values import MalformedValue
from stalwart.codec.jscalendar.patches import escaped
from stalwart.codec.jscalendar.rules import rule_problem
from stalwart.codec.jscalendar.values import BLOB_ID, FLAGS, ID, duration, local_seconds, utc_seconds

MAX_ENTRIES: Final = 1000
"""In one map."""
_MOST_PROBLEMS: Final = 30

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f<>\"]+\Z")
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>\"@]+@[^\s\x00-\x1f\x7f<>\"@]+\Z")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;[^\x00-\x1f\x7f]*)?\Z")
LANGUAGE: Final = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*\Z", re.ASCII)
_NO_UID = re.compile(r"\A\s|\s\Z|[\x00-\x1f\x7f-\x9f]")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z|[A-Za-z]{3,30}\Z")


class Problems:
    """What was found, up to a bound."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, pointer: str, text: str) -> None:
        """Note a problem."""
        if len(self.found) < _MOST_PROBLEMS:
            self.found.append((pointer, text))

    @property
    def is_full(self) -> bool:
        """Whether more would not be noted."""
        return len(self.found) >= _MOST_PROBLEMS


Judge: TypeAlias = Callable[[Problems, str, Any], None]


def _that(test: Callable[[Any], bool], text: str) -> Judge:
    def judge(problems: Problems, pointer: str, value: Any) -> None:
        if not test(value):
            problems.add(pointer, text)

    return judge


def _matching(form: re.Pattern[str], text: str) -> Judge:
    return _that(lambda value: isinstance(value, str) and form.match(value) is not None, text)


def _whole(lowest: int, highest: int) -> Judge:
    return _that(
        lambda value: type(value) is int and lowest <= value <= highest, f"This is a number from {lowest} to {highest}."
    )


def _word(*known: str) -> Judge:
    """One of some words, or one of a vendor (RFC 8984 3.3)."""
    return _that(
        lambda value: isinstance(value, str) and (value in known or ":" in value),
        f"This is one of {', '.join(known)}.",
    )


def _read_by(read: Callable[[str], object]) -> Judge:
    def judge(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, str):
            problems.add(pointer, "This is a String.")
            return
        try:
            read(value)
        except MalformedValue as problem:
            problems.add(pointer, str(problem))

    return judge


def _positive(text: str) -> None:
    if text[:1] in "+-":
        raise MalformedValue("A duration has no sign here.")
    duration(text)


def _set(key: Judge | None = None) -> Judge:
    def judge(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, dict) or len(value) > MAX_ENTRIES or any(each is not True for each in value.values()):
            problems.add(pointer, f"This is a set of {MAX_ENTRIES} at most: each value is true.")
        elif key is not None:
            for each in value:
                key(problems, f"{pointer}/{escaped(each)}", each)

    return judge


def _map(inner: Judge, *, has_ids: bool = True) -> Judge:
    def judge(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
            problems.add(pointer, f"This is an object of {MAX_ENTRIES} entries at most.")
            return
        for key, each in value.items():
            where = f"{pointer}/{escaped(key)}"
            if has_ids and ID.match(key) is None:
                problems.add(where, "This is no Id.")
            else:
                inner(problems, where, each)

    return judge


def _object(kind: str, members: Mapping[str, Judge], *, needs: tuple[str, ...] = ()) -> Judge:
    def judge(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, dict) or value.get("@type", kind) != kind:
            problems.add(pointer, f"This is an object of type {kind}.")
            return
        for key, each in value.items():
            known = members.get(key)
            if known is not None:
                known(problems, f"{pointer}/{escaped(key)}", each)
        for key in needs:
            if key not in value:
                problems.add(f"{pointer}/{key}", "This has to be given.")

    return judge


def _trigger(problems: Problems, pointer: str, value: Any) -> None:
    kind = value.get("@type", "OffsetTrigger") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        problems.add(pointer, "This is an OffsetTrigger or an AbsoluteTrigger.")
    elif kind == "AbsoluteTrigger":
        _object(kind, {"when": UTC}, needs=("when",))(problems, pointer, value)
    elif kind == "OffsetTrigger":
        members = {
            "offset": SIGNED,
            "relativeTo": _that(lambda each: each in ("start", "end"), "This is start or end."),
        }
        _object(kind, members, needs=("offset",))(problems, pointer, value)


def _rule(problems: Problems, pointer: str, value: Any) -> None:
    problem = rule_problem(value)
    if problem is not None:
        problems.add(f"{pointer}/{problem[0]}".rstrip("/"), problem[1])


TEXT: Final = _that(lambda value: isinstance(value, str), "This is a String.")
BOOLEAN: Final = _that(lambda value: isinstance(value, bool), "This is a Boolean.")
LOCAL: Final = _read_by(local_seconds)
UTC: Final = _read_by(utc_seconds)
SIGNED: Final = _read_by(duration)
LENGTH: Final = _read_by(_positive)
URI: Final = _matching(_URI, "This is no URI.")
_UNSIGNED: Final = _whole(0, 2**53 - 1)
_MEDIA: Final = _matching(_MEDIA_TYPE, "This is no media type.")
_EMAIL: Final = _matching(_ADDRESS, "This is no e-mail address.")
_WORDS: Final = _set()
_UID: Final = _that(
    lambda value: isinstance(value, str) and 0 < len(value) <= 1024 and _NO_UID.search(value) is None,
    "A uid has 1 to 1024 characters, and no spaces around it.",
)

_RELATION: Final = _object("Relation", {"relation": _WORDS})
_LINK: Final = _object(
    "Link",
    {
        "href": URI,
        "contentType": _MEDIA,
        "size": _UNSIGNED,
        "rel": _matching(re.compile(r"[^\s\x00-\x1f\x7f\"]{1,255}\Z"), "This is no relation of a link."),
        "display": _WORDS,
        "title": TEXT,
        BLOB_ID: _that(lambda value: False, "Here links name no blobs."),
    },
    needs=("href",),
)
_LOCATION: Final = _object(
    "Location",
    {
        "name": TEXT,
        "description": TEXT,
        "locationTypes": _WORDS,
        "coordinates": _matching(re.compile(r"geo:[^\s\x00-\x1f\x7f]+\Z"), "This is no geo URI."),
        "links": _map(_LINK),
    },
)
_VIRTUAL: Final = _object(
    "VirtualLocation", {"name": TEXT, "description": TEXT, "uri": URI, "features": _WORDS}, needs=("uri",)
)
_PARTICIPANT: Final = _object(
    "Participant",
    {
        "name": TEXT,
        "email": _EMAIL,
        "description": TEXT,
        "descriptionContentType": _MEDIA,
        "calendarAddress": URI,
        "kind": _word("individual", "group", "location", "resource", "unknown"),
        "roles": _WORDS,
        "participationStatus": _word("needs-action", "accepted", "declined", "tentative", "delegated"),
        "expectReply": BOOLEAN,
        "sentBy": _EMAIL,
        "delegatedTo": _WORDS,
        "delegatedFrom": _WORDS,
        "memberOf": _WORDS,
        "links": _map(_LINK),
        "language": _matching(LANGUAGE, "This is no language."),
        "scheduleAgent": _word("server", "client", "none"),
        "scheduleForceSend": BOOLEAN,
        "scheduleStatus": _that(
            lambda value: (
                isinstance(value, list)
                and 0 < len(value) <= 100
                and all(isinstance(each, str) and re.match(r"[0-9.]{1,20}\Z", each) for each in value)
            ),
            "This is a list of status codes.",
        ),
        "progress": _word("needs-action", "in-process", "completed", "failed", "cancelled"),
        "percentComplete": _whole(0, 100),
    },
)
_ALERT: Final = _object(
    "Alert",
    {"trigger": _trigger, "acknowledged": UTC, "relatedTo": _map(_RELATION), "action": _word("display", "email")},
    needs=("trigger",),
)

COMMON: Final[dict[str, Judge]] = {
    "version": TEXT,
    "uid": _UID,
    "relatedTo": _map(_RELATION, has_ids=False),
    "prodId": TEXT,
    "created": UTC,
    "updated": UTC,
    "sequence": _whole(0, 2**31 - 1),
    "method": _matching(re.compile(r"[a-z-]{1,40}\Z"), "This is no method."),
    "title": TEXT,
    "description": TEXT,
    "descriptionContentType": _matching(
        re.compile(r"text/[A-Za-z0-9.+-]+(?:\s*;[^\x00-\x1f\x7f]*)?\Z", re.I), "This is a media type of texts."
    ),
    "showWithoutTime": BOOLEAN,
    "locations": _map(_LOCATION),
    "mainLocationId": TEXT,
    "virtualLocations": _map(_VIRTUAL),
    "links": _map(_LINK),
    "locale": _matching(LANGUAGE, "This is no language."),
    "keywords": _WORDS,
    "categories": _set(URI),
    "color": _matching(_COLOR, "This is neither the name of a color nor # and six digits."),
    "recurrenceId": LOCAL,
    "recurrenceIdTimeZone": TEXT,
    "recurrenceRule": _rule,
    "priority": _whole(0, 9),
    "freeBusyStatus": _word("free", "busy"),
    "privacy": _word("public", "private", "secret"),
    "organizerCalendarAddress": URI,
    "participants": _map(_PARTICIPANT),
    "requestStatus": TEXT,
    "alerts": _map(_ALERT),
    "useDefaultAlerts": BOOLEAN,
    **dict.fromkeys(FLAGS, BOOLEAN),
    "timeZone": TEXT,
    "start": LOCAL,
}
EVENT: Final[dict[str, Judge]] = {
    **COMMON,
    "duration": LENGTH,
    "endTimeZone": TEXT,
    "status": _word("confirmed", "cancelled", "tentative"),
}
TASK: Final[dict[str, Judge]] = {
    **COMMON,
    "due": LOCAL,
    "estimatedDuration": LENGTH,
    "percentComplete": _whole(0, 100),
    "progress": _word("needs-action", "in-process", "completed", "failed", "cancelled"),
}
