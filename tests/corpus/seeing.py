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
