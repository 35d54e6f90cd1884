"""Reminders when their time comes (spec/dav.md 8.9): by mail, or as an alert to the clients of the account.

Each object knows when its next alarm is due (``Span.alarm_at``); the leading process looks for what is due along an
index, and soon when objects are written here. The letter is written and the next alarm set in one transaction, so
that a crash neither loses nor repeats a reminder. One that is late by more than a day, because nobody was here to send
it, is left out. After a mail, other mails about the same event are not sent for ``minTriggerInterval``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from attrs import evolve, frozen
from twisted.internet.defer import CancelledError, Deferred

from stalwart.codec.dav.paths import href
from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.alarms import Alarm, alarms
from stalwart.codec.icalendar.components import read_calendars
from stalwart.codec.icalendar.instances import Expansion, instances
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.values import DAY, calendar_addresses, time_text, unescaped
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.config.collaboration.alarm import CalendarAlarm
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.identity.authentication import Authentication
from stalwart.directory.identity import Identity, find_by_id
from stalwart.errors import OverQuota, StalwartError, Unavailable
from stalwart.groupware.alarm_mail import Reminded, is_mail, reminder
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.homes import Home
from stalwart.groupware.own_alerts import MOST, Defaults, as_reminded, defaults_of, may_use_defaults, reminds
from stalwart.groupware.scheduling.invitation_mail import Sender
from stalwart.groupware.scheduling.wording import language_of
from stalwart.groupware.viewers import Viewer
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.intake import is_address
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.net.side_by_side import side_by_side
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.collection_rows import Member
from stalwart.store.object_types import CALENDAR_EVENT
from stalwart.store.watch import Changed
from stalwart.tasks.looking import Looking
from stalwart.telemetry import Telemetry
from stalwart.telemetry.alarm_events import ALARM_FAILED, ALARM_REDIRECTED, ALARM_SENT, ALARM_SKIPPED

PERMISSION: Final = "calendarAlarmsSend"
PAGE: Final = 200
"""Objects that are looked at before it is asked again what is due."""
WIDTH: Final = 8
"""Objects that are looked at side by side."""
LONGEST: Final = 15.0
"""Seconds after which it is looked what other processes have written."""
SOON: Final = 0.5
"""Seconds after which it is looked what was written here: whoever imports a calendar writes often."""
REST: Final = 30.0
LATE: Final = DAY
"""Seconds after which nobody is reminded any more."""
BACK: Final = 40 * DAY
"""An instance may be over for that long when an alarm of it is due."""
MOST_RECIPIENTS: Final = 10
PATIENCE: Final = 60.0
"""Seconds for one object."""
AGAIN: Final = 3600
_OVER: Final = ("CANCELLED", "COMPLETED")
"""Of what is so nobody is reminded (RFC 5545 3.8.1.11)."""
_SENDER: Final = "calendar-notification"
_LONGEST_ID: Final = 255
"""RFC 8620 1.2."""


@frozen
class Alert:
    """An alarm that clients of ``user_id`` are told of: a CalendarAlert (JMAP for Calendars)."""

    account_id: int
    item_id: int
    uid: str
    recurrence_id: str | None
    """The start of the instance as the series has it, on its own clock, if it is a series."""
    alert_id: str
    user_id: int


class Queue(Protocol):
    """See ``mail.queue.queue.MailQueue``."""

    async def prepare(self, content: bytes | Stored) -> bytes | Stored: ...
    def add(self, tx: Transaction, letter: Letter, now: int) -> int: ...
    def queued(self, letter: Letter, id: int) -> None: ...


class Signs(Protocol):
    """See ``mail.authentication.signing.Signing``."""

    async def signed(self, content: bytes | Stored, domain: str) -> bytes: ...


@frozen
class _Due:
    """An object with an alarm that is due at ``at``, as the account ``home`` may be reminded of it. ``identity`` is
    None if nobody is told. ``own`` is what a sharee has of his own, None for the owner; with ``defaults`` that does not
    stand in ``octets`` which reminds him.
    """

    account_id: int
    item_id: int
    at: int
    member: Member
    octets: bytes
    zone: Zone
    path: tuple[str, ...]
    owner: str
    home: Home
    identity: Identity | None
    addresses: frozenset[str]
    own: Mapping[str, Any] | None = None
    defaults: Defaults | None = None


@frozen
class _Told:
    """What comes of it: mails by address, alerts, and when the next alarm is due. ``is_due`` is whether there was one
    at all.
    """

    is_due: bool = False
    mails: tuple[tuple[str, bytes], ...] = ()
    alerts: tuple[Alert, ...] = ()
    next_at: int | None = None
    redirected: bool = False


class Alarms:
    """Reminds from ``lead`` to ``close``. Who tells clients is in ``alerted``, and hears of an alert once it is due."""

    def __init__(
        self,
        store: Store,
        settings: Any,
        queue: Queue,
        signing: Signs,
        own_addresses: OwnAddresses,
        base_url: str,
        clock: Any,
        telemetry: Telemetry,
    ) -> None:
        self._store = store
        self._settings = settings
        self._queue = queue
        self._signing = signing
        self._own_addresses = own_addresses
        self._base_url = base_url
        self._clock = clock
        self._telemetry = telemetry
        self._looking = Looking(clock, self._look, self._failed, rest=REST, longest=LONGEST)
        self._unwatch: Callable[[], object] = lambda: None
        self._running: Deferred[Any] | None = None
        self._soon: Any = None
        self.alerted: list[Callable[[Alert], object]] = []

    def lead(self) -> None:
        """Remind, from now on; for the leading process."""
        self._unwatch = self._store.watch(self._written)
        self._looking.start()

    def close(self) -> None:
        """Stop; what was being done is due again at the next start."""
        self._unwatch()
        self._looking.stop()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._running is not None:
            self._running.cancel()

    def _written(self, changed: Changed) -> None:
        if self._soon is None and any(CALENDAR_EVENT in states for states in changed.values()):
            self._soon = self._clock.callLater(SOON, self._wake)

    def _wake(self) -> None:
        self._soon = None
        self._looking.wake()

    def _failed(self, reason: str) -> None:
        self._telemetry.emit(ALARM_FAILED, reason=reason)

    async def _look(self) -> float | None:
        now = int(self._clock.seconds())
        due = await self._store.read(lambda tx: tx.collections.due_alarms(now, PAGE))
        waiting = iter(due)
        self._running = running = Deferred.fromCoroutine(side_by_side(*(self._several(waiting) for _ in range(WIDTH))))
        try:
            await running
        except CancelledError:
            if self._looking.is_open:
                raise
            return None
        finally:
            self._running = None
        if len(due) == PAGE:
            return 0.0
        following = await self._store.read(lambda tx: tx.collections.next_alarm())
        return LONGEST if following is None else max(following - self._clock.seconds(), 0.0)

    async def _several(self, waiting: Iterator[tuple[int, int, int]]) -> None:
        """One object after the other, while there are any that nobody else has taken."""
        for account_id, item_id, at in waiting:
            await self._bounded(account_id, item_id, at)

    async def _bounded(self, account_id: int, item_id: int, at: int) -> None:
        """One object, whatever comes of it: others do not wait for it. Raises Unavailable."""
        running = Deferred.fromCoroutine(self._one(account_id, item_id, at))
        running.addTimeout(PATIENCE, self._clock)
        try:
            await running
        except (CancelledError, Unavailable):
            raise
        except Exception as fault:
            reason = fault.detail if isinstance(fault, StalwartError) else f"{type(fault).__name__}: {fault}"
            self._telemetry.emit(ALARM_FAILED, accountId=account_id, documentId=item_id, reason=reason)
            later = int(self._clock.seconds()) + AGAIN
            await self._store.write(lambda tx: _move(tx, account_id, item_id, at, later))

    async def _one(self, account_id: int, item_id: int, at: int) -> None:
        every = await self._store.read(lambda tx: self._due(tx, account_id, item_id, at))
        if not every:
            await self._store.write(lambda tx: _move(tx, account_id, item_id, at, None))
            return
        now = int(self._clock.seconds())
        all_told = [await self._store.blob_work(lambda files, due=due: self._told(due, now)) for due in every]  # type: ignore[misc]
        times = [told.next_at for told in all_told if told.next_at is not None]
        next_at = min(times, default=None)
        letters = []
        for due, told in zip(every, all_told, strict=True):
            sender = self._sender(due.identity)
            letters.append(
                [await self._letter(due, sender, *mail) for mail in told.mails] if sender is not None else []
            )
        leaving = [letter for each in letters for letter in each]
        try:
            keep = partial(self._keep, due=every[0], next_at=next_at, letters=leaving, now=now)
            queued = await self._store.write(keep)
        except OverQuota as problem:
            self._telemetry.emit(ALARM_FAILED, accountId=account_id, documentId=item_id, reason=problem.detail)
            await self._store.write(lambda tx: _move(tx, account_id, item_id, at, next_at))
            return
        if queued is not None:
            ids = iter(queued)
            for due, told, own in zip(every, all_told, letters, strict=True):
                self._tell(due, told, own, [next(ids) for _ in own])

    def _tell(self, due: _Due, told: _Told, letters: Sequence[Letter], queued: Sequence[int]) -> None:
        """What was written is durable."""
        which = {"accountId": due.account_id, "documentId": due.item_id}
        for letter, id in zip(letters, queued, strict=True):
            self._queue.queued(letter, id)
            to = letter.recipients[0].address
            self._telemetry.emit(ALARM_SENT, to=to, **which)
            if told.redirected:
                self._telemetry.emit(ALARM_REDIRECTED, to=to, **which)
        for alert in told.alerts:
            for hear in self.alerted:
                hear(alert)
        if not letters and not told.alerts and (told.is_due or (due.own is None and due.defaults is None)):
            reason = (
                "it is not allowed, or too late" if due.identity is None else "it is no alarm any more, or too late"
            )
            self._telemetry.emit(ALARM_SKIPPED, reason=reason, **which)

    def _due(self, tx: Transaction, account_id: int, item_id: int, at: int) -> list[_Due]:
        """What has to be known of an object: for its owner first, then for others who have alerts of their own; nothing
        if it is gone.
        """
        places = [each for each in tx.collections.places(account_id, item_id) if not each.is_collection]
        octets = tx.collections.octets(account_id, item_id)
        row = tx.accounts.get(account_id)
        if not places or octets is None or row is None:
            return []
        calendars = [each.collection_id for each in places]
        owner = self._due_for(tx, places[0], octets, at, Home(account_id, row.login), account_id)
        if may_use_defaults(octets):
            owner = evolve(owner, defaults=defaults_of(tx, account_id, calendars, account_id))
        found = [owner]
        for user_id, own in tx.preferences.of_users(account_id, item_id, MOST).items():
            user = tx.accounts.get(user_id) if reminds(own) else None
            if user is None:
                continue
            due = self._due_for(tx, places[0], octets, at, Home(user_id, user.login), account_id)
            if due.identity is None:
                continue
            groups: frozenset[int] = getattr(due.identity.account, "member_group_ids", frozenset())
            rights = Viewer(user_id, groups).rights_on_some(tx, account_id, calendars)
            if any(Rights.READ_ITEMS in held for held in rights.values()):
                defaults = defaults_of(tx, account_id, calendars, user_id)
                found.append(evolve(due, own=own, defaults=defaults))
        return found

    def _due_for(self, tx: Transaction, place: Member, octets: bytes, at: int, home: Home, account_id: int) -> _Due:
        """What has to be known of somebody who may be reminded."""
        above, row = tx.collections.path(account_id, place.collection_id) or (), tx.accounts.get(account_id)
        identity = find_by_id(tx, home.account_id, self._settings.of(Authentication))
        rules = self._settings.of(CalendarAlarm)
        if identity is not None and not (rules.enable and identity.is_enabled and PERMISSION in identity.permissions):
            identity = None
        return _Due(
            account_id,
            place.item_id,
            at,
            place,
            octets,
            calendar_zone(tx, account_id, place.collection_id, home.account_id),
            (*above, place.segment),
            row.login if row is not None else "",
            home,
            identity,
            frozenset(each.lower() for each in self._own_addresses.listed(tx, home.account_id)),
        )

    # In a thread

    def _told(self, due: _Due, now: int) -> _Told:
        """Who is told what of an object."""
        size: int = self._settings.of(Calendar).max_i_calendar_size
        octets = due.octets if due.defaults is None else as_reminded(due.octets, due.own, due.defaults)
        try:
            (calendar,) = read_calendars(octets or b"", max_octets=max(size, len(octets or b"")), is_lenient=True)
        except (MalformedCalendar, ValueError):
            return _Told()
        expansion = instances(calendar, zone_for_floating=due.zone, since=due.at - BACK)
        every = alarms(expansion)
        matching = [each for each in every if each.at == due.at]
        if not matching and due.zone is not UTC:
            floating = instances(calendar, since=due.at - BACK)
            matching = [each for each in alarms(floating) if each.at == due.at]
            expansion = floating if matching else expansion
        rules = self._settings.of(CalendarAlarm)
        next_at = _next(every, max(due.at, now - LATE), rules.min_trigger_interval // 1000)
        is_due = bool(matching)
        if due.identity is None or now - due.at > LATE:
            return _Told(is_due, next_at=next_at)
        matching = [each for each in matching if (each.component.value("STATUS") or "").strip().upper() not in _OVER]
        mails: dict[str, bytes] = {}
        redirected = False
        for each in matching:
            if is_mail(each.alarm):
                addresses, elsewhere = self._recipients(due, each)
                redirected = redirected or elsewhere
                for address in addresses:
                    if address not in mails and len(mails) < MOST_RECIPIENTS:
                        mails[address] = self._mail(due, each, expansion, address, now)
        alerts = tuple(_alert(due, each) for each in matching if not is_mail(each.alarm))
        return _Told(is_due, tuple(mails.items()), alerts, next_at, redirected)

    def _recipients(self, due: _Due, alarm: Alarm) -> tuple[list[str], bool]:
        """The addresses that an alarm goes to, and whether that is the account's instead of others."""
        wanted = [each for each in calendar_addresses(alarm.alarm.all("ATTENDEE")) if is_address(each)]
        if not self._settings.of(CalendarAlarm).allow_external_rcpts:
            allowed = [each for each in wanted if each in due.addresses]
        else:
            allowed = wanted
        return allowed or [due.home.address], bool(wanted) and not allowed

    def _mail(self, due: _Due, alarm: Alarm, expansion: Expansion, address: str, now: int) -> bytes:
        sender = self._sender(due.identity)
        assert due.identity is not None and sender is not None
        language = language_of(due.identity.account.locale)
        to = Reminded(address, due.home.address, language, self._url(due))
        host = self._host(sender)
        try:
            return reminder(alarm, expansion.zones, sender, to, hostname=host, now=now)
        except InvalidValue:
            to = evolve(to, address=due.home.address)
            return reminder(alarm, expansion.zones, sender, to, hostname=host, now=now)

    def _url(self, due: _Due) -> str:
        host = urlsplit(self._base_url).netloc
        return f"webcal://{host}{href('cal', due.owner, *due.path, collection=False)}" if host else ""

    def _host(self, sender: Sender) -> str:
        return urlsplit(self._base_url).hostname or sender.address.rpartition("@")[2]

    def _sender(self, identity: Identity | None) -> Sender | None:
        """Who reminds, of the domain of who is reminded."""
        if identity is None:
            return None
        rules = self._settings.of(CalendarAlarm)
        address = rules.from_email or f"{_SENDER}@{identity.address.rpartition('@')[2]}"
        return Sender(rules.from_name, address)

    # Leaving

    async def _letter(self, due: _Due, sender: Sender, address: str, content: bytes) -> Letter:
        domain = sender.address.rpartition("@")[2]
        signed = await self._signing.signed(content, domain) + content
        return Letter(
            content=await self._queue.prepare(signed),
            return_path="",  # nobody waits for reports about it (RFC 3834 3.3)
            recipients=(LetterRecipient(address, notify=frozenset(("NEVER",))),),
            source="autogenerated",
            account_id=due.home.account_id,
            smtputf8=not (address.isascii() and sender.address.isascii()),
            body="7BIT" if signed.isascii() else "8BITMIME",
            signed_for=domain,
        )

    def _keep(
        self, tx: Transaction, *, due: _Due, next_at: int | None, letters: Sequence[Letter], now: int
    ) -> list[int] | None:
        """Queue the letters and set the next alarm; None if the object has been written meanwhile."""
        if tx.collections.octets(due.account_id, due.item_id) != due.octets:
            return None
        if not _move(tx, due.account_id, due.item_id, due.at, next_at):
            return None
        return [self._queue.add(tx, letter, now) for letter in letters]


def _move(tx: Transaction, account_id: int, item_id: int, at: int, to: int | None) -> bool:
    """Set the next alarm, if it still was ``at``."""
    span = tx.collections.span(account_id, item_id)
    if span is None or span.alarm_at != at:
        return False
    tx.collections.set_alarm(account_id, item_id, to)
    return True


def _next(every: Sequence[Alarm], after: int, pause: int) -> int | None:
    """When the next alarm is due; mails that come too soon after another one are not."""
    last = max((each.at for each in every if each.at <= after and is_mail(each.alarm)), default=None)
    for each in every:
        if each.at <= after:
            continue
        if last is not None and each.at - last < pause and is_mail(each.alarm):
            continue
        return each.at
    return None


def _alert(due: _Due, alarm: Alarm) -> Alert:
    uid = unescaped((alarm.component.value("UID") or "").strip())
    recurrence = alarm.instance.recurrence_local if alarm.instance is not None else None
    id = unescaped((alarm.alarm.value("UID") or alarm.alarm.value("JSID") or "").strip())
    if not id or len(id) > _LONGEST_ID:
        id = f"k{alarm.component.within('VALARM').index(alarm.alarm) + 1}"
    return Alert(due.account_id, due.item_id, uid, _local(recurrence), id, due.home.account_id)


def _local(seconds: int | None) -> str | None:
    """A LocalDateTime (RFC 8984 1.4.4)."""
    if seconds is None:
        return None
    text = time_text(seconds)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}:{text[13:15]}"
