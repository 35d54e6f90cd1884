"""Whether the account that a call is about exists, asked inside the transaction (RFC 8620 3.6.2)."""

from __future__ import annotations

from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.jmap.errors import MethodError
from stalwart.store.store import Transaction


def require_account(tx: Transaction, account_id: int, kind: str = "accountNotFound") -> None:
    """Raises ``MethodError`` ``kind`` if the store has no such account.

    That of the recovery administrator stands in his session and holds no data (``accountNotSupportedByMethod``).
    """
    if tx.accounts.name(account_id) is not None:
        return
    if account_id == RECOVERY_ACCOUNT:
        kind = kind.replace("NotFound", "NotSupportedByMethod")
        raise MethodError(kind, "The account of the recovery administrator holds no such data.")
    raise MethodError(kind, "There is no such account.")


def state_of(tx: Transaction, account_id: int, type: int, kind: str = "accountNotFound") -> int:
    """The number of the last change to a type in an account that must be there; one that has changes is.

    Raises ``MethodError`` ``kind`` if the store has no such account.
    """
    number = tx.objects.state(account_id, type)
    if not number:
        require_account(tx, account_id, kind)
    return number
