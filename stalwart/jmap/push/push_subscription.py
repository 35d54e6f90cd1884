"""PushSubscription/get and PushSubscription/set (RFC 8620 7.2): devices of whoever asks, not of an account.

A device has one subscription; another one for it takes its place. Nothing is pushed to it before the client has given
back the code that is sent to its URL.
"""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from attrs import define, field

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.settings import Settings
from stalwart.directory.directory import Directory
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.errors import MethodError, SetRefused, set_error
from stalwart.jmap.methods import method
from stalwart.jmap.push.subscription_properties import (
    PROPERTIES,
    SECRET,
    SHOWN,
    end_of,
    keys_of,
    members,
    types_stored,
)
from stalwart.jmap.standard.arguments import GetArguments, SetArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.outcome import StatelessOutcome
from stalwart.jmap.standard.proposals import new_object, proposed, read_changes, read_patch
from stalwart.jmap.standard.setting import require_permissions
from stalwart.net.push_service import url_problem
from stalwart.store import Store, Transaction
from stalwart.store.push_subscriptions import PushSubscription
from stalwart.web.clock import Clock

_CODE_LENGTH = 32
_CODE_LETTERS = string.ascii_letters + string.digits


class Devices(Protocol):
    """Who pushes, as far as subscriptions concern it."""

    def changed(self, account_id: int) -> None:
        """Subscriptions of an account have changed."""


@method("PushSubscription/get", capability=CORE, needs="jmapPushSubscriptionGet")
async def get(call: Call, *, store: Store, clock: Clock) -> dict[str, Any]:
    """Without accountId and state (RFC 8620 7.2.1)."""
    account_id = call.request.access.account_id
    arguments = GetArguments.read(call)
    names = _names(arguments.properties)
    now = int(clock.seconds())
    found = await store.read(lambda tx: tx.push_subscriptions.of_account(account_id, now))
    there = {encode_id(each.id): members(each) for each in found}
    ids = list(there) if arguments.ids is None else list(dict.fromkeys(arguments.ids))
    return {
        "list": [{"id": id, **{name: there[id][name] for name in names}} for id in ids if id in there],
        "notFound": [id for id in ids if id not in there],
    }


@method("PushSubscription/set", capability=CORE)
async def set_(
    call: Call,
    *,
    store: Store,
    settings: Settings,
    directory: Directory,
    push_devices: Devices,
    push_addresses: Callable[[str], bool],
    clock: Clock,
) -> dict[str, Any]:
    """Without accountId and states (RFC 8620 7.2.2); push services may have the addresses that ``push_addresses`` lets
    them have.
    """
    arguments = SetArguments.read(call)
    access = call.request.access
    _require_permissions(call, arguments)
    grant = await directory.standing.grant(access)
    most = settings.of(Jmap).max_subscriptions
    now = int(clock.seconds())

    def work(tx: Transaction) -> StatelessOutcome:
        return _Work(tx, call, arguments, now, most, push_addresses, msgspec.to_builtins(grant)).run()

    outcome = await store.write(work)
    call.request.created_ids.update(outcome.created_ids)
    if outcome.has_changed:
        push_devices.changed(access.account_id)
    return outcome.wire()


def _names(asked: list[str] | None) -> list[str]:
    if asked is None:
        return list(SHOWN)
    names = [name for name in dict.fromkeys(asked) if name != "id"]
    for name in names:
        if name in SECRET:
            raise MethodError("forbidden", f'The property "{name}" is told nobody.')
        if name not in PROPERTIES:
            raise MethodError("invalidArguments", f'PushSubscription has no property "{name[:255]}".')
    return names


def _require_permissions(call: Call, arguments: SetArguments) -> None:
    access = call.request.access
    require_permissions(access, arguments, "jmapPushSubscription{}".format)
    if arguments.create and access.kind == "recovery":
        raise MethodError("forbidden", "The recovery administrator has no mail to be told of.")


@define
class _Work:
    """One run of the transaction's function."""

    tx: Transaction
    call: Call
    arguments: SetArguments
    now: int
    most: int | None
    allow: Callable[[str], bool]
    holder: Any
    outcome: StatelessOutcome = field(factory=StatelessOutcome)

    @property
    def account_id(self) -> int:
        """Whose subscriptions they are."""
        return self.call.request.access.account_id

    def run(self) -> StatelessOutcome:
        """All changes, each by itself."""
        outcome = self.outcome
        self.tx.push_subscriptions.purge(self.now)
        for creation_id, given in self.arguments.create.items():
            try:
                outcome.created[creation_id] = self._create(given)
            except StalwartError as problem:
                outcome.not_created[creation_id] = set_error(problem)
        doomed = {self._id(key) for key in self.arguments.destroy}
        for key, patch in self.arguments.update.items():
            try:
                id = self._id(key)
                if id in doomed:
                    raise SetRefused("willDestroy", "The same call destroys this object.")
                outcome.updated[id] = self._update(id, patch)
            except StalwartError as problem:
                outcome.not_updated[key] = set_error(problem)
        for key in self.arguments.destroy:
            id = self._id(key)
            number = number_of(id)
            if number is not None and self.tx.push_subscriptions.delete(self.account_id, number):
                outcome.destroyed.append(id)
            elif id not in outcome.destroyed:
                outcome.not_destroyed[key] = set_error(NotFound())
        return outcome

    def _create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        new = new_object(given, PROPERTIES)
        if new["verificationCode"] is not None:
            text = "The code is sent to the URL; it is given back in an update."
            raise SetRefused("invalidProperties", text, ("verificationCode",))
        problem = url_problem(new["url"], self.allow)
        if problem is not None:
            raise SetRefused("invalidProperties", f"The URL {problem}.", ("url",))
        keys, ends_at = keys_of(new["keys"]), end_of(new["expires"], self.now)
        device = new["deviceClientId"]
        others = [each for each in self._own() if each.device != device]
        if self.most is not None and len(others) >= self.most:
            raise SetRefused("overQuota", f"An account has at most {self.most} push subscriptions.")
        made = self.tx.push_subscriptions.insert(
            self.account_id,
            device,
            new["url"],
            keys=keys,
            code="".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH)),
            now=self.now,
            expires_at=ends_at,
            types=types_stored(new["types"]),
            holder=self.holder,
        )
        shown = members(made)
        told = {name: shown[name] for name in ("expires", "verificationCode", "types")}
        return {"id": encode_id(made.id), "keys": None, **told}

    def _update(self, id: str, patch: Mapping[str, Any]) -> dict[str, Any] | None:
        number = number_of(id)
        found = None if number is None else self.tx.push_subscriptions.get(self.account_id, number, self.now)
        if found is None:
            raise NotFound
        old = {"id": id, **members(found)}
        wanted = proposed(old, read_patch(patch, PROPERTIES, self.call.request), PROPERTIES)
        new = read_changes(old, wanted, PROPERTIES)
        ends_at = found.expires_at if new["expires"] == old["expires"] else end_of(new["expires"], self.now)
        is_proved = _proves(found, new["verificationCode"]) or found.verified
        changed = msgspec.structs.replace(
            found,
            verified=is_proved,
            expires_at=ends_at,
            types=types_stored(new["types"]),
        )
        self.tx.push_subscriptions.update(changed)
        shown = members(changed)
        differing = {name: shown[name] for name in ("expires", "types") if shown[name] != wanted[name]}
        return differing or None

    def _own(self) -> list[PushSubscription]:
        return self.tx.push_subscriptions.of_account(self.account_id, self.now)

    def _id(self, key: str) -> str:
        if not key.startswith("#"):
            return key
        made = self.outcome.created.get(key[1:])
        return str(made["id"]) if made is not None else self.call.request.created_ids.get(key[1:], key)


def _proves(subscription: PushSubscription, code: str | None) -> bool:
    """Whether the client has got what was sent to its URL."""
    if code is None:
        return False
    if not hmac.compare_digest(code.encode(), subscription.code.encode()):
        raise SetRefused("invalidProperties", "This is not the code that was sent.", ("verificationCode",))
    return True
