"""Identities in step with the addresses of an account (jmap.md 11).

Those that clients made go as well when the account may not send from their address any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stalwart.config.collaboration.email import Email
from stalwart.jmap.standard.address_keeping import AddressKeeping
from stalwart.jmap.submission.addresses import path_of
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.store.object_types import IDENTITY, IDENTITY_ADDRESSES
from stalwart.store.rows import Object
from stalwart.store.store import Transaction


def _lost(tx: Transaction, account_id: int, own: OwnAddresses, identities: Sequence[Object]) -> list[Object]:
    found = []
    accounts = own.with_groups(tx, account_id)
    for each in identities:
        path = path_of(_email(each))
        if path is None or not own.may_send_as(tx, accounts, path):
            found.append(each)
    return found


def _email(identity: Object) -> str:
    return str((identity.data or {}).get("email", ""))


def _identity(account: Mapping[str, Any], address: str) -> dict[str, Any]:
    return {
        "name": account.get("description") or account.get("name") or "",
        "email": address,
        "replyTo": None,
        "bcc": None,
        "textSignature": "",
        "htmlSignature": "",
    }


IDENTITIES: Final = AddressKeeping(
    type=IDENTITY,
    known_type=IDENTITY_ADDRESSES,
    uid="addresses",
    quota="maxEmailIdentities",
    most=lambda settings: settings.of(Email).max_identities,
    address_of=lambda identity: _email(identity).lower(),
    make=_identity,
    lost=_lost,
)
