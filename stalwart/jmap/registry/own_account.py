"""The account behind the types that are a view of one: x:AppPassword, x:ApiKey, x:AccountSettings, x:AccountPassword,
x:Passkey, x:RecoveryCodes, x:Session.

They work on the user that ``accountId`` names; groups, unknown accounts and those of another tenant have nothing
(settings C.5).
"""

from __future__ import annotations

from typing import Any

from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.errors import NotFound
from stalwart.jmap.registry.handler import Asking
from stalwart.jmap.registry.scoping import reaches
from stalwart.store import Transaction


def find_user(tx: Transaction, asking: Asking) -> registry.Entry | None:
    """The user that a call is about."""
    entry = registry.get(tx, Account, asking.account_id)
    if entry is None or entry.value.tag != "User" or not reaches(tx, asking):
        return None
    return entry


def user(tx: Transaction, asking: Asking) -> Any:
    """Its ``User``. Raises NotFound."""
    entry = find_user(tx, asking)
    if entry is None:
        raise NotFound
    return entry.value
