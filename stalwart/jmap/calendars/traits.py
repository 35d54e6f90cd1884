"""Values of the properties of calendars: colours, time zones, default alerts (draft-ietf-jmap-calendars 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.css_colors import COLORS
from stalwart.codec.icalendar.timezones import iana_zone
from stalwart.jmap.standard.scalars import Id, PropertyType, String, Unfit

_HEX: Final = re.compile(r"#([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?", re.ASCII)
_SHORT_HEX: Final = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])", re.ASCII)
_OFFSET: Final = re.compile(
    r"[+-]?P(?=[0-9T])(?:[0-9]{1,6}W|(?:[0-9]{1,6}D)?(?:T(?=[0-9])(?:[0-9]{1,6}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}S)?)?)",
    re.ASCII,
)
_MOST_ALERTS: Final = 100


@frozen
class Color(PropertyType):
    """A name of CSS, or ``#rrggbb``; shorter and longer forms become that."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise Unfit("must be a string")
        if value.lower() in COLORS:
            return value.lower()
        full = _SHORT_HEX.sub(r"#\1\1\2\2\3\3", value) if _SHORT_HEX.fullmatch(value) else value
        found = _HEX.fullmatch(full)
        if found is None:
            raise Unfit("must be a colour of CSS by its name, or as #rrggbb")
        return f"#{found[1]}"


@frozen
class ZoneName(PropertyType):
    """A name of the database of IANA."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, str) or iana_zone(value) is None:
            raise Unfit("must be the name of a time zone")
        return value


@frozen
class DefaultAlerts(PropertyType):
    """Alerts by id, each some time before or after an event begins or ends (RFC 8984 4.5.2); none is null."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unfit("must be an object")
        if len(value) > _MOST_ALERTS:
            raise Unfit(f"must have at most {_MOST_ALERTS} entries")
        return {self._id(id): _alert(id, alert) for id, alert in value.items()} or None

    def _id(self, id: str) -> str:
        try:
            return str(Id().read(id))
        except Unfit as problem:
            raise problem.below(id) from None


def _alert(id: str, value: Any) -> dict[str, Any]:
    _known(value, ("@type", "action", "trigger"), (id,))
    if value.get("@type", "Alert") != "Alert":
        raise Unfit("must be Alert", (id, "@type"))
    trigger = value.get("trigger")
    where = (id, "trigger")
    _known(trigger, ("@type", "offset", "relativeTo"), where)
    if trigger.get("@type", "OffsetTrigger") != "OffsetTrigger":
        raise Unfit("must be OffsetTrigger", (*where, "@type"))
    offset = trigger.get("offset")
    if not isinstance(offset, str) or not _OFFSET.fullmatch(offset):
        raise Unfit("must be a duration", (*where, "offset"))
    relative = _chosen(trigger, "relativeTo", ("start", "end"), where)
    return {
        "@type": "Alert",
        "action": _chosen(value, "action", ("display", "email"), (id,)),
        "trigger": {"@type": "OffsetTrigger", "offset": offset, "relativeTo": relative},
    }


def _known(value: Any, names: tuple[str, ...], where: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise Unfit("must be an object", where)
    for name in value:
        if name not in names:
            raise Unfit("is not known", (*where, name))


def _chosen(value: Mapping[str, Any], name: str, choices: tuple[str, str], where: tuple[str, ...]) -> str:
    """One of the choices, the first if nothing is said."""
    try:
        return str(String(choices=frozenset(choices)).read(value.get(name, choices[0])))
    except Unfit as problem:
        raise Unfit(problem.rule, (*where, name)) from None
