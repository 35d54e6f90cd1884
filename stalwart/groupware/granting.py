"""Giving rights on calendars, address books, files and mailboxes to others, and telling them (RFC 3744 8.1, RFC 9670).

Whatever the protocol, rights are changed here. Nobody gives to others, or to himself, what he has not; what he finds he
may leave or take away. Who has other rights than before gets a notification, in the transaction that changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.sharing import Sharing
from stalwart.config.identity.account import Account
from stalwart.errors import Forbidden, OverQuota
from stalwart.groupware.homes import Home
from stalwart.groupware.principals import account_name
from stalwart.store import Transaction
from stalwart.store.object_types import SHARE_NOTIFICATION

MOST_NOTIFICATIONS: Final = 500
"""Notifications of one account; the oldest make room."""
_TOO_MANY: Final = "It is shared with as many as it may be shared with."


@frozen
class Subject:
    """What rights are on: ``name`` is what its owner calls it, ``held`` are the rights of who changes them."""

    account_id: int
    id: int
    type: int
    name: str
    held: Rights


class TooGenerous(Forbidden):
    """Somebody gives what he has not: ``missing``."""

    def __init__(self, missing: Rights) -> None:
        super().__init__("You cannot give rights that you do not have.")
        self.missing = missing


def beyond(before: Mapping[int, int], after: Mapping[int, int], held: Rights) -> Rights:
    """The rights that somebody who has ``held`` would give without having them."""
    missing = Rights.NONE
    for grantee, rights in after.items():
        missing |= Rights(rights) & ~Rights(before.get(grantee, 0)) & ~held
    return missing


class Granting:
    """Changes rights within the limits of the settings."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def replace(
        self, tx: Transaction, subject: Subject, after: Mapping[int, int], *, user_id: int, now: int
    ) -> Mapping[int, int]:
        """Give rights to these accounts and to nobody else, on what was written before in this transaction; what they
        were. ``user_id`` is who does it, and may (``Rights.SHARE``). Raises TooGenerous, OverQuota.
        """
        before = tx.shares.of_object(subject.account_id, subject.id)
        after = {grantee: int(rights) for grantee, rights in after.items() if rights}
        if before == after:
            return before
        missing = beyond(before, after, subject.held)
        if missing:
            raise TooGenerous(missing)
        if len(after) > max(self._settings.of(Sharing).max_shares, len(before)):
            raise OverQuota(_TOO_MANY)
        tx.shares.replace(subject.account_id, subject.id, after)
        for grantee in sorted(before.keys() | after.keys()):
            rights = before.get(grantee, 0), after.get(grantee, 0)
            if rights[0] != rights[1] and grantee != user_id:
                _notify(tx, subject, grantee, rights, user_id, now)
        return before


def is_within_reach(tx: Transaction, account_id: int, other_id: int) -> bool:
    """Whether accounts can share things: both are there, and in the same tenant."""
    rows = tx.registry.many(Account.type_name, (account_id, other_id))
    tenants = {row.data.get("memberTenantId") for row in rows.values()}
    return len(rows) == len({account_id, other_id}) and len(tenants) == 1


def part_ways(tx: Transaction, account_id: int) -> None:
    """Take back what is shared between an account that is in another tenant now and those that are not; nobody is told,
    and whoever had it sees it no more.
    """
    strangers: dict[int, bool] = {}

    def is_strange(other_id: int) -> bool:
        if other_id not in strangers:
            strangers[other_id] = not is_within_reach(tx, account_id, other_id)
        return strangers[other_id]

    own = [grant for other_id in tx.shares.grantees(account_id) for grant in tx.shares.granted([other_id], account_id)]
    for grant in (*tx.shares.granted([account_id]), *own):
        other_id = grant.account_id if grant.grantee == account_id else grant.grantee
        if is_strange(other_id):
            left = tx.shares.of_object(grant.account_id, grant.object_id)
            left.pop(grant.grantee, None)
            tx.shares.replace(grant.account_id, grant.object_id, left)


def _notify(tx: Transaction, subject: Subject, grantee: int, rights: tuple[int, int], user_id: int, now: int) -> None:
    if tx.accounts.get(grantee) is None:
        return
    excess = tx.objects.count(grantee, SHARE_NOTIFICATION) - MOST_NOTIFICATIONS + 1
    for each in tx.objects.list(grantee, SHARE_NOTIFICATION, limit=excess) if excess > 0 else ():
        tx.objects.kill(grantee, each.id, now=now)
    who = tx.accounts.get(user_id)
    changed_by = {
        "name": account_name(tx, Home(who.id, who.login)) if who is not None else "",
        "email": who.login if who is not None else None,
        "principalId": encode_id(who.id) if who is not None else None,
    }
    data = {
        "created": now,
        "changedBy": changed_by,
        "objectType": subject.type,
        "objectAccountId": subject.account_id,
        "objectId": subject.id,
        "oldRights": rights[0],
        "newRights": rights[1],
        "name": subject.name,
    }
    tx.objects.insert(grantee, SHARE_NOTIFICATION, now=now, data=data)
