"""Quotas of an account as the standard methods see them (RFC 9425): worked out from its limits whenever they are asked
for.

There is no log of them. The state is a digest of what they show, in two halves: if only the second one differs, what
is used has changed and nothing else has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2s
from typing import Any

import msgspec
from attrs import frozen

from stalwart.config.identity.account import Account
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.filters import predicate
from stalwart.jmap.standard.sorting import ordered
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.mail.messages.quota import Quotas
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

OCTETS, EMAILS, MAILBOXES = range(3)
"""The numbers of the quotas of an account."""

_HALF = 31


@frozen
class QuotaSource:
    """``Source`` that only reads."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return _state(_quotas(tx, asking))

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        return [(id, quota) for id, quota in _quotas(tx, asking) if ids is None or id in ids][:limit]

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        """What is used may have changed in any of the quotas; of anything else that changed, nothing is known."""
        quotas = _quotas(tx, asking)
        current = _state(quotas)
        if since.number >> _HALF != current >> _HALF:
            return None
        updated = () if since.number == current else tuple(id for id, _ in quotas)
        if len(updated) > limit:
            return None
        return Changes((), updated, (), since.number, current, has_more=False, only_counts=bool(updated), origin=0)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        raise NotImplementedError("quotas are set by administrators")

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        raise NotImplementedError("quotas are set by administrators")

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        raise NotImplementedError("quotas are set by administrators")

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        raise NotImplementedError("quotas are set by administrators")

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        return QueryAnswer(window.cut(Listed(_results(_quotas(tx, asking), asking, query))))

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        changes = self.changes(tx, asking, since, limit)
        if changes is None:
            return None
        results = _results(_quotas(tx, asking), asking, query)
        moved = changes.updated if "used" in query.names else ()
        added = [(index, id) for index, id in enumerate(results) if id in moved]
        return Difference(moved, added, len(results))


def _quotas(tx: Transaction, asking: Asking) -> Found:
    """Those that the account has, all properties but ``id``."""
    account_id = asking.account_id
    quotas: Quotas = asking.services["quotas"]
    limits = quotas.limits(tx, account_id)
    found: Found = []
    if limits.octets is not None:
        row, registered = tx.accounts.get(account_id), tx.registry.get(Account.type_name, account_id)
        login = row.login if row is not None else ""
        description = registered.data.get("description") if registered is not None else None
        found.append(
            (OCTETS, _quota("octets", quotas.used(tx, account_id), limits.octets, login, "Email", description))
        )
    if limits.emails is not None:
        used = tx.mail.count(account_id, 0)
        found.append((EMAILS, _quota("count", used, limits.emails, "Messages", "Email")))
    mailboxes = limits.quotas.get("maxMailboxes")
    if mailboxes is not None:
        found.append((MAILBOXES, _quota("count", tx.mail.mailboxes.count(account_id), mailboxes, "Folders", "Mailbox")))
    return found


def _quota(resource: str, used: int, limit: int, name: str, type: str, description: str | None = None) -> Any:
    return {
        "resourceType": resource,
        "used": used,
        "hardLimit": limit,
        "scope": "account",
        "name": name,
        "types": [type],
        "warnLimit": None,
        "softLimit": None,
        "description": description,
    }


def _results(quotas: Found, asking: Asking, query: Query) -> list[int]:
    matches = predicate(query.filter, asking.declared.conditions)
    return [id for id, _ in ordered((row for row in quotas if matches(row[1])), query.sort)]


def _state(quotas: Sequence[tuple[int, dict[str, Any]]]) -> int:
    """0 where there are none."""
    if not quotas:
        return 0
    fixed = [(id, {name: value for name, value in quota.items() if name != "used"}) for id, quota in quotas]
    return _digest(fixed) << _HALF | _digest([quota["used"] for _, quota in quotas])


def _digest(value: Any) -> int:
    digest = blake2s(msgspec.json.encode(value), digest_size=4).digest()
    return int.from_bytes(digest) >> 1 | 1
