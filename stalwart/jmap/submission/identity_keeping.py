"""Identities in step with the addresses of an account (jmap.md 11): one is made for each address, and goes with it.

Which addresses there were when somebody last looked is an object of its own, so that an identity that was destroyed
does not come back. Identities that clients made go as well when the account may not send from their address any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stalwart.config.collaboration.email import Email
from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.standard.asking import Services
from stalwart.jmap.submission.addresses import path_of
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.store.object_types import IDENTITY, IDENTITY_ADDRESSES
from stalwart.store.rows import Object
from stalwart.store.store import Transaction

_UID: Final = "addresses"
_QUOTA: Final = "maxEmailIdentities"
_ALL: Final = (1 << 63) - 1


async def keep_identities(call: Call, services: Services) -> None:
    """Bring the identities of the account of ``call`` into step, if they are not; raises as ``account_argument``."""
    account_id, now = account_argument(call), int(services["clock"].seconds())
    own, settings = services["own_addresses"], services["settings"]
    if not await services["store"].read(lambda tx: _is_in_step(tx, account_id, own)):
        await services["store"].write(lambda tx: bring_into_step(tx, account_id, own, settings, now))


def most_identities(tx: Transaction, account_id: int, settings: Settings) -> int:
    """How many an account may have."""
    row = tx.registry.get(Account.type_name, account_id)
    quota: int | None = (row.data.get("quotas") or {}).get(_QUOTA) if row is not None else None
    most = settings.of(Email).max_identities if quota is None else quota
    return _ALL if most is None else most


def bring_into_step(tx: Transaction, account_id: int, own: OwnAddresses, settings: Settings, now: int) -> None:
    """Make and remove identities, in a write transaction."""
    listed, known = own.listed(tx, account_id), _known(tx, account_id)
    if not listed or _is_in_step(tx, account_id, own):
        return
    there = tx.objects.list(account_id, IDENTITY)
    lost = {each.id for each in _lost(tx, account_id, own, there)}
    for id in lost:
        tx.objects.kill(account_id, id, now=now)
    kept = [each for each in there if each.id not in lost]
    named = {_email(each).lower() for each in kept}
    former = frozenset(known.data["addresses"] if known is not None and known.data else ())
    wanted = [address for address in listed if address not in former and address not in named]
    room = most_identities(tx, account_id, settings) - len(kept)
    for address in wanted[: max(room, 0)]:
        tx.objects.insert(account_id, IDENTITY, now=now, data=_identity(tx, account_id, address))
    data = {"addresses": list(listed)}
    if known is None:
        tx.objects.insert(account_id, IDENTITY_ADDRESSES, now=now, uid=_UID, data=data)
    elif known.data != data:
        tx.objects.update(account_id, known.id, now=now, data=data)


def _is_in_step(tx: Transaction, account_id: int, own: OwnAddresses) -> bool:
    """Also where there is nobody to keep in step with."""
    listed, known = own.listed(tx, account_id), _known(tx, account_id)
    if not listed:
        return True
    if known is None or known.data is None or known.data["addresses"] != list(listed):
        return False
    others = [each for each in tx.objects.list(account_id, IDENTITY) if _email(each).lower() not in listed]
    return not _lost(tx, account_id, own, others)


def _known(tx: Transaction, account_id: int) -> Object | None:
    return tx.objects.by_uid(account_id, IDENTITY_ADDRESSES, _UID)


def _lost(tx: Transaction, account_id: int, own: OwnAddresses, identities: Iterable[Object]) -> list[Object]:
    """Those whose address the account does not have any more."""
    found = []
    accounts = own.with_groups(tx, account_id)
    for each in identities:
        path = path_of(_email(each))
        if path is None or not own.may_send_as(tx, accounts, path):
            found.append(each)
    return found


def _email(identity: Object) -> str:
    return str((identity.data or {}).get("email", ""))


def _identity(tx: Transaction, account_id: int, address: str) -> dict[str, Any]:
    row = tx.registry.get(Account.type_name, account_id)
    data = row.data if row is not None else {}
    return {
        "name": data.get("description") or data.get("name") or "",
        "email": address,
        "replyTo": None,
        "bcc": None,
        "textSignature": "",
        "htmlSignature": "",
    }
