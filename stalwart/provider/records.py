"""What is kept of a sign-in: with a code until it is redeemed, then with the row of the store.

A record is a JSON object: ``account``, ``presenter`` and ``login`` say whose account, ``client``, ``clientName``,
``scope``, ``resources``, ``nonce`` and ``jkt`` (RFC 9449 6.1) what for, ``methods``, ``authTime``, ``ip`` and ``agent``
how. ``recovery`` marks the secret of the recovery administrator, whose sign-ins end when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.provider.grants import Client, SignedIn
from stalwart.store import SignIn, Transaction

Record = dict[str, Any]
_OF_THE_CODE = ("account", "presenter", "client", "nonce")
_LONGEST_AGENT = 200


def record_of(
    client: Client,
    signed_in: SignedIn,
    *,
    scope: Sequence[str],
    recovery_mark: str,
    resources: Sequence[str] = (),
    nonce: str | None = None,
    thumbprint: str | None = None,
) -> Record:
    """The record of ``signed_in`` for ``client``."""
    access = signed_in.access
    record: Record = {
        "account": access.account_id,
        "login": access.login,
        "client": client.id,
        "scope": list(scope),
        "methods": list(signed_in.methods),
        "authTime": signed_in.at,
        "ip": signed_in.client_ip,
        "agent": signed_in.user_agent[:_LONGEST_AGENT],
    }
    optional = {
        "presenter": access.presenter_id,
        "clientName": client.name,
        "resources": list(resources) or None,
        "nonce": nonce,
        "jkt": thumbprint,
        "recovery": recovery_mark if RECOVERY_ACCOUNT in (access.account_id, access.presenter_id) else None,
    }
    return record | {name: value for name, value in optional.items() if value is not None}


def begin_sign_in(tx: Transaction, record: Mapping[str, Any], now: int, lifetime: int) -> SignIn:
    """The row that tokens refer to."""
    kept = {name: value for name, value in record.items() if name not in _OF_THE_CODE}
    return tx.sign_ins.insert(
        record["account"],
        record["client"],
        kept,
        now=now,
        expires_at=now + lifetime,
        presenter_id=record.get("presenter"),
    )
