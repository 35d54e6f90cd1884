"""What every ``x:`` method begins with: whose call it is, and about which account (settings A.2)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.accounts import may_use
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.registry.handler import Asking
from stalwart.jmap.standard.asking import number_of


def asking_of(call: Call, clock: Any, properties: frozenset[str] | None = None) -> Asking:
    """The ``Asking`` of a call. Raises ``MethodError`` ``forbidden`` for the account of somebody else."""
    request = call.request
    return Asking(
        access=request.access,
        account_id=_account(call),
        now=clock.seconds(),
        client_ip=request.client_ip,
        request=request,
        confirmed=call.arguments.get("confirm") is True,
        properties=properties,
    )


def _account(call: Call) -> int:
    given = call.arguments.get("accountId")
    access = call.request.access
    if given is None:
        return access.account_id
    if not isinstance(given, str):
        raise MethodError("invalidArguments", 'The argument "accountId" must be an id.')
    refusal = MethodError("forbidden", f"You are not an owner of account {given[:255]}")
    account_id = number_of(call.request.id_of(given))
    if account_id is None or not may_use(access, account_id):
        raise refusal
    return account_id
