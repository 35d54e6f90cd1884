"""Whether the account that a call is about exists, asked inside the transaction (RFC 8620 3.6.2)."""

from __future__ import annotations

from stalwart.jmap.errors import MethodError
from stalwart.store.store import Transaction


def require_account(tx: Transaction, account_id: int, kind: str = "accountNotFound") -> None:
    """Raises ``MethodError`` ``kind`` if the store has no such account: the recovery administrator's is none."""
    if tx.accounts.get(account_id) is None:
        raise MethodError(kind, "There is no such account.")
