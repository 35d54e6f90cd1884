"""Pushing to the devices that have subscribed (RFC 8620 7.2, RFC 8030): the leading process does it for all.

Each device has a line of its own: what changes is gathered while a push is under way, at most one leaves in each
throttle time, one that fails is tried again later with what came meanwhile, and given up after some attempts. Before
anything leaves, it is looked whether the subscriber may still see it. Subscriptions end in time, when the push service
says that they are gone, and with the credential that they were made with. What waits is not kept over a restart;
subscriptions are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from stalwart.codec.ids import encode_id
from stalwart.codec.web_push import MOST
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.settings import Settings
from stalwart.directory.access import Access
from stalwart.directory.standing import Grant, Standing
from stalwart.errors import StalwartError
from stalwart.jmap.push.feed import Feed, Watcher
from stalwart.jmap.push.places import PushPlaces
from stalwart.jmap.push.scopes import scopes_of
from stalwart.jmap.push.state_change import Change, merged, types_of
from stalwart.net.push_service import Delivered, Outcome, Push
from stalwart.store import Store, Transaction
from stalwart.store.push_subscriptions import PushSubscription
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    PUSH_SUBSCRIPTION_ERROR,
    PUSH_SUBSCRIPTION_NOT_FOUND,
    PUSH_SUBSCRIPTION_SUCCESS,
    STORE_ERROR,
)
from stalwart.telemetry.faults import Works, tell_fault

TICK = 60.0
PURGE = 3600.0
VERIFICATIONS = 20
"""Codes that are sent for one account in a minute; further ones wait."""

_RETRY = 5.0


def no_throttle() -> float:
    """Each device has a time of its own."""
    return 0.0


class Pushing(Protocol):
    """What is asked of ``net.push_service``."""

    async def deliver(self, push: Push, timeout: float = ...) -> Delivered: ...


class Devices:
    """All devices. ``announce`` tells other processes whose subscriptions have changed here."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        standing: Standing,
        feed: Feed,
        service: Pushing,
        clock: Any,
        telemetry: Telemetry,
        announce: Callable[[int], object],
    ) -> None:
        self.store = store
        self.settings = settings
        self.standing = standing
        self.feed = feed
        self.service = service
        self.clock = clock
        self.telemetry = telemetry
        self.places = PushPlaces(clock)
        self.works = Works(telemetry)
        self._announce = announce
        self._devices: dict[int, dict[int, Device]] = {}
        self._due: dict[int, None] = {}
        self._all_due = False
        self._leads = self._is_reading = False
        self._sent_codes: dict[int, deque[float]] = {}
        self._tick: Any = None
        self._purge_at = 0.0

    def __len__(self) -> int:
        return sum(map(len, self._devices.values()))

    def lead(self) -> None:
        """Push from now on."""
        if not self._leads:
            self._leads = True
            self._tick = self.clock.callLater(TICK, self._ticked)
            self.hear(None)

    def close(self) -> None:
        """Push no more."""
        self._leads = False
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        self.works.cancel()
        for device in self._each():
            device.close()
        self._devices.clear()

    def changed(self, account_id: int) -> None:
        """Subscriptions of an account were changed here."""
        self._announce(account_id)
        self.hear((account_id,))

    def hear(self, account_ids: Collection[int] | None) -> None:
        """Subscriptions of these accounts (None: of any) have changed."""
        if not self._leads:
            return
        if account_ids is None:
            self._all_due = True
        else:
            self._due.update(dict.fromkeys(account_ids))
        if not self._is_reading:
            self._is_reading = True
            self.works.run(self._read())

    async def remove(self, device: Device, reason: str) -> None:
        """The subscription is of no use any more."""
        kept = device.subscription
        self.drop(device)
        self.telemetry.emit(
            PUSH_SUBSCRIPTION_NOT_FOUND, accountId=kept.account_id, id=encode_id(kept.id), reason=reason
        )
        await self.store.write(lambda tx: tx.push_subscriptions.delete(kept.account_id, kept.id))

    def drop(self, device: Device) -> None:
        """Forget a device, but not its subscription."""
        device.close()
        account_id = device.subscription.account_id
        held = self._devices.get(account_id, {})
        if held.get(device.subscription.id) is device:
            del held[device.subscription.id]
        if not held:
            self._devices.pop(account_id, None)

    def code_delay(self, account_id: int) -> float:
        """Seconds until the next code may be sent for the account; counts it if that is now."""
        now = self.clock.seconds()
        sent = self._sent_codes.setdefault(account_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= VERIFICATIONS:
            return sent[0] + 60 - now
        sent.append(now)
        return 0.0

    async def _read(self) -> None:
        try:
            while self._all_due or self._due:
                if self._all_due:
                    await self._read_accounts()
                else:
                    account_id = next(iter(self._due))
                    del self._due[account_id]  # before it is read: it may change meanwhile
                    await self._read_account(account_id)
        finally:
            self._is_reading = False

    async def _read_accounts(self) -> None:
        self._all_due = False
        try:
            there = await self.store.read(partial(_accounts, now=int(self.clock.seconds())))
        except StalwartError as problem:
            self._all_due = True
            self.telemetry.emit(STORE_ERROR, reason=problem.detail)
            await deferLater(self.clock, _RETRY)
        else:
            self._due.update(dict.fromkeys((*self._devices, *there)))

    async def _read_account(self, account_id: int) -> None:
        try:
            await self._take_account(account_id, int(self.clock.seconds()))
        except StalwartError as problem:
            self._due[account_id] = None
            self.telemetry.emit(STORE_ERROR, reason=problem.detail)
            await deferLater(self.clock, _RETRY)
        except CancelledError:
            raise
        except Exception:
            tell_fault(self.telemetry, Failure())  # no other account waits for this one

    async def _take_account(self, account_id: int, now: int) -> None:
        found = await self.store.read(lambda tx: tx.push_subscriptions.of_account(account_id, now))
        there = {each.id for each in found}
        for id, device in tuple(self._devices.get(account_id, {}).items()):
            if id not in there:
                self.drop(device)
        for each in found:
            old = self._devices.get(account_id, {}).get(each.id)
            if old is not None and old.subscription == each:
                continue
            try:
                grant = msgspec.convert(each.holder, Grant)
            except msgspec.ValidationError:
                tell_fault(self.telemetry, Failure())
                continue
            access = await self.standing.access(grant)
            device = self._devices.setdefault(account_id, {})[each.id] = Device(self, each, grant)
            if access is not None:
                device.begin(access, old)
            if old is not None:
                old.close()
            if access is None:
                await self.remove(device, "the access that it was made with has ended")

    def _each(self) -> Iterator[Device]:
        return iter([device for held in self._devices.values() for device in held.values()])

    def _ticked(self) -> None:
        """Let go of what is over."""
        self._tick = self.clock.callLater(TICK, self._ticked)
        now = int(self.clock.seconds())
        for device in self._each():
            if device.subscription.expires_at <= now:
                self.drop(device)
        for account_id in [id for id, sent in self._sent_codes.items() if not sent or sent[-1] <= now - 60]:
            del self._sent_codes[account_id]
        if self._purge_at <= now:
            self._purge_at = now + PURGE
            self.works.run(self._purge(now))

    async def _purge(self, now: int) -> None:
        try:
            await self.store.write(lambda tx: tx.push_subscriptions.purge(now))
        except StalwartError as problem:
            self.telemetry.emit(STORE_ERROR, reason=problem.detail)


class Device:
    """One subscription and what waits for it. A listener of the feed once it is verified."""

    def __init__(self, devices: Devices, subscription: PushSubscription, grant: Grant) -> None:
        self.subscription = subscription
        self._devices = devices
        self._grant = grant
        self._watcher: Watcher | None = None
        self._pending: Change | None = None
        self._under_way: Change | None = None
        self._owes_code = False
        self._attempts = 0
        self._not_before = 0.0
        self._call: Any = None
        self._is_sending = False
        self._is_closed = False

    def begin(self, access: Access, former: Device | None = None) -> None:
        """Listen, or have the code sent. ``former`` is the same before it was changed."""
        kept = self.subscription
        if former is not None:
            self._not_before = former._not_before
            for change in (former._under_way, former._pending):
                if change is not None:
                    self._pending = merged(self._pending, change)
        if not kept.verified:
            self._owes_code = True
            self._pending = None
            self._soon()
            return
        types = None if kept.types is None else types_of(kept.types)
        self._watcher = self._devices.feed.watch(self, access, types, no_throttle)
        self._watcher.secured(self._grant)
        self._soon()

    def close(self) -> None:
        """Send no more."""
        self._is_closed = True
        self._pending = None
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def take(self, change: Change) -> None:
        """See ``Listener``."""
        self._pending = merged(self._pending, change)
        self._soon()

    def renewed(self, access: Access) -> None:
        """See ``Listener``."""

    def end(self) -> None:
        """See ``Listener``."""
        self._devices.works.run(self._devices.remove(self, "the access that it was made with has ended"))

    def _soon(self) -> None:
        """Send what waits, when it may be."""
        if self._is_closed or self._is_sending or self._call is not None:
            return
        if self._pending is None and not self._owes_code:
            return
        delay = self._not_before - self._devices.clock.seconds()
        self._call = self._devices.clock.callLater(max(delay, 0.0), self._begin_sending)

    def _begin_sending(self) -> None:
        self._call = None
        self._is_sending = True
        self._devices.works.run(self._send()).addBoth(self._have_sent)

    def _have_sent(self, _: object) -> None:
        self._is_sending = False
        self._under_way = None
        self._soon()

    async def _send(self) -> None:
        devices = self._devices
        delay = devices.code_delay(self.subscription.account_id) if self._owes_code else 0.0
        if delay > 0:
            self._not_before = devices.clock.seconds() + delay
            return
        place = await devices.places.acquire(self.subscription.account_id)
        try:
            access = await devices.standing.access(self._grant)
            if self._is_closed:
                return
            if access is None:
                await devices.remove(self, "the access that it was made with has ended")
            elif self._owes_code:
                await self._send_code()
            else:
                await self._send_changes(access)
        except StalwartError as problem:
            devices.telemetry.emit(STORE_ERROR, reason=problem.detail)
            self._not_before = devices.clock.seconds() + _RETRY
        finally:
            devices.places.release(place)

    async def _send_code(self) -> None:
        """RFC 8620 7.2.2."""
        kept, jmap = self.subscription, self._devices.settings.of(Jmap)
        message = {
            "@type": "PushVerification",
            "pushSubscriptionId": encode_id(kept.id),
            "verificationCode": kept.code,
        }
        self._owes_code = False
        delivered = await self._deliver(msgspec.json.encode(message), jmap)
        if not self._is_closed and delivered.outcome is not Outcome.ACCEPTED:
            self._owes_code = self._is_worth_another(delivered, jmap, jmap.push_verify_timeout)

    async def _send_changes(self, access: Access) -> None:
        change, self._pending = self._pending, None
        change = change.seen_by(scopes_of(access)) if change is not None else None
        if change is None:
            return
        self._under_way = change
        jmap = self._devices.settings.of(Jmap)
        most = jmap.max_push_size if self.subscription.keys is None else min(jmap.max_push_size, MOST)
        bodies = [part.body() for part in _parts(change, most)] if change.states else []
        for body in (*bodies, *change.alert_bodies()):
            delivered = await self._deliver(body, jmap)
            if self._is_closed:
                return
            if delivered.outcome is not Outcome.ACCEPTED:
                if self._is_worth_another(delivered, jmap, jmap.push_attempt_wait):
                    self._pending = merged(change, self._pending) if self._pending is not None else change
                return
        self._attempts = 0
        self._not_before = self._devices.clock.seconds() + jmap.push_throttle / 1000

    async def _deliver(self, message: bytes, jmap: Jmap) -> Delivered:
        """Send once; a subscription that is gone is removed."""
        devices, kept = self._devices, self.subscription
        push = Push(kept.url, message, kept.keys)
        delivered = await devices.service.deliver(push, jmap.push_request_timeout / 1000)
        known = {"accountId": kept.account_id, "id": encode_id(kept.id)}
        if delivered.outcome is Outcome.ACCEPTED:
            devices.telemetry.emit(PUSH_SUBSCRIPTION_SUCCESS, **known)
        elif delivered.outcome is Outcome.GONE and not self._is_closed:
            await devices.remove(self, delivered.reason)
        else:
            devices.telemetry.emit(PUSH_SUBSCRIPTION_ERROR, **known, reason=delivered.reason)
        return delivered

    def _is_worth_another(self, delivered: Delivered, jmap: Jmap, wait: int) -> bool:
        """After a failure: whether to try again, and when; ``wait`` in milliseconds."""
        self._attempts += 1
        if delivered.outcome is Outcome.TOO_LARGE or self._attempts >= jmap.push_max_attempts:
            self._attempts = 0
            self._not_before = self._devices.clock.seconds() + jmap.push_throttle / 1000
            return False
        asked = delivered.retry_after if delivered.retry_after is not None else wait / 1000
        self._not_before = self._devices.clock.seconds() + max(asked, jmap.push_retry_wait / 1000)
        return True


def _accounts(tx: Transaction, now: int) -> list[int]:
    return tx.push_subscriptions.accounts(now)


def _parts(change: Change, most: int) -> list[Change]:
    """The event in messages of at most ``most`` octets, each about some of the accounts."""
    if len(change.states) < 2 or len(change.body()) <= most:
        return [change]
    accounts = sorted(change.states)
    half = len(accounts) // 2
    found = []
    for some in (accounts[:half], accounts[half:]):
        part = change.within(some)
        if part is not None:
            found += _parts(part, most)
    return found
