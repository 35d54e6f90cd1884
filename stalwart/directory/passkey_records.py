"""Passkeys as they are stored: the public keys of authenticators that people have enrolled (WebAuthn 3 4, credential
record).

Proving one is ``provider.passkeys``' business; here is what the check of a password has to know too.
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from attrs import evolve, frozen

from stalwart.errors import OverQuota
from stalwart.store.rows import Factor
from stalwart.store.store import Transaction

KIND = "passkey"
NUMBER = 10
"""How many an account can have."""

_ID_BITS = 40


class Details(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What is known of a passkey. ``id`` is its number in the account, there before it is enrolled.

    ``public_key`` is a COSE key and ``user_handle`` what the authenticator calls the account, both in base64url.
    ``backed_up``: the authenticator has it in more than one place. ``required``: a password alone is not enough for the
    account. ``used_at`` is in seconds since the epoch.
    """

    id: int
    description: str
    user_handle: str
    required: bool = False
    public_key: str = ""
    sign_count: int = 0
    transports: tuple[str, ...] = ()
    aaguid: str = ""
    backed_up: bool = False
    used_at: int | None = None


@frozen
class Passkey:
    """A row: ``credential`` is the id that the authenticator gave it, in base64url."""

    account_id: int
    row_id: int
    credential: str
    created_at: int
    details: Details


def fresh_id() -> int:
    """A number for a passkey that is to be enrolled."""
    return secrets.randbits(_ID_BITS)


def of_account(tx: Transaction, account_id: int) -> list[Passkey]:
    """Those of an account, the oldest first."""
    return [_passkey(row) for row in tx.factors.of_account(account_id, KIND)]


def find(tx: Transaction, credential: str) -> Passkey | None:
    """Whose passkey it is."""
    row = tx.factors.find(KIND, credential)
    return _passkey(row) if row is not None else None


def insert(tx: Transaction, account_id: int, credential: str, details: Details, now: float) -> Passkey:
    """Add one. Raises OverQuota, and Conflict with ``property`` ``key`` if it is enrolled already."""
    check_number(tx, account_id)
    return _passkey(tx.factors.insert(account_id, KIND, credential, msgspec.to_builtins(details), now=int(now)))


def check_number(tx: Transaction, account_id: int) -> None:
    """Raises OverQuota if the account has as many as it can have."""
    if len(tx.factors.of_account(account_id, KIND)) >= NUMBER:
        raise OverQuota(f"An account can have at most {NUMBER} passkeys. Remove one first.")


def change(tx: Transaction, passkey: Passkey, **changes: Any) -> Passkey:
    """Replace some of the details."""
    details = msgspec.structs.replace(passkey.details, **changes)
    tx.factors.update(passkey.account_id, passkey.row_id, msgspec.to_builtins(details))
    return evolve(passkey, details=details)


def remove(tx: Transaction, passkey: Passkey) -> None:
    """Take one away."""
    tx.factors.delete(passkey.account_id, passkey.row_id)


def forget_all(tx: Transaction, account_id: int) -> None:
    """Take all of an account away."""
    tx.factors.delete_of_account(account_id, KIND)


def wanted_with_password(tx: Transaction, account_id: int) -> bool:
    """Whether the password of the account is not enough by itself because of a passkey."""
    return any(passkey.details.required for passkey in of_account(tx, account_id))


def _passkey(row: Factor) -> Passkey:
    return Passkey(row.account_id, row.id, row.key, row.created_at, msgspec.convert(row.data, Details))
