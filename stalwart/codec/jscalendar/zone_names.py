"""Time zones of an event: the names that JSCalendar has for the TZIDs of a calendar object, and VTIMEZONE for them.

A TZID that means an IANA zone (``codec.icalendar.zones`` says which do) goes by the name of that zone. Another one that
has a VTIMEZONE is a custom zone: ``/`` and the TZID, described in ``timeZones`` (RFC 8984 4.7.2). One that says nothing
is floating time.
"""

from __future__ import annotations

from typing import Any, Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.timezones import UTC, Zone, iana_names, iana_zone
from stalwart.codec.icalendar.values import (
    MalformedValue,
    Moment,
    Period,
    moment,
    moments_of,
    time_text,
    utc_offset,
    utc_offset_text,
)
from stalwart.codec.icalendar.zones import Zones, compiled
from stalwart.codec.jscalendar.rules import rule_of, rule_problem, rule_text, until_local
from stalwart.codec.jscalendar.values import Json, local_seconds, local_text

UTC_NAME: Final = "Etc/UTC"
_UTC_NAMES: Final = frozenset({"utc", "etc/utc", "z"})


class ZoneNames:
    """TZID to name and back, for one calendar object."""

    __slots__ = ("_custom", "_ids", "_names", "calendar", "zones")

    def __init__(self, calendar: Component, floating: Zone = UTC) -> None:
        self.calendar = calendar
        self.zones = Zones(calendar, floating)
        self._names: dict[str, str | None] = {}
        self._ids: dict[str, str] = {}
        self._custom: Json = {}

    def name(self, given: Moment) -> str | None:
        """The ``timeZone`` of a moment; None for floating times and days."""
        if given.is_utc:
            return UTC_NAME
        if given.is_date or given.tzid is None:
            return None
        try:
            return self._names[given.tzid]
        except KeyError:
            name = self._names[given.tzid] = self._name(given.tzid)
            if name is not None:
                self._ids.setdefault(name, given.tzid)
            return name

    def _name(self, tzid: str) -> str | None:
        if not self.zones.is_known(tzid):
            return None
        zone = self.zones.zone(tzid)
        if zone is UTC:
            return UTC_NAME
        return zone.name if iana_zone(zone.name) is zone else f"/{tzid}"

    def tzid(self, name: str) -> str:
        """The TZID that stands for a name: the one that the object has used for it, else the name."""
        return self._ids.get(name) or name.removeprefix("/")

    def zone(self, name: str | None) -> Zone:
        """The zone of a name that is good."""
        if name is None:
            return self.zones.floating
        if name == UTC_NAME:
            return UTC
        return self.zones.zone(self.tzid(name))

    def custom(self) -> Json:
        """``timeZones``: the custom zones that were met."""
        made = self._custom
        for name in self._names.values():
            if name is not None and name.startswith("/") and name not in made:
                component = self._component(name[1:])
                if component is not None:
                    made[name] = zone_object(component)
        return dict(made)

    def _component(self, tzid: str) -> Component | None:
        found = (each for each in self.calendar.components if each.name == "VTIMEZONE")
        return next((each for each in found if each.value("TZID") == tzid), None)


def canonical(name: str) -> str | None:
    """An IANA name as the database writes it; None if it has no such zone."""
    if name.lower() in _UTC_NAMES:
        return UTC_NAME
    return iana_names().get(name.lower())


def zone_object(component: Component) -> Json:
    """A TimeZone object of a VTIMEZONE."""
    made: Json = {"@type": "TimeZone", "tzId": component.value("TZID") or ""}
    for name, key in (("STANDARD", "standard"), ("DAYLIGHT", "daylight")):
        rules = []
        for each in component.within(name)[:200]:
            try:
                rules.append(_observance(each))
            except MalformedValue:
                continue
        if rules:
            made[key] = rules
    return made


def _observance(component: Component) -> Json:
    start, before = moment(component.value("DTSTART") or ""), utc_offset(component.value("TZOFFSETFROM") or "")
    made: Json = {
        "@type": "TimeZoneRule",
        "start": local_text(start.local),
        "offsetFrom": _offset(before),
        "offsetTo": _offset(utc_offset(component.value("TZOFFSETTO") or "")),
    }
    names = {item.value: True for item in component.all("TZNAME")[:20]}
    if names:
        made["names"] = names
    rule = component.value("RRULE")
    if rule is not None:
        made["recurrenceRule"] = rule_of(
            rule, lambda given: until_local(given, is_date=False, local=lambda utc: utc + before)
        )
    dates: Json = {}
    for item in component.all("RDATE")[:2000]:
        for each in moments_of(item):
            given = each.start if isinstance(each, Period) else each
            dates[local_text(given.local + before if given.is_utc else given.local)] = {}
    if dates:
        made["recurrenceOverrides"] = dates
    return made


def _offset(seconds: int) -> str:
    text = utc_offset_text(seconds)
    return ":".join(filter(None, (text[:3], text[3:5], text[5:])))


def zone_component(name: str, given: Any) -> Component:
    """A VTIMEZONE of a TimeZone object that goes by a name. Raises MalformedValue."""
    if not isinstance(given, dict) or not name.startswith("/") or len(name) > 255:
        raise MalformedValue("A custom time zone has a name that begins with a slash.")
    component = Component("VTIMEZONE", [Property.made("TZID", name[1:])])
    for key, kind in (("standard", "STANDARD"), ("daylight", "DAYLIGHT")):
        rules = given.get(key, [])
        if not isinstance(rules, list) or len(rules) > 200:
            raise MalformedValue("The rules of a custom time zone are a list of 200 at most.")
        component.components += [_rule_component(kind, each) for each in rules]
    if compiled(component) is None:
        raise MalformedValue("A custom time zone has no rule that can be carried out.")
    return component


def _rule_component(kind: str, given: Any) -> Component:
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in _RULE):
        raise MalformedValue("A rule of a time zone has start, offsetFrom and offsetTo.")
    before = utc_offset(given["offsetFrom"].replace(":", ""))
    made = Component(
        kind,
        [
            Property.made("DTSTART", time_text(local_seconds(given["start"]))),
            Property.made("TZOFFSETFROM", utc_offset_text(before)),
            Property.made("TZOFFSETTO", utc_offset_text(utc_offset(given["offsetTo"].replace(":", "")))),
        ],
    )
    names, dates = given.get("names", {}), given.get("recurrenceOverrides", {})
    if not isinstance(names, dict) or not isinstance(dates, dict) or len(names) > 20 or len(dates) > 2000:
        raise MalformedValue("A rule of a time zone has 20 names and 2000 dates at most.")
    made.properties += [Property.made("TZNAME", each) for each in names]
    rule = given.get("recurrenceRule")
    if rule is not None:
        problem = rule_problem(rule)
        if problem is not None:
            raise MalformedValue(problem[1])
        made.properties.append(
            Property.made("RRULE", rule_text(rule, lambda local: Moment(local - before, is_utc=True)))
        )
    made.properties += [Property.made("RDATE", time_text(local_seconds(each))) for each in dates]
    return made


_RULE: Final = ("start", "offsetFrom", "offsetTo")
