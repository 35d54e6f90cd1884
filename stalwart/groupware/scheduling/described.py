"""An event as people are told of it: what, when, how often, where, who; in the words of a language.

What is told is plain text without anything that could turn the writing around it; it is still to be escaped for HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS
from stalwart.codec.icalendar.rules import Rule, rule
from stalwart.codec.icalendar.timezones import Zone
from stalwart.codec.icalendar.values import DAY, MalformedValue, Moment
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.facts import Facts, Guest, When, facts_of
from stalwart.codec.markup import plain
from stalwart.groupware.scheduling.wording import Wording

LONGEST_LINE: Final = 500
LONGEST_TEXT: Final = 4000
LONGEST_ADDRESS: Final = 320
MOST_GUESTS: Final = 50
"""Guests that are named; others are counted."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDINALS = (1, 2, 3, 4, -1)


@frozen
class Described:
    """An event in words; what it has not is empty."""

    summary: str = ""
    when: str = ""
    recurrence: str = ""
    location: str = ""
    description: str = ""
    organizer: str = ""
    guests: tuple[str, ...] = ()
    more_guests: int = 0

    def of_instance(self, when: str) -> Described:
        """The same at one time."""
        return evolve(self, when=when, recurrence="")


def main_component(calendar: Component) -> Component | None:
    """What describes an object: its series, else the first component of it."""
    found = [each for each in calendar.components if each.name in KINDS]
    return next((each for each in found if not each.has("RECURRENCE-ID")), found[0] if found else None)


def described_object(calendar: Component, wording: Wording) -> Described:
    """An object in the words of a language."""
    component = main_component(calendar)
    return Described() if component is None else described(facts_of(component, Zones(calendar)), wording)


def described(facts: Facts, wording: Wording) -> Described:
    """Facts in the words of a language."""
    guests = [person(each) for each in facts.guests]
    for index, each in enumerate(facts.guests):
        if each.is_organizer:
            guests[index] += f" \N{EN DASH} {wording.organizes}"
    return Described(
        summary=plain(facts.summary, LONGEST_LINE),
        when=_when(facts.start or facts.end, facts.end if facts.start is not None else None, wording),
        recurrence=_recurrence(facts, wording),
        location=plain(facts.location, LONGEST_LINE),
        description=_text(facts.description),
        organizer=person(facts.organizer) if facts.organizer is not None else "",
        guests=tuple(guests[:MOST_GUESTS]),
        more_guests=max(len(guests) - MOST_GUESTS, 0),
    )


def person(given: Guest) -> str:
    """The name, with the address where both are known."""
    name, address = plain(given.name), plain(given.address, LONGEST_ADDRESS)
    return f"{name} ({address})" if name and name != address else address


def _text(given: str) -> str:
    """With its lines."""
    lines = given.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shown = "\n".join(plain(each, LONGEST_TEXT) for each in lines).strip("\n")
    return shown if len(shown) <= LONGEST_TEXT else f"{shown[: LONGEST_TEXT - 1]}\N{HORIZONTAL ELLIPSIS}"


def time_in_words(local: int, wording: Wording, *, is_date: bool, zone: str = "") -> str:
    """A day, or a time of it with its zone."""
    day = date_in_words(local, wording)
    return day if is_date else f"{day} {clock_in_words(local, wording)}{_in(zone)}"


def date_in_words(local: int, wording: Wording) -> str:
    """The day of local seconds: ``Mon Jan 1, 2026``."""
    at = _EPOCH + timedelta(seconds=local)
    weekday, month = wording.days_short[at.weekday()], wording.months[at.month - 1]
    return wording.date.format(weekday=weekday, month=month, day=at.day, year=at.year)


def clock_in_words(local: int, wording: Wording) -> str:
    """The time of day of local seconds: ``9:00am`` or ``09:00``."""
    hour, minute = local % DAY // 3600, local % 3600 // 60
    if wording.clock == 24:
        return f"{hour:02}:{minute:02}"
    return f"{hour % 12 or 12}:{minute:02}{'am' if hour < 12 else 'pm'}"


def _in(zone: str) -> str:
    return f" ({plain(zone)})" if zone else ""


def zone_name(given: When) -> str:
    """What the zone of a time is called; empty if it has none."""
    return "" if given.is_floating else given.zone.name or "UTC"


def _when(start: When | None, end: When | None, wording: Wording) -> str:
    """From when to when; empty if nothing can be read of it."""
    if start is None:
        return ""
    last = None
    if end is not None and end.utc > start.utc:
        last = end.local - DAY if end.is_date else end.local
    try:
        begin, zone = date_in_words(start.local, wording), zone_name(start)
        if not start.is_date:
            begin += f" {clock_in_words(start.local, wording)}"
        if end is None or last is None or (start.is_date and last <= start.local):
            return f"{begin}{_in(zone)}"
        if zone_name(end) == zone and last // DAY == start.local // DAY and not end.is_date:
            return f"{begin} \N{EN DASH} {clock_in_words(last, wording)}{_in(zone)}"
        finish = time_in_words(last, wording, is_date=end.is_date, zone=zone_name(end))
        return f"{begin}{_in(zone)} \N{EN DASH} {finish}"
    except (OverflowError, ValueError):
        return ""


def _recurrence(facts: Facts, wording: Wording) -> str:
    if facts.rule is None:
        return ""
    try:
        return rule_in_words(rule(facts.rule), wording, facts.start.zone if facts.start is not None else None)
    except (MalformedValue, OverflowError, ValueError):
        return wording.seldom


def rule_in_words(given: Rule, wording: Wording, zone: Zone | None = None) -> str:
    """A rule in words; what words would not do for is only said to be several times. Its end is told on the clock of
    ``zone``.
    """
    once, often = {
        "DAILY": (wording.daily, wording.dailies),
        "WEEKLY": (wording.weekly, wording.weeklies),
        "MONTHLY": (wording.monthly, wording.monthlies),
        "YEARLY": (wording.yearly, wording.yearlies),
    }.get(given.frequency, ("", ""))
    is_odd = given.is_foreign or given.hours or given.minutes or given.seconds or given.weeks or given.year_days
    if not once or is_odd:
        said = wording.seldom
    else:
        said = once if given.interval == 1 else often.format(n=given.interval)
        said = " ".join(filter(None, (said, _days(given, wording))))
    if given.count is not None:
        return f"{said}, {wording.times.format(n=given.count)}"
    if given.until is not None:
        return f"{said}, {wording.until.format(date=_last_day(given.until, wording, zone))}"
    return said


def _last_day(until: Moment, wording: Wording, zone: Zone | None) -> str:
    return date_in_words(zone.local(until.local) if until.is_utc and zone is not None else until.local, wording)


def _days(given: Rule, wording: Wording) -> str:
    """Which days of the week or the month; empty if a language has no words for them."""
    if given.frequency in ("DAILY", "WEEKLY") and given.weekdays and not given.months and not given.positions:
        return wording.on_days.format(days=", ".join(wording.days[day] for _, day in given.weekdays))
    if given.frequency != "MONTHLY" or given.months:
        return ""
    if given.month_days and not given.weekdays and not given.positions and min(given.month_days) > 0:
        return wording.on_month_days.format(days=", ".join(map(str, given.month_days)))
    if len(given.weekdays) == 1 and not given.month_days:
        return _ordinal(given.weekdays[0], given.positions, wording)
    return ""


def _ordinal(weekday: tuple[int, int], positions: Sequence[int], wording: Wording) -> str:
    ordinal, day = weekday
    if not ordinal and len(positions) == 1:
        ordinal = positions[0]
    if not wording.ordinals or ordinal not in _ORDINALS:
        return ""
    return wording.on_ordinal.format(ordinal=wording.ordinals[_ORDINALS.index(ordinal)], day=wording.days[day])
