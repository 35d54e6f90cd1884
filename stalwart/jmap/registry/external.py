"""Accounts whose passwords are kept elsewhere cannot change them here (settings A.8)."""

from __future__ import annotations

from typing import Any

from stalwart.config.identity.authentication import Authentication
from stalwart.config.settings import Settings
from stalwart.errors import Forbidden
from stalwart.store import Transaction

KEPT_ELSEWHERE = "The credentials of this account are kept in an external directory."


def check_internal(tx: Transaction, settings: Settings, account: Any, memo: dict[Any, Any]) -> None:
    """Raises Forbidden if the domain of ``account`` has an external directory; ``memo`` remembers domains."""
    if settings.of(Authentication).directory_id is not None:
        raise Forbidden(KEPT_ELSEWHERE)
    key = ("external", account.domain_id)
    if key not in memo:
        row = tx.registry.get("Domain", account.domain_id)
        memo[key] = row is not None and row.data.get("directoryId") is not None
    if memo[key]:
        raise Forbidden(KEPT_ELSEWHERE)
