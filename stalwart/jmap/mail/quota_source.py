"""Quotas of an account as the standard methods see them (RFC 9425): worked out from its limits whenever they are asked
for.

What the limits were when somebody last asked is an object of the account, so that its state, which is pushed, changes
with them; the store lets it follow what is used. If the limits are the same, nothing but that has changed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import frozen

from stalwart.config.identity.account import Account
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.standard.asking import Asking, Change, Services
from stalwart.jmap.standard.filters import predicate
from stalwart.jmap.standard.sorting import ordered
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.mail.messages.quota import Quotas
from stalwart.store.object_types import QUOTA
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

OCTETS, EMAILS, MAILBOXES = range(3)
"""The numbers of the quotas of an account."""
_STORED = ("Email", "SieveScript", "FileNode", "CalendarEvent", "ContactCard")

_UID = "limits"


async def with_state(call: Call, services: Services) -> None:
    """Note the limits of the account of ``call`` unless they are noted already; raises as ``account_argument``."""
    account_id, quotas, now = account_argument(call), services["quotas"], int(services["clock"].seconds())

    def noted(tx: Transaction) -> bool:
        limits = tx.objects.by_uid(account_id, QUOTA, _UID)
        return (limits.data if limits is not None else {}) == _fixed(tx, account_id, quotas)

    def note(tx: Transaction) -> None:
        limits, fixed = tx.objects.by_uid(account_id, QUOTA, _UID), _fixed(tx, account_id, quotas)
        if limits is None:
            tx.objects.insert(account_id, QUOTA, now=now, uid=_UID, data=fixed)
        else:
            tx.objects.update(account_id, limits.id, now=now, data=fixed)

    if not await services["store"].read(noted):
        await services["store"].write(note)


def _fixed(tx: Transaction, account_id: int, quotas: Quotas) -> dict[str, Any]:
    """The limits as they are kept; nothing where there is no account."""
    if tx.accounts.get(account_id) is None:
        return {}
    return {str(id): quota for id, quota in _limits(tx, account_id, quotas).items()}


@frozen
class QuotaSource:
    """``Source`` that only reads."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return tx.objects.state(asking.account_id, QUOTA)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        return [(id, quota) for id, quota in _quotas(tx, asking, names) if ids is None or id in ids][:limit]

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        """What is used may have changed in any of the quotas; of anything else that changed, nothing is known."""
        account_id = asking.account_id
        found = tx.objects.changes(account_id, QUOTA, since.number)
        limits = tx.objects.by_uid(account_id, QUOTA, _UID)
        if found is None or since.origin is not None or (limits is not None and limits.seq > since.number):
            return None
        updated = () if since.number == found.new_state else tuple(_limits(tx, account_id, asking.services["quotas"]))
        if len(updated) > limit:
            return None
        return Changes(
            *((), updated, (), since.number, found.new_state), has_more=False, only_counts=bool(updated), origin=0
        )

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        raise NotImplementedError("quotas are set by administrators")

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        raise NotImplementedError("quotas are set by administrators")

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        raise NotImplementedError("quotas are set by administrators")

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        raise NotImplementedError("quotas are set by administrators")

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        return QueryAnswer(window.cut(Listed(_results(tx, asking, query))))

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        changes = self.changes(tx, asking, since, limit)
        if changes is None:
            return None
        results = _results(tx, asking, query)
        moved = changes.updated if "used" in query.names else ()
        added = [(index, id) for index, id in enumerate(results) if id in moved]
        return Difference(moved, added, len(results))


def _quotas(tx: Transaction, asking: Asking, names: Collection[str]) -> Found:
    """Those that the account has, with all properties but ``id``; what is used is counted if it is in ``names``."""
    quotas: Quotas = asking.services["quotas"]
    found = list(_limits(tx, asking.account_id, quotas).items())
    if "used" not in names:
        return found
    return [(id, {**quota, "used": _used(tx, asking.account_id, quotas, id)}) for id, quota in found]


def _limits(tx: Transaction, account_id: int, quotas: Quotas) -> dict[int, dict[str, Any]]:
    """All of them but what is used, which is to be counted."""
    limits = quotas.limits(tx, account_id)
    found = {}
    if limits.octets is not None:
        row, registered = tx.accounts.get(account_id), tx.registry.get(Account.type_name, account_id)
        login = row.login if row is not None else ""
        description = registered.data.get("description") if registered is not None else None
        found[OCTETS] = _quota("octets", limits.octets, login, *_STORED, description=description)
    if limits.emails is not None:
        found[EMAILS] = _quota("count", limits.emails, "Messages", "Email")
    mailboxes = limits.quotas.get("maxMailboxes")
    if mailboxes is not None:
        found[MAILBOXES] = _quota("count", mailboxes, "Folders", "Mailbox")
    return found


def _used(tx: Transaction, account_id: int, quotas: Quotas, id: int) -> int:
    if id == OCTETS:
        return quotas.used(tx, account_id)
    return tx.mail.count(account_id, 0) if id == EMAILS else tx.mail.mailboxes.count(account_id)


def _quota(resource: str, limit: int, name: str, *types: str, description: str | None = None) -> dict[str, Any]:
    return {
        "resourceType": resource,
        "hardLimit": limit,
        "scope": "account",
        "name": name,
        "types": list(types),
        "warnLimit": None,
        "softLimit": None,
        "description": description,
    }


def _results(tx: Transaction, asking: Asking, query: Query) -> list[int]:
    matches = predicate(query.filter, asking.declared.conditions)
    found = _quotas(tx, asking, query.names)
    return [id for id, _ in ordered((row for row in found if matches(row[1])), query.sort)]
