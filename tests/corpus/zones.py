"""Time zones as VTIMEZONE components of several programs, and their names there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import frozen

Block: TypeAlias = Callable[[str], list[str]]


@frozen
class Zone:
    """Offsets and the rules by which the clocks are set; ``saving`` is None where they are not."""

    windows: str
    usual: str
    saving: str | None
    usual_rule: str
    saving_rule: str
    usual_name: str
    saving_name: str
    usual_hour: str = "030000"
    saving_hour: str = "020000"


_EUROPE: Final = ("BYDAY=-1SU;BYMONTH=10", "BYDAY=-1SU;BYMONTH=3")
_AMERICA: Final = ("BYDAY=1SU;BYMONTH=11", "BYDAY=2SU;BYMONTH=3")
ZONES: Final = {
    "Europe/Berlin": Zone("W. Europe Standard Time", "+0100", "+0200", *_EUROPE, "CET", "CEST"),
    "Europe/London": Zone("GMT Standard Time", "+0000", "+0100", *_EUROPE, "GMT", "BST", "020000", "010000"),
    "America/New_York": Zone("Eastern Standard Time", "-0500", "-0400", *_AMERICA, "EST", "EDT", "020000", "020000"),
    "America/St_Johns": Zone("Newfoundland Standard Time", "-0330", "-0230", *_AMERICA, "NST", "NDT", "020000"),
    "Asia/Kolkata": Zone("India Standard Time", "+0530", None, "", "", "IST", ""),
    "Asia/Tokyo": Zone("Tokyo Standard Time", "+0900", None, "", "", "JST", ""),
    "Australia/Lord_Howe": Zone(
        "Lord Howe Standard Time", "+1030", "+1100", "BYDAY=1SU;BYMONTH=4", "BYDAY=1SU;BYMONTH=10", "+1030", "+11",
        "020000",
    ),
}  # fmt: skip


def windows_name(name: str) -> str:
    """What Windows calls a zone."""
    return ZONES[name].windows


def _parts(zone: Zone, year: int) -> list[tuple[str, str, str, str, str, str]]:
    """(component, DTSTART, from, to, rule, name) of both halves of the year."""
    if zone.saving is None:
        return [("STANDARD", f"{year}0101T000000", zone.usual, zone.usual, "", zone.usual_name)]
    return [
        ("STANDARD", f"{year}1025T{zone.usual_hour}", zone.saving, zone.usual, zone.usual_rule, zone.usual_name),
        ("DAYLIGHT", f"{year}0329T{zone.saving_hour}", zone.usual, zone.saving, zone.saving_rule, zone.saving_name),
    ]


def microsoft(name: str) -> list[str]:
    """Outlook and Exchange: their own names, years from 1601, no names of offsets."""
    zone = ZONES[name]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.windows}"]
    for kind, _, before, after, rule, _ in _parts(zone, 1601):
        hour = zone.usual_hour if kind == "STANDARD" else zone.saving_hour
        day = "T000000" if not rule else f"T{hour}"
        lines += [f"BEGIN:{kind}", f"DTSTART:16010101{day}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
        lines += [f"RRULE:FREQ=YEARLY;INTERVAL=1;{rule}"] if rule else []
        lines += [f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def outlook_desktop(name: str) -> list[str]:
    """Outlook's own files: first instances of the rules since 1601, rules in short."""
    zone = ZONES[name]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.windows}"]
    for kind, start, before, after, rule, _ in _parts(zone, 1601):
        lines += [f"BEGIN:{kind}", f"DTSTART:{start}"]
        lines += [f"RRULE:FREQ=YEARLY;{rule}"] if rule else []
        lines += [f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def libical(name: str) -> list[str]:
    """Thunderbird, Nextcloud: rules since 1970, and where the zone is from."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}", f"X-LIC-LOCATION:{name}"]
    for kind, start, before, after, rule, called in reversed(_parts(ZONES[name], 1970)):
        lines += [f"BEGIN:{kind}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"TZNAME:{called}"]
        lines += [f"DTSTART:{start}"] + ([f"RRULE:FREQ=YEARLY;{rule}"] if rule else []) + [f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def evolution(name: str) -> list[str]:
    """Evolution: a name with a path before it."""
    return [line.replace("TZID:", "TZID:/freeassociation.sourceforge.net/") for line in libical(name)]


def apple(name: str) -> list[str]:
    """macOS and iOS: rules before the offsets."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for kind, start, before, after, rule, called in reversed(_parts(ZONES[name], 1981)):
        lines += [f"BEGIN:{kind}", f"TZOFFSETFROM:{before}"]
        lines += [f"RRULE:FREQ=YEARLY;{';'.join(reversed(rule.split(';')))}"] if rule else []
        lines += [f"DTSTART:{start}", f"TZNAME:{called}", f"TZOFFSETTO:{after}", f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def shortened(name: str) -> list[str]:
    """ical4j as DAVx5 sends it: the current offsets, and nothing of other years."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}", "LAST-MODIFIED:20240422T053450Z"]
    for kind, start, before, after, rule, called in _parts(ZONES[name], 1996):
        lines += [f"BEGIN:{kind}", f"TZNAME:{called}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
        lines += [f"DTSTART:{start}"] + ([f"RRULE:FREQ=YEARLY;{rule}"] if rule else []) + [f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def listed(name: str) -> list[str]:
    """KOrganizer: a history of days (RDATE) before the rule."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for kind, start, before, after, rule, called in _parts(ZONES[name], 1997):
        lines += [f"BEGIN:{kind}", f"TZNAME:{called}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
        lines += [f"DTSTART:{start}"]
        lines += [f"RRULE:FREQ=YEARLY;{rule}"] if rule else [f"RDATE;VALUE=DATE-TIME:{start}"]
        lines += [f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def none(name: str) -> list[str]:
    """Programs that take it that everybody has the database."""
    return []
