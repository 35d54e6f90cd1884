"""Changes that a client of JMAP makes to any event or card, and which lines each of them may touch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from stalwart.codec.icalendar.components import Component

Json = dict[str, Any]


@frozen
class Change:
    """A patch, and the names of the properties that it may change."""

    name: str
    patch: Json
    touched: frozenset[str]


def _change(name: str, patch: Json, *touched: str) -> Change:
    return Change(name, patch, frozenset(touched))


PLACES = ("LOCATION", "X-APPLE-STRUCTURED-LOCATION", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR", "NAME")


def of_event(event: Json) -> Iterator[Change]:
    """Those that this Event or Task can have."""
    yield _change("title", {"title": "Another; title,\nin two lines"}, "SUMMARY")
    yield _change("no-title", {"title": None}, "SUMMARY", "JSPROP")
    yield _change("description", {"description": "Short", "descriptionContentType": None},
                  "DESCRIPTION", "STYLED-DESCRIPTION", "X-ALT-DESC")  # fmt: skip
    yield _change("keywords", {"keywords/Added": True} if event.get("keywords") else {"keywords": {"Added": True}},
                  "CATEGORIES")  # fmt: skip
    alert = {"trigger": {"offset": "-PT7M"}}
    yield _change("alert", {"alerts/new": alert} if event.get("alerts") else {"alerts": {"new": alert}},
                  "ACTION", "TRIGGER", "DESCRIPTION", "UID")  # fmt: skip
    yield _change("privacy", {"privacy": "secret"}, "CLASS")
    yield _change("color", {"color": "red"}, "COLOR")
    place = event.get("mainLocationId")
    if place in event.get("locations", {}):
        yield _change("place", {f"locations/{place}/name": "Elsewhere, 2"}, *PLACES)
    if event.get("start") is not None and "recurrenceId" not in event:
        later = datetime.fromisoformat(event["start"]) + timedelta(days=7)
        yield _change("start", {"start": later.isoformat()}, "DTSTART", "DTEND", "DUE", "RRULE", "EXDATE", "RDATE",
                      "RECURRENCE-ID", "DURATION")  # fmt: skip
        if event["@type"] == "Event" and not event.get("recurrenceOverrides"):
            yield _change(
                "length", {"duration": "P3D" if event.get("showWithoutTime") else "PT25M"}, "DTEND", "DURATION"
            )
    for key, each in event.get("participants", {}).items():
        if each.get("participationStatus") not in (None, "declined"):
            yield _change("answer", {f"participants/{key}/participationStatus": "declined"}, "ATTENDEE")
            break
    if "recurrenceRule" in event and not event.get("recurrenceOverrides"):
        yield _change("excluded", {"recurrenceOverrides": {event["start"]: {"excluded": True}}}, "EXDATE")


_BESIDE = {"TITLE": ("ROLE",)}
"""What else an entry may be."""


def of_card(card: Json) -> Iterator[Change]:
    """Those that this Card can have; patches as JSON pointers without a slash before them."""
    yield _change("full", {"name/full": "Another, one; of them"} if "name" in card else {"name": {"full": "Another"}},
                  "FN", "N", "LANGUAGE", "JSPROP")  # fmt: skip
    yield _change("phone", {"phones/new1": {"number": "+1 2;3"}} if card.get("phones") else
                  {"phones": {"new1": {"number": "+1 2;3"}}}, "TEL")  # fmt: skip
    for member, key, value, name in (
        ("emails", "address", "other@example.net", "EMAIL"),
        ("notes", "note", "Line one\nline two, end", "NOTE"),
        ("nicknames", "name", "Nick", "NICKNAME"),
        ("organizations", "name", "Other; company", "ORG"),
        ("titles", "name", "Other", "TITLE"),
    ):
        for id in list(card.get(member, {}))[:1]:
            yield _change(f"{member}-changed", {f"{member}/{id}/{key}": value}, name, *_BESIDE.get(name, ()))
            yield _change(f"{member}-gone", {f"{member}/{id}": None}, name, "X-ABLABEL", *_BESIDE.get(name, ()))
        if not card.get(member):
            yield _change(f"{member}-new", {member: {"k1": {key: value}}}, name)
    for id in list(card.get("media", {}))[:1]:
        yield _change("photo-gone", {f"media/{id}": None}, "PHOTO", "LOGO", "SOUND")
    yield _change("keywords", {"keywords": {"Added": True}}, "CATEGORIES")


def lines(component: Component, path: str = "") -> Counter[str]:
    """All lines with the components that they are in."""
    found = Counter(f"{path}{item.line}" for item in component.properties)
    for part in component.components:
        found += lines(part, f"{path}{part.name}/")
    return found


def differing(one: Counter[str], other: Counter[str]) -> set[str]:
    """The names of the lines that only one of them has."""
    return {_name(line) for line in (one - other) + (other - one)}


def _name(line: str) -> str:
    head = line.partition(":")[0].partition(";")[0]
    return head.rpartition("/")[2].upper()
