"""The data type CalendarEventNotification (draft-ietf-jmap-calendars 6): what others did to events of an account.

They are made with the change (``groupware.event_notices``), can only be destroyed, and go by themselves. Those that
come with messages of scheduling are these messages; who destroys one has deleted it from the inbox of CalDAV.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.errors import NotFound, StalwartError
from stalwart.groupware.event_notices import EVENT_ID, NOTICE
from stalwart.groupware.scheduling.inbox import INBOX_HOME
from stalwart.jmap.calendars.capability import CALENDARS
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Boolean, Id, Json, Nullable, PropertyType, String
from stalwart.jmap.standard.sorting import Sort
from stalwart.jmap.standard.source import Found
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION as NUMBER
from stalwart.store.rows import Object
from stalwart.store.store import Transaction

_TYPES: Final = frozenset(("created", "updated", "destroyed"))


@frozen
class NotificationSource(ObjectSource):
    """What is stored, in the words of JMAP. Messages that have changed nothing are none."""

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        found = self._objects(tx, asking, None if ids is None else ids, limit if ids is not None else _ALL)
        shown = [(object.id, _shown(object)) for object in found if NOTICE in (object.data or {})]
        return shown[:limit]

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        object = self._object(tx, asking, change.id)
        if NOTICE not in (object.data or {}):
            raise NotFound
        places = tx.collections.places(asking.account_id, object.id)
        if not places:
            tx.objects.kill(asking.account_id, object.id, now=asking.now)
        for each in places:
            tx.collections.remove(asking.account_id, INBOX_HOME, each.segment, now=asking.now)


class NotificationRules(Rules):
    """They say what has happened; nobody makes or changes them."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        refused = SetRefused("forbidden", "Notifications can only be destroyed.")
        return dict.fromkeys((*arguments.create, *arguments.update), refused)


_ALL: Final = (1 << 63) - 1


def _shown(object: Object) -> dict[str, Any]:
    notice = (object.data or {})[NOTICE]
    event = notice.get(EVENT_ID)
    return {
        "created": utc_date(object.created_at),
        "changedBy": notice["changedBy"],
        "comment": notice["comment"],
        "type": notice["type"],
        "calendarEventId": None if event is None else encode_id(event),
        "isDraft": notice["isDraft"],
        "event": notice["event"],
        "eventPatch": notice["eventPatch"],
    }


def _fixed(type: PropertyType) -> Property:
    return Property(type, server_set=True, immutable=True)


def _at(before: bool) -> Condition:
    def matches(notification: Mapping[str, Any], moment: str) -> bool:
        created: str = notification["created"]
        return created < moment if before else created >= moment

    return Condition(UTCDate(), matches, ("created",))


def _is_type(notification: Mapping[str, Any], value: str) -> bool:
    return bool(notification["type"] == value)


def _is_about(notification: Mapping[str, Any], ids: Collection[str]) -> bool:
    return notification["calendarEventId"] in ids


CALENDAR_EVENT_NOTIFICATION = DataType(
    Declaration(
        name="CalendarEventNotification",
        capability=CALENDARS,
        properties={
            "created": _fixed(UTCDate()),
            "changedBy": _fixed(Json()),
            "comment": _fixed(Nullable(String())),
            "type": _fixed(String()),
            "calendarEventId": _fixed(Nullable(Id())),
            "isDraft": _fixed(Boolean()),
            "event": _fixed(Json()),
            "eventPatch": _fixed(Json()),
        },
        conditions={
            "after": _at(before=False),
            "before": _at(before=True),
            "type": Condition(String(choices=_TYPES), _is_type, ("type",)),
            "calendarEventIds": Condition(ListOf(Id()), _is_about, ("calendarEventId",)),
        },
        sorts={"created": Sort.by("created")},
    ),
    source=NotificationSource(NUMBER),
    rules=NotificationRules(),
)
