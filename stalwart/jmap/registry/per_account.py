"""How many objects of a type an account may have (settings C.5, Account ``quotas``, and the settings' own limits)."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.config import index
from stalwart.errors import OverQuota
from stalwart.schema import Declaration
from stalwart.store import Transaction


def check_number(tx: Transaction, declaration: Declaration, account_id: int, quota: str, limit: int | None) -> None:
    """Refuse the object that has just been written if the account has too many now.

    ``limit`` holds for accounts without ``quota`` among their own quotas; None is no limit. Raises OverQuota.
    """
    row = tx.registry.get("Account", account_id)
    own: int | None = (row.data.get("quotas") or {}).get(quota) if row is not None else None
    most = limit if own is None else own
    if most is None:
        return
    terms = index.term(declaration, declaration.owner or "accountId", "=", encode_id(account_id))
    if tx.registry.count_matching(declaration.type_name, terms) > most:
        raise OverQuota(f"An account can have at most {most} objects of this type.")
