"""What a push says: which types changed in which accounts, and how far the receiver knows then (RFC 8620 7.1, 7.3).

How far somebody knows is a number for each account, written ``1;b.42,c.7``: the change up to which all is known. It is
the id of an event and the ``pushState`` of a WebSocket; clients give it back as it is. States are those of ``/get``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from stalwart.codec.ids import decode_id, encode_id
from stalwart.codec.sse import event
from stalwart.jmap.push.scopes import Scopes
from stalwart.jmap.standard.states import State
from stalwart.store.object_types import (
    ADDRESS_BOOK,
    CALENDAR,
    CALENDAR_EVENT,
    CALENDAR_EVENT_NOTIFICATION,
    CONTACT_CARD,
    EMAIL,
    EMAIL_DELIVERY,
    EMAIL_SUBMISSION,
    FILE_NODE,
    IDENTITY,
    MAILBOX,
    PARTICIPANT_IDENTITY,
    QUOTA,
    SHARE_NOTIFICATION,
    SIEVE_SCRIPT,
    THREAD,
    VACATION,
)

PUSHED: Mapping[int, str] = {
    MAILBOX: "Mailbox",
    EMAIL: "Email",
    THREAD: "Thread",
    EMAIL_DELIVERY: "EmailDelivery",
    QUOTA: "Quota",
    IDENTITY: "Identity",
    EMAIL_SUBMISSION: "EmailSubmission",
    SIEVE_SCRIPT: "SieveScript",
    VACATION: "VacationResponse",
    ADDRESS_BOOK: "AddressBook",
    CONTACT_CARD: "ContactCard",
    CALENDAR: "Calendar",
    CALENDAR_EVENT: "CalendarEvent",
    CALENDAR_EVENT_NOTIFICATION: "CalendarEventNotification",
    PARTICIPANT_IDENTITY: "ParticipantIdentity",
    FILE_NODE: "FileNode",
    SHARE_NOTIFICATION: "ShareNotification",
}
"""The types that have states, by their numbers in the store."""

_NAMED = """
    Email EmailDelivery EmailSubmission Mailbox Thread Identity VacationResponse Quota SieveScript Calendar
    CalendarEvent CalendarEventNotification AddressBook ContactCard FileNode Principal ShareNotification
    ParticipantIdentity CalendarAlert Core PushSubscription SearchSnippet MDN
    """

KNOWN = frozenset(_NAMED.split())
"""Names that a client may ask for (jmap.md 9), whether anything ever happens to them or not."""

LONGEST_VECTOR = 65_536

ALERTS = -1
"""The type of alerts of calendars, which are told and have no state (JMAP for Calendars, CalendarAlert)."""
MOST_ALERTS = 100
"""Alerts that wait for one who does not read; the oldest are left out."""

_NUMBERS = {**{name: number for number, name in PUSHED.items()}, "CalendarAlert": ALERTS}
_FORM = "1;"
_ENTRY = re.compile(r"([a-z0-9]{1,13})\.([0-9]{1,18})", re.ASCII)

Types = frozenset[int] | None
"""The types that somebody wants to hear of; None is all."""


def types_of(names: Collection[str]) -> frozenset[int]:
    """The types by their names; those without a state are left out."""
    return frozenset(_NUMBERS[name] for name in names if name in _NUMBERS)


def write_vector(known: Mapping[int, int]) -> str:
    """How far somebody knows, by account."""
    return _FORM + ",".join(f"{encode_id(id)}.{number}" for id, number in sorted(known.items()) if number)


def read_vector(text: str) -> dict[int, int]:
    """What ``write_vector`` wrote; nothing is known if it is anything else, so that everything is told."""
    if not text.startswith(_FORM) or len(text) > LONGEST_VECTOR:
        return {}
    known = {}
    for entry in text[len(_FORM) :].split(","):
        found = _ENTRY.fullmatch(entry)
        if found is None:
            return {}
        try:
            known[decode_id(found[1])] = int(found[2])
        except ValueError:
            return {}
    return known


Alerted = tuple[int, Mapping[str, Any]]
"""The account of an alert, and the CalendarAlert object."""


class Change:
    """One event: ``states`` by account and type, ``known`` is how far all accounts of the receiver are known then;
    ``alerts`` are told with it.

    Each form of it is made once, for however many it is.
    """

    __slots__ = ("_frame", "_messages", "_state", "alerts", "known", "states")

    def __init__(
        self,
        states: Mapping[int, Mapping[int, int]],
        known: Mapping[int, int],
        alerts: tuple[Alerted, ...] = (),
    ) -> None:
        self.states = states
        self.known = known
        self.alerts = alerts
        self._frame: bytes | None = None
        self._messages: tuple[str, ...] | None = None
        self._state: str | None = None

    @property
    def state(self) -> str:
        """What a client gives back to hear of everything after this event."""
        if self._state is None:
            self._state = write_vector(self.known)
        return self._state

    @property
    def frame(self) -> bytes:
        """As events of a stream (RFC 8620 7.3)."""
        if self._frame is None:
            frames = [event(body, "calendarAlert") for body in self.alert_bodies()]
            if self.states or not frames:
                frames.insert(0, event(self.body(), "state", self.state))
            self._frame = b"".join(frames)
        return self._frame

    @property
    def messages(self) -> tuple[str, ...]:
        """As messages of a WebSocket (RFC 8887 4.3.5.1)."""
        if self._messages is None:
            found = [body.decode() for body in self.alert_bodies()]
            if self.states or not found:
                found.insert(0, msgspec.json.encode({**self.members(), "pushState": self.state}).decode())
            self._messages = tuple(found)
        return self._messages

    def alert_bodies(self) -> list[bytes]:
        """The CalendarAlert objects as JSON."""
        return [msgspec.json.encode(members) for _, members in self.alerts]

    def body(self) -> bytes:
        """The StateChange object as JSON."""
        return msgspec.json.encode(self.members())

    def members(self) -> dict[str, Any]:
        """The StateChange object."""
        changed = {encode_id(id): _shown(states) for id, states in sorted(self.states.items())}
        return {"@type": "StateChange", "changed": changed}

    def within(self, accounts: Collection[int]) -> Change | None:
        """What is left for somebody who sees only ``accounts``; None for nothing."""
        states = {id: found for id, found in self.states.items() if id in accounts}
        alerts = tuple(each for each in self.alerts if each[0] in accounts)
        if not states and not alerts:
            return None
        return Change(states, {id: number for id, number in self.known.items() if id in accounts}, alerts)

    def seen_by(self, scopes: Scopes) -> Change | None:
        """What is left for somebody who may hear of no more; None for nothing."""
        found = {
            id: {type: number for type, number in states.items() if scope is None or type in scope}
            for id, states in self.states.items()
            for scope in (scopes.get(id, frozenset()),)
        }
        states = {id: each for id, each in found.items() if each}
        alerts = tuple(each for each in self.alerts if scopes.get(each[0], frozenset()) is None)
        if not states and not alerts:
            return None
        return Change(states, {id: number for id, number in self.known.items() if id in scopes}, alerts)


def merged(first: Change | None, second: Change) -> Change:
    """Both as one event."""
    if first is None:
        return second
    states = {id: dict(found) for id, found in first.states.items()}
    for id, found in second.states.items():
        states.setdefault(id, {}).update(found)
    return Change(states, {**first.known, **second.known}, (*first.alerts, *second.alerts)[-MOST_ALERTS:])


def _shown(states: Mapping[int, int]) -> dict[str, str]:
    return {PUSHED[type]: str(State(number)) for type, number in sorted(states.items())}
