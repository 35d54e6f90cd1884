"""A scheduling message comes to an account here, by mail or from another account: its calendar takes it in, and it
stands in the inbox (RFC 6638 4, spec/dav.md 8.6).

Everything happens in the transaction of whoever brings the message; what is ignored changes nothing. An invitation to
something new is taken only from people who are known here, unless the settings trust everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

from attrs import frozen
from twisted.python.failure import Failure

from stalwart.codec.caldav.selection import stored
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.values import unescaped
from stalwart.codec.itip.applying import apply
from stalwart.codec.itip.outcomes import Applied, Ignored, ItipMessage, Options, TagStep
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, StalwartError
from stalwart.groupware.attachments import held_in
from stalwart.groupware.calendar_objects import CalendarObjects, Examined
from stalwart.groupware.event_notices import CREATED, UPDATED, by_address, notice_of
from stalwart.groupware.homes import Home, Homes
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Resource, locate
from stalwart.groupware.scheduling.inbox import add_notice
from stalwart.groupware.scheduling.people import People
from stalwart.groupware.traits import SCHEDULE_TAG, SECOND_HAND
from stalwart.groupware.viewers import Viewer
from stalwart.groupware.violations import Violation
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member

_LONGEST_REASON: Final = 300
_LONGEST_COMMENT: Final = 1000


@frozen
class Received:
    """What became of a message in one account. ``reason`` says why it changed nothing; ``messages`` are sent back by
    the account.
    """

    method: str
    uid: str
    reason: str | None = None
    messages: tuple[ItipMessage, ...] = ()
    fault: Failure | None = None
    """What broke here."""

    @property
    def is_taken(self) -> bool:
        """Whether it is in the inbox."""
        return self.reason is None


def stepped(tag: Any, step: TagStep) -> int | None:
    """The schedule tag after a step; None if there is none."""
    present = tag if isinstance(tag, int) else None
    match step:
        case TagStep.FIRST:
            return 1 if present is None else present + 1
        case TagStep.NEXT:
            return (present or 0) + 1
        case TagStep.DROP:
            return None
        case TagStep.KEEP:
            return present


def identity_of(message: Component) -> tuple[str, str]:
    """Method and UID of a message, as far as they are there."""
    uid = next((each.value("UID") for each in message.components if each.name != "VTIMEZONE" and each.has("UID")), None)
    return (message.value("METHOD") or "").strip().upper()[:40], (uid or "").strip()


class Receiving:
    """Takes messages in."""

    def __init__(
        self, settings: Settings, people: People, homes: Homes, objects: CalendarObjects, quotas: Quotas
    ) -> None:
        self._settings = settings
        self._people = people
        self._homes = homes
        self._objects = objects
        self._quotas = quotas

    def receive(
        self,
        tx: Transaction,
        account_id: int,
        message: Component,
        sender: str,
        now: int,
        *,
        recipient: str | None = None,
    ) -> Received:
        """Have an account take in a message of ``sender``, who is proved; ``recipient`` is the address of the account
        that it is for, if that is known. What is wrong with it is in the answer.
        """
        method, uid = identity_of(message)
        try:
            with tx.savepoint():
                return self._taken(tx, account_id, message, sender, now, recipient)
        except StalwartError as problem:
            reason = problem.rule.value if isinstance(problem, Violation) else problem.detail
            return Received(method, uid, reason[:_LONGEST_REASON])

    def _taken(
        self, tx: Transaction, account_id: int, message: Component, sender: str, now: int, recipient: str | None
    ) -> Received:
        method, uid = identity_of(message)
        rules = self._settings.of(CalendarScheduling)
        if not rules.enable:
            return Received(method, uid, "invitations are switched off")
        if not self._people.may_receive(tx, account_id):
            return Received(method, uid, "the account takes no invitations")
        place = self._place(tx, account_id, uid) if uid else None
        before = tx.collections.octets(account_id, place.item_id) if place is not None else None
        try:
            present = stored(before) if before is not None else None
        except MalformedCalendar:
            return Received(method, uid, "what is there cannot be read")
        data = _data(tx, account_id, place)
        tag = data.get(SCHEDULE_TAG)
        addresses = self._people.addresses(tx, account_id, message, present, meant=recipient)
        options = Options(
            addresses,
            now,
            is_tagged=tag is not None,
            max_recipients=rules.max_recipients,
            max_octets=self._objects.largest,
            attached=frozenset(held_in(data)),
            is_second_hand=SECOND_HAND in data,
        )
        try:
            outcome = apply(message, present, sender, options)
            examined = self._examined(outcome, now)
        except StalwartError:
            raise
        except Exception:  # a fault of ours keeps nobody from writing his calendar, nor mail from coming
            return Received(method, uid, "a fault in the server", fault=Failure())
        if isinstance(outcome, Ignored):
            return Received(method, uid, outcome.reason.value)
        if outcome.is_new and not self._is_welcome(tx, account_id, sender):
            return Received(method, uid, "the sender is not known here")
        item_id = place.item_id if place is not None else None
        if examined is not None:
            beside = {SCHEDULE_TAG: stepped(tag, outcome.tag), SECOND_HAND: outcome.is_second_hand or None}
            item_id = self._write(tx, account_id, place, examined, beside, now)
        octets = message.octets()
        self._quotas.check(tx, account_id, len(octets))
        notice = None
        if examined is not None:
            after = tx.collections.octets(account_id, item_id) if item_id is not None else None
            who = by_address(tx, sender, self._people.holder(tx, sender))
            what = CREATED if before is None else UPDATED
            notice = notice_of(what, before, after, who, comment=_comment(message))
        limit = self._settings.of(Calendar).max_event_notifications
        add_notice(
            *(tx, account_id, octets), method=method, sender=sender, event=item_id, now=now, notice=notice, limit=limit
        )
        return Received(method, uid, None, outcome.messages)

    def _place(self, tx: Transaction, account_id: int, uid: str) -> Member | None:
        """Where the object is; of several that which people have been invited by."""
        found = tx.collections.by_uid(account_id, CALENDARS.item_type, uid)
        tagged = (each for each in found if _data(tx, account_id, each).get(SCHEDULE_TAG) is not None)
        return next(tagged, found[0] if found else None)

    def _is_welcome(self, tx: Transaction, account_id: int, sender: str) -> bool:
        """Whether something new is taken from a sender (spec/dav.md 8.6)."""
        if self._settings.of(CalendarScheduling).auto_add_invitations:
            return True
        return self._people.holder(tx, sender) is not None or self._people.knows(tx, account_id, sender)

    def _examined(self, outcome: Applied | Ignored, now: int) -> Examined | None:
        """What the object is then, if it becomes another. Raises Violation."""
        if isinstance(outcome, Ignored) or outcome.calendar is None:
            return None
        return self._objects.examined_anew(outcome.calendar, now)

    def _write(
        self,
        tx: Transaction,
        account_id: int,
        place: Member | None,
        examined: Examined,
        beside: Mapping[str, Any],
        now: int,
    ) -> int:
        """Keep what the object is now; its number."""
        found = self._resource(tx, account_id, place, now)
        kept = self._objects.put(
            *(tx, found, examined),
            user_id=account_id,
            now=now,
            is_silent=True,
            beside=beside,
        )
        return kept.member.item_id

    def _resource(self, tx: Transaction, account_id: int, place: Member | None, now: int) -> Resource:
        home = self._homes.get(tx, account_id) or Home(account_id, "")
        if place is not None:
            above, name = tx.collections.path(account_id, place.collection_id) or (), place.segment
        else:
            above, name = (self.first_calendar(tx, home).segment,), f"{now}_{token_hex(8)}.ics"
        return locate(tx, Viewer(account_id), CALENDARS, home, (*above, name))

    def first_calendar(self, tx: Transaction, home: Home) -> Member:
        """The calendar that invitations go to: the one that homes begin with, else the oldest. In a write it is made
        if nobody has looked yet. Raises NotFound.
        """
        found = default_calendar(tx, self._homes, home.account_id)
        if found is None:
            self._homes.make_first(tx, CALENDARS, home)
            found = default_calendar(tx, self._homes, home.account_id)
        if found is None:
            raise NotFound("there is no calendar")
        return found


def _comment(message: Component) -> str | None:
    """What who sends a message has to say."""
    given = next((each.value("COMMENT") for each in message.components if each.has("COMMENT")), None)
    return None if given is None else unescaped(given)[:_LONGEST_COMMENT]


def _data(tx: Transaction, account_id: int, place: Member | None) -> Mapping[str, Any]:
    """What is kept beside an object."""
    row = tx.objects.get(account_id, place.item_id) if place is not None else None
    return (row.data if row is not None else None) or {}


def default_calendar(tx: Transaction, homes: Homes, account_id: int) -> Member | None:
    """The calendar that invitations go to, if it is there."""
    return homes.default(tx, CALENDARS, account_id)
