"""Invitations follow from what people write into their calendars (implicit scheduling, RFC 6638 3.2).

Whoever is at home here has it in his calendar and inbox with the same transaction that writes the object; for all
others a task is written in it, and ``invitations`` writes their mail. Who is at home here but whose calendar does not
take it in gets mail as well. Objects whose last time is over are nobody's business any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import frozen
from twisted.python.failure import Failure

from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.values import calendar_address
from stalwart.codec.ids import encode_id
from stalwart.codec.itip.deciding import on_change
from stalwart.codec.itip.kept import kept_text
from stalwart.codec.itip.merging import with_answers
from stalwart.codec.itip.outcomes import ItipMessage, Options, Outcome, SchedulingRefused, TagStep
from stalwart.codec.itip.participants import NOBODY, with_status
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.config.settings import Settings
from stalwart.groupware.calendar_objects import CalendarObjects, Examined, Writing
from stalwart.groupware.resources import Resource
from stalwart.groupware.scheduling import called_off
from stalwart.groupware.scheduling.people import People
from stalwart.groupware.scheduling.receiving import Received, Receiving, identity_of, stepped
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.groupware.violations import Rule, Violation
from stalwart.schema.formats import email_address
from stalwart.store import Store, Transaction
from stalwart.store.collection_rows import Member
from stalwart.tasks.scheduling import schedule
from stalwart.telemetry import Telemetry
from stalwart.telemetry.calendar_events import ITIP_ERROR, ITIP_RECEIVED
from stalwart.telemetry.events import Event
from stalwart.telemetry.faults import tell_fault

TASK: Final = "CalendarItipMessage"
DELIVERED: Final = "1.2"
"""The calendar of the recipient has it (RFC 6638 7.3)."""
_STALE: Final = "5.1"
"""The recipient has something newer. Mail would say nothing else."""
_KNOWN: Final[Mapping[str, str]] = {"unchanged": DELIVERED, "out-of-sequence": _STALE}
"""Reasons for which there is no mail."""
_MOST_TOLD: Final = 1000
_DEEPEST: Final = 2
"""Messages that are sent because of messages."""


@frozen
class _Told:
    event: Event
    fields: dict[str, Any]


class Scheduling:
    """``calendar_objects.Scheduler`` of this server. ``wake`` has the runner look for tasks."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        people: People,
        receiving: Receiving,
        objects: CalendarObjects,
        telemetry: Telemetry,
    ) -> None:
        self._settings = settings
        self._people = people
        self._receiving = receiving
        self._objects = objects
        self._telemetry = telemetry
        self._told: deque[_Told] = deque(maxlen=_MOST_TOLD)
        self._faults: deque[tuple[Failure, int]] = deque(maxlen=_MOST_TOLD)
        self._is_due = False
        self.wake: Callable[[], None] = lambda: None
        store.watch(lambda changed: self.tell())

    def tell(self) -> None:
        """Emit what has happened in transactions, and have what they left be done; on the reactor's thread."""
        while self._told:
            each = self._told.popleft()
            self._telemetry.emit(each.event, **each.fields)
        while self._faults:
            failure, account_id = self._faults.popleft()
            tell_fault(self._telemetry, failure, accountId=account_id)
        if self._is_due:
            self._is_due = False
            self.wake()

    def writing(self, tx: Transaction, writing: Writing) -> Examined:
        """See ``calendar_objects.Scheduler``."""
        found, given, data = writing.found, writing.after, writing.data
        last = given.index.last
        if writing.before is not None and found.member is not None:
            span = tx.collections.span(found.account_id, found.member.item_id)
            last = max(last, span.last_at if span is not None else last)
        if last < writing.now or not self._is_asked(tx, writing.user_id):
            return given
        if writing.merges:
            given = self._merged(tx, writing)
        uid, least = given.facts.uid, _called_off(tx, writing)
        outcome = self._outcome(tx, found.account_id, writing.before, given.calendar, data, writing.now, least)
        writing.is_put_back = outcome.is_put_back
        tag = stepped(data.get(SCHEDULE_TAG), outcome.tag)
        data.pop(SCHEDULE_TAG, None)
        if tag is not None:
            data[SCHEDULE_TAG] = tag
        _check_rights(found, outcome.messages)
        before = _read(writing.before)
        if outcome.tag is TagStep.DROP:
            _note_called_off(tx, found.account_id, before, outcome.messages, writing.now)
        elif least is not None and outcome.messages:
            called_off.forget(tx, found.account_id, uid)
        item_id = found.member.item_id if found.member is not None else None
        statuses = self._send(tx, found.account_id, outcome.messages, before, writing.now, item_id)
        calendar = outcome.calendar
        if statuses:
            calendar = with_status(calendar if calendar is not None else given.calendar, statuses)
        return given if calendar is None else self._objects.examined_anew(calendar, writing.now)

    def removing(
        self, tx: Transaction, found: Resource, member: Member, user_id: int, now: int, *, sends_reply: bool
    ) -> None:
        """See ``calendar_objects.Scheduler``. What cannot be told does not keep an object from being removed."""
        before, outcome = self._farewell(tx, found.account_id, member, user_id, now, sends_reply)
        messages = outcome.messages
        _check_rights(found, messages)
        if outcome.tag is TagStep.DROP or any(each.method == "CANCEL" for each in messages):
            _note_called_off(tx, found.account_id, before, messages, now)
        self._send(tx, found.account_id, messages, before, now, member.item_id)

    def leaving(
        self, tx: Transaction, found: Resource, member: Member, to: int, user_id: int, now: int, *, sends_reply: bool
    ) -> None:
        """See ``calendar_objects.Scheduler``. Where the organizer is at home, it can go."""
        before, outcome = self._farewell(tx, found.account_id, member, user_id, now, sends_reply)
        messages = outcome.messages
        if not messages:
            return
        if any(each.method == "REPLY" for each in messages):
            raise Violation(Rule.INVITED_HERE, "Whoever has accepted an invitation keeps it, or deletes it.")
        if messages[0].sender not in self._people.addresses(tx, to, before):
            raise Violation(Rule.ORGANIZED_HERE, "Whoever has invited people keeps the event, or deletes it.")

    def _farewell(
        self, tx: Transaction, account_id: int, member: Member, user_id: int, now: int, sends_reply: bool
    ) -> tuple[Component | None, Outcome]:
        """What it would come to if an object were deleted, with the object."""
        span = tx.collections.span(account_id, member.item_id)
        if (span is not None and span.last_at < now) or not self._is_asked(tx, user_id):
            return None, Outcome()
        octets = tx.collections.octets(account_id, member.item_id)
        row = tx.objects.get(account_id, member.item_id)
        data = (row.data if row is not None else None) or {}
        before = _read(octets)
        if before is None:
            return None, Outcome()
        try:
            return before, self._outcome(tx, account_id, octets, None, data, now, sends_reply=sends_reply)
        except Violation:
            return None, Outcome()

    def send(self, tx: Transaction, account_id: int, messages: Iterable[ItipMessage], now: int) -> None:
        """Send what an account answers to a message, in the transaction that has taken that in."""
        self._send(tx, account_id, messages, None, now, None)

    def note(self, account_id: int, received: Received, sender: str, recipient: str = "") -> None:
        """Remember what became of a message, to be told once it is durable."""
        fields: dict[str, Any] = {"accountId": account_id, "method": received.method, "id": received.uid}
        fields |= {"from": sender, "to": recipient} if recipient else {"from": sender}
        if received.fault is not None:
            self._faults.append((received.fault, account_id))
        if received.is_taken:
            self._told.append(_Told(ITIP_RECEIVED, fields))
        else:
            self._told.append(_Told(ITIP_ERROR, {**fields, "reason": received.reason}))

    def _is_asked(self, tx: Transaction, user_id: int) -> bool:
        return self._settings.of(CalendarScheduling).enable and self._people.may_send(tx, user_id)

    def _merged(self, tx: Transaction, writing: Writing) -> Examined:
        """What is written with the answers that have come since the client has read it."""
        before, given = _read(writing.before), writing.after
        if before is None:
            return given
        own = self._people.addresses(tx, writing.found.account_id, given.calendar)
        merged = with_answers(before, given.calendar, own)
        return given if merged is None else self._objects.examined_anew(merged, writing.now)

    def _outcome(
        self,
        tx: Transaction,
        account_id: int,
        before: bytes | None,
        after: Component | None,
        data: dict[str, Any],
        now: int,
        least: int | None = None,
        *,
        sends_reply: bool = True,
    ) -> Outcome:
        """What the change comes to. Raises Violation."""
        old = _read(before)
        addresses = self._people.addresses(tx, account_id, after, old)
        if not addresses:
            return Outcome()
        most = self._settings.of(CalendarScheduling).max_recipients
        options = Options(
            addresses,
            now,
            is_tagged=SCHEDULE_TAG in data,
            max_recipients=most,
            max_octets=self._objects.largest,
            called_off=least,
            sends_reply=sends_reply,
        )
        try:
            return on_change(old, after, options)
        except SchedulingRefused as refused:
            raise Violation(Rule[refused.rule], refused.detail) from refused

    def _send(
        self,
        tx: Transaction,
        account_id: int,
        messages: Iterable[ItipMessage],
        before: Component | None,
        now: int,
        item_id: int | None,
        depth: int = 0,
    ) -> dict[str, str]:
        """Give messages to those who are here, and have mail written to the others; the state of delivery by address
        (RFC 6638 7.3) where it is known.
        """
        statuses: dict[str, str] = {}
        letters = []
        for message in messages:
            by_mail = []
            for recipient in message.recipients:
                is_known = _is_writable(recipient)
                status = self._give(tx, account_id, message, recipient, now, depth) if is_known else NOBODY
                if status is not None:
                    statuses[recipient] = status
                else:
                    by_mail.append(recipient)
            if by_mail:
                letters.append(_letter(message, by_mail, before))
        if letters:
            members: dict[str, Any] = {"accountId": encode_id(account_id), "messages": dict(_numbered(letters))}
            if item_id is not None:
                members["documentId"] = encode_id(item_id)
            schedule(tx, TASK, members, now, now)
            self._is_due = True
        return statuses

    def _give(
        self, tx: Transaction, account_id: int, message: ItipMessage, recipient: str, now: int, depth: int
    ) -> str | None:
        """What became of a message in the calendar of somebody who is here; None if he needs mail."""
        holder = self._people.holder(tx, recipient)
        if holder is None or holder == account_id:
            return None
        received = self._receiving.receive(tx, holder, message.calendar, message.sender, now, recipient=recipient)
        self.note(holder, received, message.sender, recipient)
        if received.messages and depth < _DEEPEST:
            self._send(tx, holder, received.messages, None, now, None, depth + 1)
        return DELIVERED if received.reason is None else _KNOWN.get(received.reason)


def _called_off(tx: Transaction, writing: Writing) -> int | None:
    """The SEQUENCE with which people were told that what is new does not take place; None if they were not."""
    if writing.before is not None and SCHEDULE_TAG in writing.data:
        return None
    known = called_off.known(tx, writing.found.account_id, writing.after.facts.uid, writing.now)
    if not writing.is_restored:
        return known
    return max(known or 0, called_off.highest((writing.after.calendar,)) + 1)


def _note_called_off(
    tx: Transaction, account_id: int, before: Component | None, messages: Iterable[ItipMessage], now: int
) -> None:
    if before is not None:
        sequence = called_off.highest((before, *(each.calendar for each in messages)))
        called_off.note(tx, account_id, identity_of(before)[1], sequence, now)


def _check_rights(found: Resource, messages: Iterable[ItipMessage]) -> None:
    """Whether who writes may say that in the name of whose calendar it is (RFC 6638 6.2). Raises Violation."""
    rights = found.scheduling_rights
    for message in messages:
        if message.method == "REPLY" and Rights.SCHEDULING_REPLY not in rights:
            text = "Invitations to this calendar are answered by others."
            raise Violation(Rule.NO_REPLYING, text, account=found.home.address)
        if message.method != "REPLY" and Rights.SCHEDULING_INVITE not in rights:
            text = "People are invited by others in this calendar."
            raise Violation(Rule.NO_INVITING, text, account=found.home.address)


def _letter(message: ItipMessage, recipients: list[str], before: Component | None) -> dict[str, Any]:
    """A message as a task keeps it: the calendar, behind it what it changes."""
    organizer = message.facts.organizer
    return {
        "from": message.sender,
        "to": dict.fromkeys(recipients, True),
        "isFromOrganizer": organizer is not None and organizer.address == calendar_address(message.sender),
        "iCalendarData": kept_text(message, before),
        "summary": message.facts.summary[:200] or None,
    }


def _is_writable(address: str) -> bool:
    """Whether mail can be written to an address."""
    try:
        return bool(email_address(address))
    except ValueError:
        return False


def _numbered(letters: list[dict[str, Any]]) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((str(at), each) for at, each in enumerate(letters))


def _read(octets: bytes | None) -> Component | None:
    """What was there, if it can be read."""
    try:
        return None if octets is None else stored(octets)
    except MalformedCalendar:
        return None
