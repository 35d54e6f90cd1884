"""Alerts that are each user's own (draft-ietf-jmap-calendars 5.2): those that a sharee has set for himself, and the
default alerts of calendars for who wants these.

They stand in no line of the event, so the time that ``alarms`` looks at in the store does not know of them. Whatever
changes them has the event looked at again, at once; what is next is reckoned then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from stalwart.codec.caldav.selection import stored
from stalwart.codec.icalendar.discretion import PRIVATE, SECRET, guarded
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.jscalendar.values import Json
from stalwart.errors import StalwartError
from stalwart.groupware.event_private import OVERRIDES, seen_by_sharee
from stalwart.groupware.traits import ALERTS_WITH_TIME, ALERTS_WITHOUT_TIME, DRAFT
from stalwart.store import Transaction

ALERTS: Final = "alerts"
USES_DEFAULTS: Final = "useDefaultAlerts"
BY_DEFAULT: Final = ("alerts", "default")
"""What an object is found by whose owner wants the default alerts of its calendars."""
_LINE: Final = USES_DEFAULTS.encode()
MOST: Final = 100
"""Users of one event who are reminded of it."""

Defaults = Mapping[str, Mapping[str, Any]]
"""What stands for ``ALERTS_WITH_TIME`` and ``ALERTS_WITHOUT_TIME``."""


def may_use_defaults(octets: bytes) -> bool:
    """Whether an object may be one whose owner wants the default alerts; few that are not are taken for that."""
    return _LINE in octets


def reminds(own: Mapping[str, Any]) -> bool:
    """Whether what somebody has of his own in an event says anything of alerts."""
    if own.get(ALERTS) or own.get(USES_DEFAULTS):
        return True
    patches = own.get(OVERRIDES) or {}
    return any(ALERTS in pointer.partition("/")[0] for patch in patches.values() for pointer in patch)


def look_again(tx: Transaction, account_id: int, item_id: int, now: int) -> None:
    """Have the alarms of an event be reckoned anew, unless it is not finished."""
    row = tx.objects.get(account_id, item_id)
    if row is not None and DRAFT not in (row.data or {}):
        tx.collections.set_alarm(account_id, item_id, now)


def was_written(tx: Transaction, account_id: int, item_id: int, octets: bytes, now: int) -> None:
    """The same if there are alerts of an event that do not stand in it."""
    if may_use_defaults(octets) or any(map(reminds, tx.preferences.of_users(account_id, item_id, MOST).values())):
        look_again(tx, account_id, item_id, now)


def defaults_changed(tx: Transaction, account_id: int, calendar_id: int, user_id: int, now: int) -> None:
    """The default alerts of a calendar are others for somebody."""
    inside = tx.collections.index.inside(account_id, [calendar_id])
    if user_id == account_id:
        property, value = BY_DEFAULT
        ids = inside & tx.collections.index.ids(account_id, property, (value,))
    else:
        own = tx.preferences.of_objects(account_id, inside, user_id)
        ids = {id for id, each in own.items() if each.get(USES_DEFAULTS)}
    for id in sorted(ids):
        look_again(tx, account_id, id, now)


def defaults_of(tx: Transaction, account_id: int, calendar_ids: Collection[int], user_id: int) -> Defaults:
    """The default alerts that somebody has in some calendars: all of them, of those with one id the first."""
    found: dict[str, dict[str, Any]] = {ALERTS_WITH_TIME: {}, ALERTS_WITHOUT_TIME: {}}
    for id in calendar_ids:
        if user_id == account_id:
            data: Mapping[str, Any] = tx.collections.data_of(account_id, id) or {}
        else:
            data = tx.preferences.get(account_id, id, user_id) or {}
        for name, alerts in found.items():
            for key, alert in (data.get(name) or {}).items():
                alerts.setdefault(key, alert)
    return found


def as_reminded(octets: bytes, own: Mapping[str, Any] | None, defaults: Defaults) -> bytes | None:
    """An object with the alerts of somebody: ``own`` is what a sharee has of his own in it, None for the owner. None if
    it does not remind him. Blocks.
    """
    from stalwart.codec.jscalendar.series import calendar_of, event_of

    try:
        calendar = stored(octets)
        event, how = event_of(calendar), None if own is None else guarded(calendar)
        if how == SECRET:
            return None
        entries: Iterable[Json] = event["entries"] if event["@type"] == "Group" else [event]
        private = how == PRIVATE
        seen = [each if own is None else seen_by_sharee(each, own, is_private=private) for each in entries]
        made = [_with_defaults(each, defaults) for each in seen if each is not None]
        if not made:
            return None
        return calendar_of(made[0] if len(made) == 1 else {**event, "entries": made}).octets()
    except (MalformedCalendar, StalwartError):
        return None


def _with_defaults(event: Json, defaults: Defaults) -> Json:
    """An event whose alerts are those that there are (draft-ietf-jmap-calendars 5.1, ``useDefaultAlerts``)."""
    if not event.get(USES_DEFAULTS):
        return event
    alerts = defaults[ALERTS_WITHOUT_TIME if event.get("showWithoutTime") else ALERTS_WITH_TIME]
    made = {name: value for name, value in event.items() if name not in (ALERTS, OVERRIDES)}
    if alerts:
        made[ALERTS] = {key: dict(each) for key, each in alerts.items()}
    if event.get(OVERRIDES):
        made[OVERRIDES] = {
            key: {pointer: value for pointer, value in patch.items() if pointer.partition("/")[0] != ALERTS}
            for key, patch in event[OVERRIDES].items()
        }
    return made
