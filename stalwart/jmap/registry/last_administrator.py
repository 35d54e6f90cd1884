"""Nobody takes the last administrator away by mistake, himself least of all (decision 11).

An administrator is a user outside all tenants who may sign in and change accounts. Asked is only what a change takes
away; who confirms, and the recovery administrator, who stays whatever happens, are not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.config.identity.account import Account
from stalwart.config.identity.authentication import Authentication
from stalwart.directory.credentials import is_allowed_from
from stalwart.directory.identity import credential_of, find_by_id, networks_of
from stalwart.jmap.registry.handler import Asking, unconfirmed
from stalwart.store import Transaction

NEEDED = frozenset(("authenticate", "sysAccountUpdate"))
LAST = "This is the last account that may administer the server."
SHUT_OUT = "You could not sign in again from your own address."
_PAGE = 500


def is_administrator(tx: Transaction, account_id: int, authentication: Authentication) -> bool:
    """Whether the account, as it is stored now, may sign in and change accounts of the whole server."""
    identity = find_by_id(tx, account_id, authentication)
    return (
        identity is not None
        and identity.may_sign_in
        and identity.permissions >= NEEDED
        and identity.account.member_tenant_id is None
    )


def check_somebody_left(tx: Transaction, asking: Asking, authentication: Authentication) -> None:
    """Raises ``SetRefused`` if no administrator is left in what ``tx`` has written. For changes that take one away."""
    if asking.confirmed or asking.access.kind == "recovery":
        return
    after = -1
    while rows := tx.registry.list(Account.type_name, after, _PAGE):
        for row in rows:
            if not _is_ordinary(row.data) and is_administrator(tx, row.id, authentication):
                return
        after = rows[-1].id
    raise unconfirmed("forbidden", LAST)


def check_own_way_in(tx: Transaction, asking: Asking, account_id: int, authentication: Authentication) -> None:
    """Raises ``SetRefused`` if who asks has just shut himself out of his own account."""
    if asking.confirmed or asking.access.kind == "recovery" or account_id != asking.access.account_id:
        return
    password = credential_of(find_by_id(tx, account_id, authentication), "Password")
    if password is not None and not is_allowed_from(asking.client_ip, networks_of(password)):
        raise unconfirmed("forbidden", SHUT_OUT, ("credentials",))


def has_more(account: Any) -> bool:
    """Whether an account has anything beyond what everybody of its kind has."""
    return account.tag == "User" and not _is_ordinary(account.to_stored())


def _is_ordinary(data: Mapping[str, Any]) -> bool:
    """Whether a stored account has what everybody of its kind has: seen without making anything of it."""
    roles, permissions = data.get("roles") or {}, data.get("permissions") or {}
    plain = roles.get("@type", "User") in ("User", "Default")
    return data.get("@type") != "User" or (plain and permissions.get("@type", "Inherit") == "Inherit")
