"""Patches in the words of RFC 8984: what is changed under an older name, or taken away, is so under the one of today.

Values are put into the form of today by the codec (``codec.jscalendar.older``); a patch names members as well.
"""

from __future__ import annotations

from typing import Any

from stalwart.jmap.calendars.event_people import ORGANIZER


def respelt(given: dict[str, Any]) -> None:
    """Give members of a new event or a patch their names of today."""
    if "recurrenceRules" in given and "recurrenceRule" not in given:
        rules = given.pop("recurrenceRules")
        if not rules:
            given["recurrenceRule"] = None
        elif isinstance(rules, list) and len(rules) == 1:
            given["recurrenceRule"] = rules[0]
        else:
            given["recurrenceRules"] = rules
    if "replyTo" in given and ORGANIZER not in given:
        methods = given.pop("replyTo")
        given[ORGANIZER] = methods.get("imip") if isinstance(methods, dict) else methods
    for pointer in [each for each in given if each.startswith("participants/") and each.endswith("/sendTo")]:
        methods = given[pointer]
        address = f"{pointer.removesuffix('sendTo')}calendarAddress"
        if isinstance(methods, dict) and address not in given:
            del given[pointer]
            given[address] = methods.get("imip")
