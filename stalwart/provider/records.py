"""What is kept of a sign-in: with a code until it is redeemed, then with the row of the store.

A record is a JSON object: ``account``, ``presenter`` and ``login`` say whose account, ``client``, its ``kind`` and
``clientName``, ``scope``, ``resources``, ``nonce`` and ``jkt`` (RFC 9449 6.1) what for, ``methods``, ``authTime``,
``ip`` and ``agent`` how. ``recovery`` marks the secret of the recovery administrator, whose sign-ins end when it
changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.provider.grants import Client, SignedIn
from stalwart.store import SignIn, Transaction

Record = dict[str, Any]
PENDING = "pending"
"""A sign-in with this member has no tokens yet."""

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
        "kind": client.kind,
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


def announce_sign_in(tx: Transaction, record: Mapping[str, Any], now: int, ends: int) -> SignIn:
    """The row that tokens will refer to, while nothing but a code leads there.

    It is there from the first, so that whatever ends the sign-ins of an account or a client voids its codes too.
    """
    kept = {name: value for name, value in record.items() if name not in _OF_THE_CODE}
    return tx.sign_ins.insert(
        record["account"],
        record["client"],
        {**kept, PENDING: True},
        now=now,
        expires_at=ends,
        presenter_id=record.get("presenter"),
    )


def begin_sign_in(tx: Transaction, id: int, now: int, lifetime: int, thumbprint: str | None) -> SignIn | None:
    """The announced sign-in, begun; ``thumbprint`` binds it to a key. None: it was ended meanwhile."""
    announced = tx.sign_ins.get(id, now)
    if announced is None or not announced.data.get(PENDING):
        return None
    data = {name: value for name, value in announced.data.items() if name != PENDING}
    if thumbprint is not None:
        data["jkt"] = thumbprint
    tx.sign_ins.update(id, used_at=now, expires_at=now + lifetime, data=data)
    return tx.sign_ins.get(id, now)
