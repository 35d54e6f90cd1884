"""What a JSCalendar object shows, in the words of ``File.shown``."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def seen(event: Json, wanted: Json) -> Json:
    """The same keys as what is wanted has, with what the event says."""
    return {key: _SEEN[key](event) if key in _SEEN else event.get(key) for key in wanted}


def _guests(event: Json) -> dict[str, Any]:
    organizer = str(event.get("organizerCalendarAddress", "")).lower()
    return {
        str(each["calendarAddress"]).lower().removeprefix("mailto:"): each.get("participationStatus")
        for each in event.get("participants", {}).values()
        if str(each["calendarAddress"]).lower() != organizer or "participationStatus" in each
    }


def _place(event: Json) -> Any:
    return event.get("locations", {}).get(event.get("mainLocationId"), {}).get("name")


def _url(event: Json) -> Any:
    found = [each["href"] for each in event.get("links", {}).values() if "rel" not in each]
    return found[0] if found else None


def _alarms(event: Json) -> list[str]:
    return sorted(each["trigger"]["offset"] for each in event.get("alerts", {}).values())


_SEEN = {
    "alarms": _alarms,
    "guests": _guests,
    "place": _place,
    "url": _url,
    "frequency": lambda event: event.get("recurrenceRule", {}).get("frequency"),
    "overrides": lambda event: sorted(event.get("recurrenceOverrides", {})),
    "count": lambda event: len(event.get("entries", [event])),
    "titles": lambda event: [each["title"] for each in event["entries"]],
    "durations": lambda event: [each.get("duration") for each in event["entries"]],
    "days": lambda event: [each.get("showWithoutTime") for each in event["entries"]],
}


def seen_of_card(card: Json, wanted: Json) -> Json:
    """The same for a Card."""
    return {key: _SEEN_OF_CARDS[key](card) if key in _SEEN_OF_CARDS else card.get(key) for key in wanted}


def _components(kind: str) -> Any:
    return lambda card: [each["value"] for each in card.get("name", {}).get("components", []) if each["kind"] == kind]


def _only(member: str, key: str) -> Any:
    return lambda card: next((each.get(key) for each in card.get(member, {}).values()), None)


def _birthday(card: Json) -> str | None:
    for each in card.get("anniversaries", {}).values():
        if each["kind"] == "birth":
            date = each["date"]
            if "utc" in date:
                return str(date["utc"])[:10]
            return f"{date.get('year', '-')}-{date['month']:02}-{date['day']:02}"
    return None


def _cities(card: Json) -> list[str]:
    parts = (part for each in card.get("addresses", {}).values() for part in each.get("components", []))
    return sorted(part["value"] for part in parts if part["kind"] == "locality")


_SEEN_OF_CARDS = {
    "full": lambda card: card.get("name", {}).get("full"),
    "surname": _components("surname"),
    "given": _components("given"),
    "emails": lambda card: sorted(each["address"] for each in card.get("emails", {}).values()),
    "phones": lambda card: sorted(each["number"].removeprefix("tel:") for each in card.get("phones", {}).values()),
    "cities": _cities,
    "nickname": _only("nicknames", "name"),
    "company": _only("organizations", "name"),
    "title": _only("titles", "name"),
    "note": _only("notes", "note"),
    "url": _only("links", "uri"),
    "birthday": _birthday,
    "photos": lambda card: sum(each["kind"] == "photo" for each in card.get("media", {}).values()) or None,
    "keywords": lambda card: sorted(card["keywords"]) if "keywords" in card else None,
}
